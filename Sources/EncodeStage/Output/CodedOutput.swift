import AVBinding
import FrameModel
import SluiceBase

/// Pictures through an encoder into a container, or into a segment file.
final class CodedOutput: PictureConsumer {
  private let encoder: Encoder
  private let sink: any PacketSink
  private let packsPictures: Bool
  private(set) var copiedBytes: UInt64 = 0

  /// Starts the encoder and writes the file's header, so that what is wrong with the settings shows at once.
  /// `segment` takes the packets in place of the container, which then decides only how the encoder is opened.
  init(
    codec: EncoderCodec, settings: OutputSettings, pixels: OutputPixelFormat, container: OutputContainer,
    segment: SegmentWriter? = nil
  ) throws(SluiceError) {
    try container.check(codec, encoder: settings.codec)
    encoder = try Encoder(
      codec, settings: settings, format: pixels.target, color: pixels.color, globalHeader: container.muxer.wantsGlobalHeader)
    try EncoderLibraries.checkPresets(settings.options, encoder: encoder.name)
    try OutputOptions.apply(
      EncoderLibraries.options(settings.options, encoder: encoder.name),
      to: [encoder.options(named: settings.codec), container.muxer.options(named: settings.format)])
    try encoder.open()
    sink = segment ?? container.track()
    try sink.start(.pictures(settings, encoder: encoder.name), encoder.parameters())
    packsPictures = codec.isUncoded
  }

  func take(_ frame: FrameBox, number: Int64) throws(SluiceError) {
    defer { frame.clear() }
    try encoder.encode(frame, number: number) { (packet) throws(SluiceError) in
      if packsPictures { copiedBytes += UInt64(packet.size) }
      try sink.write(packet)
    }
  }

  func finish() throws(SluiceError) {
    try encoder.encode(nil, number: -1) { (packet) throws(SluiceError) in try sink.write(packet) }
    try sink.finish()
  }
}
