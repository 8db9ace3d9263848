import CShortMemory
import CSluice
import SluiceBase
import WorkerRuntime

/// The audio worker. Without arguments it attaches to the supervisor that started it; `--bench TRACKS SECONDS` measures its engine in
/// real time, `--doctor` describes its libraries, `--identity` lists the files that it is made of.
@main
struct Main {
  static func main() {
    sluice_ignore_broken_pipes()
    sluice_lean_malloc()
    ShortMemory.tell()
    sluice_watch_allocations(ShortMemory.exitStatus)
    switch CommandLine.arguments.dropFirst().first {
    case "--doctor": DoctorLine.print()
    case "--identity": exit(sluice_write_loaded_objects(1) == 0 ? 0 : 1)
    default:
      do throws(SluiceError) {
        if CommandLine.arguments.dropFirst().first == "--bench" {
          return try EngineBench.run(Array(CommandLine.arguments.dropFirst(2)))
        }
        exit(try AudioWorker().run() ? 0 : 1)
      } catch {
        Log.line("sluice-audio", error.description)
        exit(error.code.rawValue)
      }
    }
  }
}
