import CShortMemory
import CSluice
import SluiceBase
import WorkerRuntime

/// The audio worker. Without arguments it attaches to the supervisor that started it; `--bench TRACKS SECONDS` measures its engine in
/// real time, `--doctor` describes its libraries, `--identity` lists the files that it is made of.
@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    WorkerProgram.run(
      "sluice-audio",
      modes: ["--bench": { () throws(SluiceError) in try EngineBench.run(Array(CommandLine.arguments.dropFirst(2))) }],
      doctor: DoctorLine.print
    ) { () throws(SluiceError) in try AudioWorker().run() }
  }
}
