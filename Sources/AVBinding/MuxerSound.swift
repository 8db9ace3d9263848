import CAVCodec
import CAVFormat
import CAVUtil
import CSluice
import FrameModel

// What libavformat's muxers must be told of sound, so that its first sample and the first picture are shown at time 0, what an
// encoder puts before and behind it is not heard, and long files are whole. A file of pictures alone is not touched.
extension Muxer {
  /// Before the user's options, which may say otherwise.
  func prepare(for sound: SoundSettings) {
    func set(_ name: String, _ value: String) { av_opt_set(context, name, value, AV_OPT_SEARCH_CHILDREN) }
    // By itself the muxer would move all streams by the priming.
    if isMatroska { set("avoid_negative_ts", "disabled") }
    switch name {
    case "mp4", "mov", "ipod", "3gp", "3g2", "f4v":
      // Edit lists count ticks of the movie: milliseconds would cut sound off too early or too late.
      set("movie_timescale", "\(sound.sampleRate)")
      if sound.codec == "flac" { set("strict", "experimental") }
    case "wav":
      // Beyond 4 GiB the header has other sizes; their place is kept free. That of a pipe has none.
      if output.isSeekable { set("rf64", "auto") }
    default: break
    }
  }

  /// Before the header is written. Matroska knows no time below 0, so its packets of sound come later by the priming. That of
  /// Opus it tells, and players take it off again; with other codecs the pictures come as much later.
  func delay(for stream: UnsafeMutablePointer<AVCodecParameters>) {
    guard isMatroska, stream.pointee.sample_rate > 0 else { return }
    let rate = Int64(stream.pointee.sample_rate), padding = Int64(stream.pointee.initial_padding)
    let milliseconds = (padding * 1000 + rate / 2) / rate
    if stream.pointee.codec_id == AV_CODEC_ID_OPUS {
      soundDelay = milliseconds
      stream.pointee.initial_padding = Int32(padding * 48000 / rate)  // Matroska's are always of 48 kHz
    } else {
      context.pointee.output_ts_offset += milliseconds * (sluice_av_time_base() / 1000)
    }
  }

  /// Times of a packet of sound, in ticks of its stream.
  func adjust(_ packet: UnsafeMutablePointer<AVPacket>, of stream: UnsafeMutablePointer<AVStream>) {
    guard isMatroska else { return }
    let delay = av_rescale_q(soundDelay, AVRational(num: 1, den: 1000), stream.pointee.time_base)
    packet.pointee.pts += delay
    packet.pointee.dts += delay
    // Vorbis primes by an amount that is known only with its first packet, of which nothing is heard.
    guard stream.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_VORBIS else { return }
    packet.pointee.pts = max(packet.pointee.pts, 0)
    packet.pointee.dts = max(packet.pointee.dts, 0)
  }

  private var isMatroska: Bool { name == "matroska" || name == "webm" }
}
