import CShortMemory
import CSluice
import SluiceBase
import WorkerRuntime

/// The encoder worker. Without arguments it attaches to the supervisor that started it; `--assemble` joins segments into the
/// output; `--check` reads one that somebody else's encoder wrote; `--doctor` describes its libraries, `--identity` lists the files that it is made of.
@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    WorkerProgram.run(
      "sluice-encoder",
      modes: [
        "--assemble": { () throws(SluiceError) in AssembleService.run() },
        "--check": { () throws(SluiceError) in AssembleService.check() },
        "--handoff-bench": { () throws(SluiceError) in try HandoffPeer.consume() },
      ],
      doctor: DoctorLine.print
    ) { () throws(SluiceError) in try EncoderWorker().run() }
  }
}
