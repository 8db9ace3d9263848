import CSluice
import SluiceBase

/// What every worker program does first, and how it chooses by its first argument what else.
public enum WorkerProgram {
  public typealias Mode = () throws(SluiceError) -> Void

  /// `--doctor` and `--identity` are everybody's, `modes` are the program's own; without any of them it `serve`s. Ends the process:
  /// with the code of what was thrown, which is logged, and with 1 when `serve` says that the supervisor is gone.
  /// To be called first, from the program's only thread.
  public static func run(
    _ name: String, modes: [String: Mode] = [:], doctor: () -> Void, serve: () throws(SluiceError) -> Bool
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
      case "--doctor": doctor()
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
