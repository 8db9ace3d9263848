import CAVCodec
import CAVUtil
import CSluice
import FrameModel
import SluiceBase

/// Pictures as they are, to yuv4mpegpipe or rawvideo: rows go from the slot to the descriptor, with no copy but the
/// kernel's. yuv4mpegpipe as FFmpeg's reader knows it (libavformat/yuv4mpegdec.c).
final class RawOutput: PictureConsumer {
  private let output: OutputDescriptor
  private let frameHeader: [UInt8]

  /// Writes the stream's header, unless it is there already.
  init(settings: OutputSettings, pixels: OutputPixelFormat, output: OutputDescriptor, continues: Bool) throws(SluiceError) {
    self.output = output
    guard settings.format == "yuv4mpegpipe" else {
      frameHeader = []
      return
    }
    frameHeader = Array("FRAME\n".utf8)
    if continues { return }
    let header = Array(RawOutput.header(settings, pixels).utf8)
    try write([iovec](), prefix: header)
  }

  let counters = OutputTally()

  func take(_ frame: OutputFrame, number: Int64) throws(SluiceError) {
    defer { frame.clear() }
    var parts: [iovec] = []
    for rows in frame.raw.rows() {
      let start = UnsafeMutableRawPointer(rows.start)
      if rows.stride == rows.width {
        parts.append(iovec(iov_base: start, iov_len: rows.width * rows.count))
        continue
      }
      for row in 0..<rows.count { parts.append(iovec(iov_base: start + row * rows.stride, iov_len: rows.width)) }
    }
    try write(parts, prefix: frameHeader)
  }

  func finish() throws(SluiceError) {}

  private func write(_ parts: [iovec], prefix: [UInt8]) throws(SluiceError) {
    let result: Result<Void, SluiceError> = prefix.withUnsafeBytes { prefix in
      var all = parts
      if prefix.count > 0 {
        all.insert(iovec(iov_base: UnsafeMutableRawPointer(mutating: prefix.baseAddress), iov_len: prefix.count), at: 0)
      }
      return all.withUnsafeMutableBufferPointer { all in
        do throws(SluiceError) {
          try output.write(all)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
  }

  /// Formats that yuv4mpegpipe has a name for.
  static let y4mFormats: [AVPixelFormat] = {
    var names = ["yuv411p", "gray", "gray9le", "gray10le", "gray12le", "gray16le"]
    for sub in ["420", "422", "444"] {
      for depth in ["", "9le", "10le", "12le", "14le", "16le"] { names.append("yuv\(sub)p\(depth)") }
    }
    return names.map { av_get_pix_fmt($0) }
  }()

  private static func header(_ settings: OutputSettings, _ pixels: OutputPixelFormat) -> String {
    let aspect = settings.sampleAspect
    let range = pixels.color.fullRange ? "FULL" : "LIMITED"
    return "YUV4MPEG2 W\(settings.width) H\(settings.height) F\(settings.rate.num):\(settings.rate.den) Ip"
      + " A\(aspect.num):\(aspect.den) C\(colorspace(pixels)) XCOLORRANGE=\(range)\n"
  }

  /// The C tag, with the XYSCSS tag that older readers look for.
  private static func colorspace(_ pixels: OutputPixelFormat) -> String {
    var name = PixelFormatMap.name(pixels.target)
    if name.hasSuffix("le") { name.removeLast(2) }
    if name.hasPrefix("gray") { return "mono" + name.dropFirst(4) }
    name = String(name.dropFirst(3))  // yuv
    if name.last == "p" {
      name.removeLast()
      if name == "420" { name += ["mpeg2", "jpeg", "paldv"][min(Int(pixels.color.chromaLocation), 2)] }
    }
    return "\(name) XYSCSS=\(name.uppercased())"
  }
}

/// Raw pictures in NUT. A picture whose planes lie one behind the other without gaps becomes the packet itself;
/// others are packed together first, which is counted as copied bytes.
final class RawPacketOutput: PictureConsumer {
  private let sink: any PacketSink
  private let packet: UnsafeMutablePointer<AVPacket>
  private let format: AVPixelFormat
  let counters = OutputTally()

  /// Writes the file's header.
  init(settings: OutputSettings, pixels: OutputPixelFormat, muxer: Muxer) throws(SluiceError) {
    guard let packet = av_packet_alloc() else { throw SluiceError(.unavailable, "no memory for a packet") }
    sink = muxer.track()
    self.packet = packet
    format = pixels.target
    muxer.writeDirectly()
    try sink.start(.pictures(settings, encoder: "rawvideo")) { parameters in
      parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
      parameters.pointee.codec_id = AV_CODEC_ID_RAWVIDEO
      parameters.pointee.codec_tag = avcodec_pix_fmt_to_codec_tag(pixels.target)
      parameters.pointee.format = pixels.target.rawValue
      parameters.pointee.width = Int32(settings.width)
      parameters.pointee.height = Int32(settings.height)
      parameters.pointee.sample_aspect_ratio = AVRational(settings.sampleAspect)
      return 0
    }
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&packet)
  }

  func take(_ frame: OutputFrame, number: Int64) throws(SluiceError) {
    defer { frame.clear() }
    let planes = frame.raw.rows()
    let bytes = planes.reduce(0) { $0 + $1.width * $1.count }
    if let start = RawPacketOutput.contiguous(planes), let buffer = av_buffer_ref(frame.raw.pointee.buf.0) {
      packet.pointee.buf = buffer
      packet.pointee.data = start
      packet.pointee.size = Int32(bytes)
    } else {
      guard av_new_packet(packet, Int32(bytes)) >= 0 else { throw SluiceError(.unavailable, "no memory for a packet") }
      var at = packet.pointee.data
      for plane in planes {
        for row in 0..<plane.count {
          at?.update(from: plane.start + row * plane.stride, count: plane.width)
          at = at.map { $0 + plane.width }
        }
      }
      counters.copiedBytes += UInt64(bytes)
    }
    packet.pointee.pts = number
    packet.pointee.dts = number
    packet.pointee.duration = 1
    packet.pointee.flags = AV_PKT_FLAG_KEY
    try sink.write(packet)
  }

  func finish() throws(SluiceError) { try sink.finish() }

  private static func contiguous(
    _ planes: [UnsafeMutablePointer<AVFrame>.Rows]
  ) -> UnsafeMutablePointer<UInt8>? {
    guard var next = planes.first?.start else { return nil }
    for plane in planes {
      guard plane.start == next, plane.stride == plane.width else { return nil }
      next += plane.width * plane.count
    }
    return planes[0].start
  }
}
