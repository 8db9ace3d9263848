import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import CSluice
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What FFmpeg's libraries say while they work. Nothing is printed: a message of level error is kept for the thread
/// that asked for it, to stand in the text of the error that follows. Safe from any thread.
public enum AVLog {
  private static let messages = Monitor<[UInt: String]>([:])
  private static let lines = Monitor<[UInt: [Line]]>([:])

  private static let watched = Monitor<[UInt: DamageSigns]>([:])

  private static let installed: Void = av_log_set_callback { context, level, format, arguments in
    guard level <= AV_LOG_INFO, let format, let arguments else { return }
    let signs = DamageSigns.isSign(level, format) ? AVLog.signs(context) : nil
    guard level <= AV_LOG_WARNING || signs != nil else { return }
    let thread = UInt(pthread_self())
    guard signs != nil || AVLog.lines.with({ $0[thread] != nil }) || AVLog.messages.with({ $0[thread] != nil }) else { return }
    var prefix: Int32 = 0
    var line = [CChar](repeating: 0, count: 400)
    av_log_format_line2(context, level, format, arguments, &line, Int32(line.count), &prefix)
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if let signs, let context { signs.note(context, AVLog.body(text)) }
    if level <= AV_LOG_WARNING { AVLog.keep(text, level: level, thread: thread) }
  }

  /// Lines of a codec context whose `opaque` is this one (those of its frame threads share it) go to `signs` too.
  static func watch(_ opaque: UnsafeMutableRawPointer?, _ signs: DamageSigns?) {
    watched.with { $0[UInt(bitPattern: opaque)] = signs }
  }

  /// Where the lines of a context go; nil for what is no codec context, or one that nobody watches.
  private static func signs(_ context: UnsafeMutableRawPointer?) -> DamageSigns? {
    guard let context, context.load(as: UnsafeRawPointer?.self) == UnsafeRawPointer(avcodec_get_class()) else { return nil }
    let opaque = context.assumingMemoryBound(to: AVCodecContext.self).pointee.opaque
    return watched.with { $0[UInt(bitPattern: opaque)] }
  }

  /// Silences the libraries for the whole process. `capture` does it too; later calls do nothing.
  public static func silence() { _ = installed }

  /// A line without its end and without what stands before it: "[mov,mp4 @ 0x55…] ".
  private static func body(_ line: String) -> String {
    var text = Substring(line)
    while let last = text.last, last.isWhitespace || last == "." { text = text.dropLast() }
    if text.first == "[", let end = text.firstIndex(of: "]") {
      text = text[text.index(after: end)...].drop { $0.isWhitespace }
    }
    return String(text)
  }

  private static func keep(_ text: String, level: Int32, thread: UInt) {
    let line = body(text)
    guard !line.isEmpty else { return }
    lines.with { $0[thread]?.append(Line(isError: level <= AV_LOG_ERROR, text: line)) }
    guard level <= AV_LOG_ERROR else { return }
    // A refused size says more than what follows from it.
    messages.with { if let last = $0[thread], !last.contains("icture size ") { $0[thread] = line } }
  }

  /// Runs `body` and returns its result with the last error message that a library wrote on this thread meanwhile.
  /// Frame threads of a codec write on threads of their own: theirs are not kept.
  static func capture<R>(_ body: () -> R) -> (R, message: String?) {
    silence()
    let thread = UInt(pthread_self())
    messages.with { $0[thread] = "" }
    let result = body()
    let message = messages.with { $0.removeValue(forKey: thread) }
    return (result, message?.isEmpty == false ? message : nil)
  }

  /// Runs `body` and returns its result with all that a library wrote on this thread meanwhile, errors and warnings,
  /// in order. May stand inside `capture`.
  static func captureLines<R>(_ body: () -> R) -> (R, lines: [Line]) {
    silence()
    let thread = UInt(pthread_self())
    lines.with { $0[thread] = [] }
    let result = body()
    return (result, lines.with { $0.removeValue(forKey: thread) } ?? [])
  }

  struct Line: Sendable {
    let isError: Bool
    let text: String
  }
}
