import CAVUtil

#if canImport(Glibc)
import Glibc
#endif

/// Error codes of FFmpeg's libraries as text.
enum AVErrorText {
  static let again = sluice_averror(EAGAIN)
  static let endOfFile = sluice_averror_eof()
  static let invalidData = sluice_averror_invalid()
  static let noMemory = sluice_averror(ENOMEM)

  /// FFmpeg's own words for an `AVERROR` code, with a small first letter: "invalid data found when processing input".
  static func text(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    av_strerror(code, &buffer, buffer.count)
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let first = text.first, text.dropFirst().first?.isUppercase != true else { return text }
    return first.lowercased() + text.dropFirst()
  }
}
