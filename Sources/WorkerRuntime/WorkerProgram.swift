import CSluice
import SluiceBase
import SystemBase

/// What every worker program does first, and the choice of what follows by its first argument.
public enum WorkerProgram {
  public typealias Mode = () throws(SluiceError) -> Void

  /// All programs have `--doctor`, which prints the `libraries`, and `--identity`; `modes` are the program's own. Without any of them it
  /// calls `serve`. Ends the process: with the code of a thrown error, which is logged, and with 1 when `serve` returns false because
  /// the supervisor is gone. Called first, from the program's only thread.
  public static func run(
    _ name: String, modes: [String: Mode] = [:], libraries: @autoclosure () -> LibraryVersions,
    serve: () throws(SluiceError) -> Bool
  ) -> Never {
    sluice_open_standard()
    // Only one that the supervisor has started; who attaches by hand goes by the connection.
    if let parent = System.environment("SLUICE_SUPERVISOR").flatMap({ Int32($0) }), !sluice_end_with_parent(parent) { exit(1) }
    sluice_ignore_broken_pipes()
    sluice_lean_malloc()
    ShortMemory.tell()
    do throws(SluiceError) {
      let argument = CommandLine.arguments.dropFirst().first ?? ""
      switch argument {
      case "--doctor": _ = try? System.writeAll(1, libraries().line + "\n")
      case "--identity": exit(sluice_write_loaded_objects(1) == 0 ? 0 : 1)
      default:
        guard let mode = modes[argument] else { exit(try serve() ? 0 : 1) }
        try mode()
      }
      exit(0)
    } catch {
      Log.line(name, error.description)
      exit(error.code.rawValue)
    }
  }
}
