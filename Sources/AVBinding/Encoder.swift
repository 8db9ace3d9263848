import CAVCodec
import CAVUtil
import CSluice
import FrameModel
import SluiceBase

/// One libavcodec video encoder: pictures in, packets out. For one thread; its own threads let pictures go.
final class Encoder {
  let codec: UnsafePointer<AVCodec>
  let name: String
  let context: UnsafeMutablePointer<AVCodecContext>
  private let packet: UnsafeMutablePointer<AVPacket>

  /// A context with everything set but the user's options; `open` follows those.
  init(_ codec: UnsafePointer<AVCodec>, settings: OutputSettings, pixels: OutputPixelFormat, globalHeader: Bool)
    throws(SluiceError)
  {
    guard let context = avcodec_alloc_context3(codec) else { throw SluiceError(.unavailable, "no memory for an encoder") }
    guard let packet = av_packet_alloc() else {
      var context: UnsafeMutablePointer<AVCodecContext>? = context
      avcodec_free_context(&context)
      throw SluiceError(.unavailable, "no memory for an encoder")
    }
    self.codec = codec
    self.context = context
    self.packet = packet
    name = String(cString: codec.pointee.name)
    context.pointee.width = Int32(settings.width)
    context.pointee.height = Int32(settings.height)
    context.pointee.pix_fmt = pixels.target
    context.pointee.time_base = AVRational(Rational.one / settings.rate)
    context.pointee.framerate = AVRational(settings.rate)
    context.pointee.sample_aspect_ratio = AVRational(settings.sampleAspect)
    context.pointee.colorspace = AVColorSpace(rawValue: UInt32(pixels.color.matrix))
    context.pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(pixels.color.primaries))
    context.pointee.color_trc = AVColorTransferCharacteristic(rawValue: UInt32(pixels.color.transfer))
    context.pointee.color_range = pixels.color.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    if pixels.target.hasSitedChroma {
      // FFmpeg counts from 1: left, center, top-left.
      context.pointee.chroma_sample_location = AVChromaLocation(rawValue: UInt32(pixels.color.chromaLocation) + 1)
    }
    context.pointee.thread_count = Int32(settings.threads)
    // Exact arithmetic, no version strings: the bytes depend on the settings alone.
    context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    if globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  func open() throws(SluiceError) {
    let (result, lines) = AVLog.captureLines { avcodec_open2(context, codec, nil) }
    guard result >= 0 else {
      let hardware = codec.pointee.capabilities & AV_CODEC_CAP_HARDWARE != 0
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

  /// Gives the encoder a picture (nil: there are no more) and hands on the packets that are ready. Packets are lent
  /// for the call.
  func encode(
    _ frame: OutputFrame?, number: Int64, packets: (UnsafeMutablePointer<AVPacket>) throws(SluiceError) -> Void
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

  private func receive(_ number: Int64, _ packets: (UnsafeMutablePointer<AVPacket>) throws(SluiceError) -> Void)
    throws(SluiceError)
  {
    while true {
      let result = avcodec_receive_packet(context, packet)
      if result == AVErrorText.again || result == AVErrorText.endOfFile { return }
      guard result >= 0 else { throw failure(result, number) }
      defer { av_packet_unref(packet) }
      if packet.pointee.duration == 0 { packet.pointee.duration = 1 }  // constant rate: one tick a frame
      try packets(packet)
    }
  }

  private func failure(_ code: Int32, _ number: Int64) -> SluiceError {
    SluiceError(
      code == AVErrorText.noMemory ? .unavailable : .software, "cannot encode: \(AVErrorText.text(code))",
      at: "\(name), frame \(number)")
  }

  /// Formats that the encoder takes; nil: any.
  static func pixelFormats(_ codec: UnsafePointer<AVCodec>) -> [AVPixelFormat]? {
    guard var next = codec.pointee.pix_fmts else { return nil }
    var formats: [AVPixelFormat] = []
    while next.pointee != AV_PIX_FMT_NONE {
      formats.append(next.pointee)
      next += 1
    }
    return formats
  }
}
