import CSluice
import CommandInterface
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
import Timeline
#endif

/// What the program says. Standard output carries what was asked for; everything else goes to standard error, one line
/// for one thing.
final class Console {
  /// Set by a run with `--progress json`: errors are then JSON lines too.
  var speaksJSON = false

  static func print(_ text: String) throws(SluiceError) {
    do throws(SystemError) {
      try System.writeAll(1, text)
    } catch {
      throw SluiceError(.cannotCreate, "cannot be written: \(error.reason)", at: "standard output")
    }
  }

  func report(_ error: any Error) {
    for error in Self.errors(error) {
      if speaksJSON {
        Self.write(ProgressText.json(error).line + "\n")
      } else {
        Log.line("sluice", error.description)
      }
    }
  }

  func note(_ text: String) {
    if speaksJSON {
      Self.write(ProgressText.json(warning: text).line + "\n")
    } else {
      Log.line("sluice", text)
    }
  }

  /// To standard error; when that is closed there is nobody to tell.
  static func write(_ text: String) { _ = try? System.writeAll(2, text) }

  /// A display of progress; `auto` is a bar on a terminal that can move its cursor, else plain lines.
  static func display(_ setting: String?, rate: Double) -> ProgressDisplay {
    let isTerminal = isatty(2) == 1 && System.environment("TERM") != "dumb"
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(System.environment).first { !$0.isEmpty } ?? ""
    let encoding = locale.uppercased()
    return ProgressDisplay(
      style: setting.flatMap(ProgressDisplay.Style.init) ?? (isTerminal ? .bar : .plain), rate: rate,
      screen: .init(
        unicode: encoding.hasSuffix("UTF-8") || encoding.hasSuffix("UTF8"), columns: { Int(sluice_terminal_columns(2)) },
        now: { sluice_now_ns() }, write: { write($0) }))
  }

  static func exitCode(_ error: any Error) -> ExitCode { errors(error).first?.code ?? .software }

  private static func errors(_ error: any Error) -> [SluiceError] {
    switch error {
    case let error as SluiceError: [error]
    case let errors as ProjectErrors: errors.errors
    case let errors as Failures: errors.errors
    default: [SluiceError(.software, "\(error)")]
    }
  }
}

/// Several errors at once; the first decides the exit code.
struct Failures: Error {
  var errors: [SluiceError]
}
