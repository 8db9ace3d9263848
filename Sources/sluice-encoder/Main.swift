import CSluice
import SluiceBase

/// The encoder worker. Without arguments it attaches to the supervisor that started it; `--assemble` joins segments into the
/// output; `--doctor` describes its libraries.
@main
struct Main {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    switch CommandLine.arguments.dropFirst().first {
    case "--assemble": AssembleService.run()
    case "--doctor": DoctorLine.print()
    default:
      do throws(SluiceError) {
        exit(try EncoderWorker().run() ? 0 : 1)
      } catch {
        Log.line("sluice-encoder", error.description)
        exit(error.code.rawValue)
      }
    }
  }
}
