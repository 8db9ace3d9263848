import CPUCompositing
import CShortMemory
import RenderWorkers
import SystemBase
import WorkerRuntime

@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    var libraries = LibraryVersions()
    libraries.add("zimg", CPUCompositor.zimgVersion)
    RendererProgram.run("sluice-renderer", libraries: libraries) {
      CPUCompositor(canvas: $0, counters: $1, isStill: $2)
    }
  }
}
