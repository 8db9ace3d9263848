import CShortMemory
import DecodeWorkers
import SystemBase

@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    DecoderProgram.run()
  }
}
