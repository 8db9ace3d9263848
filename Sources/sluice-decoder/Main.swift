import CShortMemory
import CSluice
import SluiceBase
import WorkerRuntime

/// The decoder worker. Without arguments it attaches to the supervisor that started it; `--probe` describes sources,
/// `--doctor` its libraries, `--identity` lists the files that it is made of.
@main
struct Main {
  static func main() {
    sluice_ignore_broken_pipes()
    sluice_lean_malloc()
    ShortMemory.tell()
    sluice_watch_allocations(ShortMemory.exitStatus)
    switch CommandLine.arguments.dropFirst().first {
    case "--probe": ProbeService.run()
    case "--doctor": DoctorLine.print()
    case "--identity": exit(sluice_write_loaded_objects(1) == 0 ? 0 : 1)
    default:
      do throws(SluiceError) {
        if CommandLine.arguments.dropFirst().first == "--handoff-bench" { return try HandoffPeer.produce() }
        exit(try DecoderWorker().run() ? 0 : 1)
      } catch {
        Log.line("sluice-decoder", error.description)
        exit(error.code.rawValue)
      }
    }
  }
}
