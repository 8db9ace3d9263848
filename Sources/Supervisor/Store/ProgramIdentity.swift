import CSluice
import ContentStore
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What renders: the worker programs and every shared object that they load, and the processor's vector level. Which objects
/// they load is asked of the programs themselves and remembered in the store, under their identity and that of the linker's
/// table.
enum ProgramIdentity {
  private static let programs = ["sluice-decoder", "sluice-renderer", "sluice-encoder", "sluice-audio"]

  /// Equal bytes: the same programs, the same libraries, the same machine as far as it matters. nil when it cannot be told.
  static func bytes(
    store: Store, names: any SourceIdentity = LocalIdentity(), workerDirectory: String?
  ) -> [UInt8]? {
    var paths: [String] = []
    for name in programs {
      guard let path = try? WorkerPrograms.find(name, directory: workerDirectory) else { return nil }
      paths.append(path)
    }
    guard let objects = objects(of: paths, store) else { return nil }
    let all = paths + objects
    // Contents are read for the first run alone, but then there is much of them.
    let threads = names.namesPaths ? 1 : max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    let lines = Parallel.map(all, threads: threads) { path in FileIdentity(path).flatMap { names.text(of: path, $0) } }
    var known = lines.compactMap { $0 }
    guard known.count == all.count else { return nil }
    // Without paths their order means nothing.
    if !names.namesPaths { known.sort() }
    return Array(([String(cString: sluice_cpu_level())] + known).map { $0 + "\n" }.joined().utf8)
  }

  /// Paths of the shared objects, sorted by name, each once.
  private static func objects(of programs: [String], _ store: Store) -> [String]? {
    var about = "\(FileIdentity("/etc/ld.so.cache")?.description ?? "none")\n"
    for name in ["LD_LIBRARY_PATH", "LD_PRELOAD"] { about += "\(System.environment(name) ?? "")\n" }
    for path in programs { about += "\(path) \(FileIdentity(path)?.description ?? "none")\n" }
    let key = ContentKey(of: [Array("sluice programs 1".utf8), Array(about.utf8)])
    if let known = store.contents(.analysis, key) {
      let paths = String(decoding: known, as: UTF8.self).split(separator: "\n").map(String.init)
      if paths.allSatisfy({ access($0, F_OK) == 0 }) { return paths }
    }
    var found: Set<String> = []
    for path in programs {
      guard let lines = ask(path, "--identity") else { return nil }
      found.formUnion(lines)
    }
    let sorted = found.sorted()
    // Where it cannot be written now the next run asks again.
    _ = try? store.keep(Array(sorted.joined(separator: "\n").utf8), .analysis, key, while: { false })
    return sorted
  }

  /// Lines that `PROGRAM ARGUMENT` prints; nil when it fails, prints none or takes long.
  static func ask(_ program: String, _ argument: String) -> [String]? {
    guard let answer = try? ProgramAnswer.run(program, [argument], silence: 10_000), answer.isSuccess, !answer.lines.isEmpty
    else { return nil }
    return answer.lines
  }
}
