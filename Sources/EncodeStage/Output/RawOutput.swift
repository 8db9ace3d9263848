import AVBinding
import FrameModel
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

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

  var copiedBytes: UInt64 { 0 }

  func take(_ frame: FrameBox, number: Int64) throws(SluiceError) {
    defer { frame.clear() }
    var parts: [iovec] = []
    for rows in frame.rows() {
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
  static var y4mFormats: [CodecPixelFormat] {
    var names = ["yuv411p", "gray", "gray9le", "gray10le", "gray12le", "gray16le"]
    for sub in ["420", "422", "444"] {
      for depth in ["", "9le", "10le", "12le", "14le", "16le"] { names.append("yuv\(sub)p\(depth)") }
    }
    return names.compactMap { CodecPixelFormat(named: $0) }
  }

  private static func header(_ settings: OutputSettings, _ pixels: OutputPixelFormat) -> String {
    let aspect = settings.sampleAspect
    let range = pixels.color.fullRange ? "FULL" : "LIMITED"
    return "YUV4MPEG2 W\(settings.width) H\(settings.height) F\(settings.rate.num):\(settings.rate.den) Ip"
      + " A\(aspect.num):\(aspect.den) C\(colorspace(pixels)) XCOLORRANGE=\(range)\n"
  }

  /// The C tag, with the XYSCSS tag that older readers look for.
  private static func colorspace(_ pixels: OutputPixelFormat) -> String {
    var name = pixels.target.name
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
