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
    sluice_ignore_broken_pipes()
    sluice_lean_malloc()
    ShortMemory.tell()
    sluice_watch_allocations(ShortMemory.exitStatus)
    if CommandLine.arguments.dropFirst().first == "--doctor" {
      var major: UInt32 = 0, minor: UInt32 = 0, micro: UInt32 = 0
      zimg_get_version_info(&major, &minor, &micro)
      _ = try? System.writeAll(1, JSONValue.object([JSONMember("zimg", .string("\(major).\(minor).\(micro)"))]).line + "\n")
      return
    }
    if CommandLine.arguments.dropFirst().first == "--identity" { exit(sluice_write_loaded_objects(1) == 0 ? 0 : 1) }
    do throws(SluiceError) {
      exit(try RendererWorker().run() ? 0 : 1)
    } catch {
      Log.line("sluice-renderer", error.description)
      exit(error.code.rawValue)
    }
  }
}
