import AVBinding
import FrameModel

/// What muxers must be told of sound, so that its first sample and the first picture are shown at time 0, what an
/// encoder puts before and behind it is not heard, and long files are whole. A file of pictures alone is not touched. A value.
struct ContainerSound {
  private let name: String
  /// Milliseconds that packets of sound are written later; players know.
  private var delay: Int64 = 0
  /// Vorbis primes by an amount that is known only with its first packet, of which nothing is heard.
  private var startsAtZero = false

  /// - Parameter name: the muxer's.
  init(_ name: String) { self.name = name }

  /// Before the user's options, which may say otherwise.
  func prepare(_ muxer: Muxer, for sound: SoundSettings, isSeekable: Bool) {
    // By itself the muxer would move all streams by the priming.
    if isMatroska { muxer.set("avoid_negative_ts", "disabled") }
    switch name {
    case "mp4", "mov", "ipod", "3gp", "3g2", "f4v":
      // Edit lists count ticks of the movie: milliseconds would cut sound off too early or too late.
      muxer.set("movie_timescale", "\(sound.sampleRate)")
      if sound.codec == "flac" { muxer.set("strict", "experimental") }
    case "wav":
      // Beyond 4 GiB the header has other sizes; their place is kept free. That of a pipe has none.
      if isSeekable { muxer.set("rf64", "auto") }
    default: break
    }
  }

  /// Before the stream is added. Matroska knows no time below 0, so its packets of sound come later by the priming. That of
  /// Opus it tells, and players take it off again; with other codecs the pictures come as much later.
  mutating func describe(_ parameters: CodecParameters, to muxer: Muxer) {
    guard isMatroska, parameters.sampleRate > 0 else { return }
    startsAtZero = parameters.codec == "vorbis"
    let rate = Int64(parameters.sampleRate), padding = Int64(parameters.initialPadding)
    let milliseconds = (padding * 1000 + rate / 2) / rate
    if parameters.codec == "opus" {
      delay = milliseconds
      parameters.initialPadding = Int(padding * 48000 / rate)  // Matroska's are always of 48 kHz
    } else {
      muxer.delay(milliseconds: milliseconds)
    }
  }

  /// Times of a packet of sound, in ticks of its stream.
  func adjust(_ packet: PacketBox, of stream: Int, _ muxer: Muxer) {
    guard isMatroska else { return }
    let ticks = muxer.ticks(milliseconds: delay, of: stream)
    let first = startsAtZero ? 0 : Int64.min
    packet.pts = packet.pts.map { max($0 + ticks, first) }
    packet.dts = packet.dts.map { max($0 + ticks, first) }
  }

  private var isMatroska: Bool { name == "matroska" || name == "webm" }
}
