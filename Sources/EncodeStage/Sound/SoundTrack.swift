import AVBinding
import FrameModel
import SluiceBase

/// The sound of an output: blocks through an encoder into a stream of a container, or into a segment file. For one thread.
final class SoundTrack {
  private let settings: SoundSettings
  private let encoder: SoundEncoder
  private let sink: any PacketSink
  private(set) var frames: Int64 = 0
  private var next: Int64 = 0
  private var isWhole = true

  /// Starts the encoder and describes its stream. `segment` takes the packets in place of the container, which then decides only
  /// how the encoder is opened.
  init(_ settings: SoundSettings, container: OutputContainer, segment: SegmentWriter? = nil) throws(SluiceError) {
    let codec = try EncoderCodec.find(settings.codec, for: .sound)
    try container.check(codec, encoder: settings.codec, isSound: true)
    let muxer = container.muxer
    encoder = try SoundEncoder(codec, settings: settings, globalHeader: muxer.wantsGlobalHeader)
    try OutputOptions.apply(
      SoundTrack.options(of: settings), to: [encoder.options(named: encoder.name), muxer.options(named: muxer.name)], for: .sound)
    try encoder.open()
    sink = segment ?? container.track()
    self.settings = settings
    try sink.start(.sound(settings, encoder: encoder.name), encoder.parameters())
  }

  /// Options of the user's that are the encoder's or the muxer's; the samples' format is chosen by `SoundFormat`.
  static func options(of settings: SoundSettings) -> [OutputSettings.Option] {
    settings.options.filter { $0.name != "sample_fmt" }
  }

  /// Takes a block, which has been read when this returns. Blocks come in order from 0, all but the last of full length.
  func encode(_ block: SoundBlock, in slot: UnsafeRawPointer) throws(SluiceError) {
    guard block.channels == settings.channels, block.sampleRate == settings.sampleRate else {
      throw SluiceError(
        .software,
        "block \(block.number) of sound has \(block.channels) channels at \(block.sampleRate) Hz, not \(settings.channels) at \(settings.sampleRate)"
      )
    }
    guard block.number == next, isWhole else {
      throw SluiceError(.software, "block \(block.number) of sound came when \(next) was to be encoded")
    }
    next += 1
    isWhole = block.count == SoundBlock.frames
    frames += Int64(block.count)
    try encoder.encode(block, in: slot) { (packet) throws(SluiceError) in try sink.write(packet) }
  }

  func finish() throws(SluiceError) {
    try encoder.finish { (packet) throws(SluiceError) in try sink.write(packet) }
    try sink.finish()
  }
}
