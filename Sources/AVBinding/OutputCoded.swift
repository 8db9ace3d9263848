import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// Pictures through an encoder into a container, or into a segment file.
final class CodedOutput: PictureConsumer {
  private let encoder: Encoder
  private let sink: any PacketSink
  private let packsPictures: Bool
  let counters = OutputTally()

  /// Starts the encoder and writes the file's header, so that what is wrong with the settings shows at once.
  /// `segment` takes the packets in place of the muxer, which then decides only how the encoder is opened.
  init(
    codec: UnsafePointer<AVCodec>, settings: OutputSettings, pixels: OutputPixelFormat, muxer: Muxer,
    segment: SegmentWriter? = nil
  ) throws(SluiceError) {
    try muxer.check(codec.pointee.id, encoder: settings.codec)
    let encoder = try Encoder(codec, settings: settings, pixels: pixels, globalHeader: muxer.wantsGlobalHeader)
    try EncoderLibraries.checkPresets(settings.options, encoder: encoder.name)
    try OutputOptions.apply(
      EncoderLibraries.options(settings.options, encoder: encoder.name),
      to: [
        OutputOptions.Target(object: encoder.context, name: settings.codec),
        OutputOptions.Target(object: muxer.context, name: settings.format),
      ])
    try encoder.open()
    sink = segment ?? muxer.track()
    try sink.start(.pictures(settings, encoder: encoder.name)) { avcodec_parameters_from_context($0, encoder.context) }
    self.encoder = encoder
    packsPictures = codec.pointee.id == AV_CODEC_ID_RAWVIDEO
  }

  func take(_ frame: OutputFrame, number: Int64) throws(SluiceError) {
    defer { frame.clear() }
    try encoder.encode(frame, number: number) { (packet) throws(SluiceError) in
      if packsPictures { counters.copiedBytes += UInt64(packet.pointee.size) }
      try sink.write(packet)
    }
  }

  func finish() throws(SluiceError) {
    try encoder.encode(nil, number: -1) { (packet) throws(SluiceError) in try sink.write(packet) }
    try sink.finish()
  }
}
