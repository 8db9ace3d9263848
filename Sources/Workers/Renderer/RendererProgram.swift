import Compositing
import Plan
import SharedRing
import SluiceBase
import WorkerRuntime

/// A renderer program, whatever it composites with. Without arguments it attaches to the supervisor that started it; `--doctor`
/// describes its libraries, `--identity` lists the files that it is made of.
public enum RendererProgram {
  /// Makes the compositor, on the thread that uses it. `isStill` tells which streams have one picture for all their frames.
  public typealias MakeCompositor =
    @Sendable (_ canvas: Canvas, _ counters: any StageCounters, _ isStill: @escaping (Int) -> Bool) throws(SluiceError) ->
    any Compositor

  public static func run(_ name: String, libraries: LibraryVersions, compositor: @escaping MakeCompositor) -> Never {
    WorkerProgram.run(name, libraries: libraries) { () throws(SluiceError) in try RendererWorker(compositor).run() }
  }
}
