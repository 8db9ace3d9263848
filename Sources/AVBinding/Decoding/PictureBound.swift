import CAVCodec
import CAVFormat
import CAVUtil
import FrameModel
import SluiceBase
import SystemBase

/// How large a picture may be before it is decoded: what a header claims is believed only as far as memory goes.
///
/// A file of a hundred bytes can claim 65,000 x 65,000 pixels. The claim is checked where it is known before anything is
/// allocated (container, stream parameters), and by libavcodec itself (`max_pixels`) where it comes later: in the first
/// picture, or in the middle of a stream.
enum PictureBound {
  /// Bytes that one picture may take: the run's memory budget (`SLUICE_MEMORY`), else 1 GiB.
  static let bytes: Int = System.environment("SLUICE_MEMORY").flatMap { Int($0) }.map { max($0, 1 << 20) } ?? 1 << 30

  /// libavcodec's bound; a pixel takes a byte and a half at least where pictures are large.
  static let pixels = min(Demuxer.maxPixels, bytes)

  /// No single allocation of FFmpeg's libraries may be larger than the budget. Once a process.
  static let installed: Void = av_max_alloc(max(bytes, 64 << 20))

  /// Throws 65 for a picture that is too large for any use, or for the budget.
  static func check(_ width: Int, _ height: Int, _ format: AVPixelFormat = AV_PIX_FMT_NONE, path: String) throws(SluiceError) {
    if width > Demuxer.maxSide || height > Demuxer.maxSide || width * height > Demuxer.maxPixels {
      throw SluiceError(
        .badInput, "a picture of \(width)x\(height) is too large", at: path,
        advice: "at most \(Demuxer.maxSide) a side and \(Demuxer.maxPixels / 1_000_000) megapixels")
    }
    let bits = av_pix_fmt_desc_get(format).map { Int(av_get_bits_per_pixel($0)) } ?? 8
    let size = width * height * max(8, bits) / 8
    if size > bytes {
      throw SluiceError(
        .badInput, "a picture of \(width)x\(height) takes \(size >> 20) MiB, the memory budget is \(bytes >> 20) MiB", at: path,
        advice: "give --memory \((size * 3 / 2) >> 20)MiB or more")
    }
  }

  /// The error for libavcodec's refusal of a size (`Picture size 65000x65000 is invalid`); nil for another complaint.
  static func refusal(_ message: String?, path: String) -> SluiceError? {
    guard let message, let range = message.firstRange(of: "icture size ") ?? message.firstRange(of: "mage size ") else {
      return nil
    }
    let parts = message[range.upperBound...].prefix { $0.isNumber || $0 == "x" }.split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return nil }
    let (width, height) = (min(parts[0], 1 << 31), min(parts[1], 1 << 31))
    do throws(SluiceError) {
      try check(width, height, path: path)
      return nil
    } catch {
      return error
    }
  }
}
