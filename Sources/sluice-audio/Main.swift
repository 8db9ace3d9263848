import AudioWorkers
import CShortMemory
import SystemBase

@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    AudioProgram.run()
  }
}
