import CShortMemory
import CSluice
import CZimg
import SluiceBase
import WorkerRuntime

/// The renderer worker. Without arguments it attaches to the supervisor that started it; `--doctor` describes its libraries,
/// `--identity` lists the files that it is made of.
@main
struct Main {
  static func main() {
    sluice_watch_allocations(ShortMemory.exitStatus)
    WorkerProgram.run("sluice-renderer", doctor: describe) { () throws(SluiceError) in try RendererWorker().run() }
  }

  private static func describe() {
    var major: UInt32 = 0, minor: UInt32 = 0, micro: UInt32 = 0
    zimg_get_version_info(&major, &minor, &micro)
    _ = try? System.writeAll(1, JSONValue.object([JSONMember("zimg", .string("\(major).\(minor).\(micro)"))]).line + "\n")
  }
}
