import CShortMemory
import CSluice
import SluiceBase
import TextDrawing
import WorkerRuntime

/// The decoder worker. Without arguments it attaches to the supervisor that started it; `--probe` describes sources,
/// `--doctor` its libraries, `--identity` lists the files that it is made of, `--text-files` those that text is drawn with.
@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    WorkerProgram.run(
      "sluice-decoder",
      modes: [
        "--text-files": { () throws(SluiceError) in
          guard (try? System.writeAll(1, TextFonts.files.map { $0 + "\n" }.joined())) != nil else {
            throw SluiceError(.unavailable, "cannot write to standard output")
          }
        },
        "--probe": { () throws(SluiceError) in ProbeService.run() },
        "--handoff-bench": { () throws(SluiceError) in try HandoffPeer.produce() },
      ],
      doctor: DoctorLine.print
    ) { () throws(SluiceError) in try DecoderWorker().run() }
  }
}
