import CAVCodec
import CAVUtil
import CSluice
import FrameModel
import SluiceBase

/// One libavcodec video encoder: pictures in, packets out. For one thread; its own threads let pictures go.
public final class Encoder {
  public let name: String
  private let codec: EncoderCodec
  private let context: UnsafeMutablePointer<AVCodecContext>
  private let packet: PacketBox

  /// A context with everything set but the user's options; `open` follows those. Throws `unavailable` without memory.
  /// - Parameters:
  ///   - format: of the pictures that it will be given, in `color`.
  ///   - globalHeader: the container wants the codec's headers once, not in the packets.
  public init(
    _ codec: EncoderCodec, settings: OutputSettings, format: CodecPixelFormat, color: ColorDescription, globalHeader: Bool
  ) throws(SluiceError) {
    packet = try PacketBox()
    guard let context = avcodec_alloc_context3(codec.raw) else { throw SluiceError(.unavailable, "no memory for an encoder") }
    self.codec = codec
    self.context = context
    name = codec.name
    context.pointee.width = Int32(settings.width)
    context.pointee.height = Int32(settings.height)
    context.pointee.pix_fmt = format.raw
    context.pointee.time_base = AVRational(Rational.one / settings.rate)
    context.pointee.framerate = AVRational(settings.rate)
    context.pointee.sample_aspect_ratio = AVRational(settings.sampleAspect)
    context.pointee.colorspace = AVColorSpace(rawValue: UInt32(color.matrix))
    context.pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(color.primaries))
    context.pointee.color_trc = AVColorTransferCharacteristic(rawValue: UInt32(color.transfer))
    context.pointee.color_range = color.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    if format.hasSitedChroma {
      // FFmpeg counts from 1: left, center, top-left.
      context.pointee.chroma_sample_location = AVChromaLocation(rawValue: UInt32(color.chromaLocation) + 1)
    }
    context.pointee.thread_count = Int32(settings.threads)
    // Exact arithmetic, no version strings: the bytes depend on the settings alone.
    context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    if globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// Its options; `name`: see `OptionTarget`. To be set before `open`.
  public func options(named name: String) -> OptionTarget { OptionTarget(of: self, object: context, name: name) }

  /// Starts it. Throws `usage` for settings and options that it refuses, `unavailable` for what the machine lacks.
  public func open() throws(SluiceError) {
    let (result, lines) = AVLog.captureLines { avcodec_open2(context, codec.raw, nil) }
    guard result >= 0 else {
      let hardware = codec.raw.pointee.capabilities & AV_CODEC_CAP_HARDWARE != 0
      let missing = hardware || [AVErrorText.noMemory, sluice_averror(ENOSYS), sluice_averror(ENODEV)].contains(result)
      let reason = lines.first { $0.isError }?.text ?? AVErrorText.text(result)
      throw SluiceError(
        missing ? .unavailable : .usage, "cannot start the encoder: \(reason)", at: name)
    }
    // libx264, libx265 and SVT-AV1 take parameter lists of their own; what they refuse there they only warn about.
    let refusals = ["Error parsing option", "Unknown option", "Invalid value for"]
    if let refused = lines.first(where: { line in refusals.contains { line.text.hasPrefix($0) } }) {
      throw SluiceError(.usage, refused.text, at: name)
    }
  }

  /// What the container must know of it, once it is open.
  public func parameters() throws(SluiceError) -> CodecParameters { try CodecParameters(of: context) }

  /// Gives the encoder a picture (nil: there are no more) and hands on the packets that are ready. Packets are lent
  /// for the call, which may take their contents over. `number` names the picture in errors.
  public func encode(
    _ frame: FrameBox?, number: Int64, packets: (PacketBox) throws(SluiceError) -> Void
  ) throws(SluiceError) {
    while true {
      let sent = avcodec_send_frame(context, frame?.raw)
      if sent == AVErrorText.again {
        try receive(number, packets)
        continue
      }
      guard sent >= 0 || sent == AVErrorText.endOfFile else { throw failure(sent, number) }
      break
    }
    try receive(number, packets)
  }

  private func receive(_ number: Int64, _ packets: (PacketBox) throws(SluiceError) -> Void)
    throws(SluiceError)
  {
    while true {
      let result = avcodec_receive_packet(context, packet.raw)
      if result == AVErrorText.again || result == AVErrorText.endOfFile { return }
      guard result >= 0 else { throw failure(result, number) }
      defer { packet.clear() }
      if packet.raw.pointee.duration == 0 { packet.duration = 1 }  // constant rate: one tick a frame
      try packets(packet)
    }
  }

  private func failure(_ code: Int32, _ number: Int64) -> SluiceError {
    SluiceError(
      code == AVErrorText.noMemory ? .unavailable : .software, "cannot encode: \(AVErrorText.text(code))",
      at: "\(name), frame \(number)")
  }
}
