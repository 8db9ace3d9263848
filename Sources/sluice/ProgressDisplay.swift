import CommandLine
import CSluice
import SluiceBase
import Supervisor

#if canImport(Glibc)
  import Glibc
#endif

/// Shows a run's progress on standard error. Used from the thread that runs.
final class ProgressDisplay: RunObserver {
  enum Style { case bar, plain, json, none }

  private let style: Style
  private let rate: Double
  private let unicode: Bool
  private var lastDrawn: UInt64
  private var shown = ""

  private static let barInterval: UInt64 = 80_000_000
  private static let plainInterval: UInt64 = 2_000_000_000

  /// `rate`: frames a second of the output.
  init(style: Style, rate: Double) {
    self.style = style
    self.rate = rate
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(System.environment).first { !$0.isEmpty } ?? ""
    unicode = locale.uppercased().hasSuffix("UTF-8") || locale.uppercased().hasSuffix("UTF8")
    lastDrawn = style == .plain ? sluice_now_ns() : 0
  }

  /// A bar on a terminal that can move its cursor, else plain lines.
  static func style(_ setting: String?) -> Style {
    switch setting {
    case "bar": .bar
    case "plain": .plain
    case "json": .json
    case "none": .none
    default: isatty(2) == 1 && System.environment("TERM") != "dumb" ? .bar : .plain
    }
  }

  func progress(_ progress: RunProgress) {
    let now = sluice_now_ns()
    switch style {
    case .bar where now - lastDrawn >= Self.barInterval:
      let columns = sluice_terminal_columns(2)
      shown = ProgressText.bar(progress, rate: rate, width: columns > 0 ? Int(columns) : 80, unicode: unicode)
      Console.write("\r" + shown + Self.eraseToEnd)
    case .plain where now - lastDrawn >= Self.plainInterval:
      Console.write(ProgressText.plain(progress, rate: rate) + "\n")
    case .json: Console.write(ProgressText.json(progress, rate: rate).line + "\n")
    default: return
    }
    lastDrawn = now
  }

  func warning(_ text: String) {
    switch style {
    case .json: Console.write(ProgressText.json(warning: text).line + "\n")
    case .bar where !shown.isEmpty:
      Console.write("\r" + Self.eraseToEnd + "sluice: \(text.printable)\n" + shown)
    default: Log.line("sluice", text)
    }
  }

  /// Takes the bar away.
  func clear() {
    if !shown.isEmpty { Console.write("\r" + Self.eraseToEnd) }
    shown = ""
  }

  /// Clears the display and leaves one line about the whole run.
  func finish(_ statistics: RunStatistics, output: String) {
    clear()
    switch style {
    case .bar, .plain: Console.write(ProgressText.summary(statistics, output: output, rate: rate).printable + "\n")
    case .json: Console.write(ProgressText.json(done: statistics, output: output).line + "\n")
    case .none: break
    }
  }

  private static let eraseToEnd = "\u{1b}[K"
}
