import CSluice
import SluiceBase

/// The decoder worker. Without arguments it attaches to the supervisor that started it; `--probe` describes sources,
/// `--doctor` its libraries.
@main
struct Main {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    switch CommandLine.arguments.dropFirst().first {
    case "--probe": ProbeService.run()
    case "--doctor": DoctorLine.print()
    default:
      do throws(SluiceError) {
        exit(try DecoderWorker().run() ? 0 : 1)
      } catch {
        Log.line("sluice-decoder", error.description)
        exit(error.code.rawValue)
      }
    }
  }
}
