import CShortMemory
import CSluice
import SluiceBase
import WorkerRuntime

/// The decoder worker. Without arguments it attaches to the supervisor that started it; `--probe` describes sources,
/// `--doctor` its libraries, `--identity` lists the files that it is made of.
@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    WorkerProgram.run(
      "sluice-decoder",
      modes: [
        "--probe": { () throws(SluiceError) in ProbeService.run() },
        "--handoff-bench": { () throws(SluiceError) in try HandoffPeer.produce() },
      ],
      doctor: DoctorLine.print
    ) { () throws(SluiceError) in try DecoderWorker().run() }
  }
}
