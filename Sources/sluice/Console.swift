import CommandLine
import CSluice
import SluiceBase
import Timeline

#if canImport(Glibc)
  import Glibc
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
