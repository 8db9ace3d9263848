import CShortMemory
import EncodeWorkers
import SystemBase

@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    EncoderProgram.run()
  }
}
