import SluiceBase
import Supervisor

/// Shows a run's progress on standard error. Used from the thread that runs.
public final class ProgressDisplay: RunObserver {
  public enum Style: String, Sendable { case bar, plain, json, none }

  /// Where it shows itself.
  public struct Screen {
    /// Whether it takes characters beyond ASCII.
    public var unicode: Bool
    /// Columns now; 0 when that is not known.
    public var columns: () -> Int
    /// Monotonic nanoseconds.
    public var now: () -> UInt64
    /// Writes a text at once.
    public var write: (String) -> Void

    public init(
      unicode: Bool, columns: @escaping () -> Int, now: @escaping () -> UInt64, write: @escaping (String) -> Void
    ) {
      self.unicode = unicode
      self.columns = columns
      self.now = now
      self.write = write
    }
  }

  private let style: Style
  private let rate: Double
  private let screen: Screen
  /// nil before the first.
  private var lastDrawn: UInt64?
  private var shown = ""

  private static let barInterval: UInt64 = 80_000_000
  private static let plainInterval: UInt64 = 2_000_000_000

  /// `rate`: frames a second of the output.
  public init(style: Style, rate: Double, screen: Screen) {
    self.style = style
    self.rate = rate
    self.screen = screen
    if style == .plain { lastDrawn = screen.now() }
  }

  public func progress(_ progress: RunProgress) {
    let now = screen.now()
    let waited = lastDrawn.map { now - $0 } ?? .max
    switch style {
    case .bar where waited >= Self.barInterval:
      let columns = screen.columns()
      shown = ProgressText.bar(progress, rate: rate, width: columns > 0 ? columns : 80, unicode: screen.unicode)
      screen.write("\r" + shown + Self.eraseToEnd)
    case .plain where waited >= Self.plainInterval:
      screen.write(ProgressText.plain(progress, rate: rate) + "\n")
    case .json: screen.write(ProgressText.json(progress, rate: rate).line + "\n")
    default: return
    }
    lastDrawn = now
  }

  public func warning(_ text: String) {
    switch style {
    case .json: screen.write(ProgressText.json(warning: text).line + "\n")
    case .bar where !shown.isEmpty:
      screen.write("\r" + Self.eraseToEnd + "sluice: \(text.printable)\n" + shown)
    default: screen.write("sluice: \(text.printable)\n")
    }
  }

  public func error(_ error: SluiceError) {
    clear()
    screen.write(style == .json ? ProgressText.json(error).line + "\n" : "sluice: \(error.description.printable)\n")
  }

  /// Takes the bar away.
  public func clear() {
    if !shown.isEmpty { screen.write("\r" + Self.eraseToEnd) }
    shown = ""
  }

  /// Clears the display and leaves one line about the whole run.
  public func finish(_ statistics: RunStatistics, output: String) {
    clear()
    switch style {
    case .bar, .plain: screen.write(ProgressText.summary(statistics, output: output, rate: rate).printable + "\n")
    case .json: screen.write(ProgressText.json(done: statistics, output: output).line + "\n")
    case .none: break
    }
  }

  private static let eraseToEnd = "\u{1b}[K"
}
