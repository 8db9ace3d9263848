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
    if isMatroska {
      // By itself the muxer would move all streams by the priming, that of Opus twice.
      set("avoid_negative_ts", "disabled")
    }
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

  /// Before the header is written: Matroska tells the priming of Opus alone and knows no time below 0, so that of other codecs
  /// moves pictures and sound alike.
  func delay(for parameters: AVCodecParameters) {
    guard isMatroska, parameters.codec_id != AV_CODEC_ID_OPUS, parameters.sample_rate > 0 else { return }
    let rate = Int64(parameters.sample_rate)
    let milliseconds = (Int64(parameters.initial_padding) * 1000 + rate / 2) / rate
    context.pointee.output_ts_offset += milliseconds * (sluice_av_time_base() / 1000)
  }

  /// Times of a packet of sound, in ticks of its stream.
  func adjust(_ packet: UnsafeMutablePointer<AVPacket>, of parameters: AVCodecParameters) {
    // Vorbis primes by an amount that is known only with its first packet, of which nothing is heard.
    guard isMatroska, parameters.codec_id == AV_CODEC_ID_VORBIS else { return }
    packet.pointee.pts = max(packet.pointee.pts, 0)
    packet.pointee.dts = max(packet.pointee.dts, 0)
  }

  private var isMatroska: Bool { name == "matroska" || name == "webm" }
}
