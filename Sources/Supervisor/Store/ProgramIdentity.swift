import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// What renders: the worker programs and every shared object that they load, by size and times, and the processor's vector
/// level. Which objects they load is asked of the programs themselves and kept in the store, under their identity and that
/// of the linker's table.
enum ProgramIdentity {
  private static let programs = ["sluice-decoder", "sluice-renderer", "sluice-encoder", "sluice-audio"]

  /// Equal bytes: the same programs, the same libraries, the same machine as far as it matters. nil when it cannot be told.
  static func bytes(store: String, workerDirectory: String?) -> [UInt8]? {
    var text = String(cString: sluice_cpu_level()) + "\n"
    var paths: [String] = []
    for name in programs {
      guard let path = try? WorkerPrograms.find(name, directory: workerDirectory) else { return nil }
      paths.append(path)
    }
    guard let objects = objects(of: paths, store) else { return nil }
    for path in paths + objects {
      guard let identity = FileIdentity(path) else { return nil }
      text += "\(path) \(identity)\n"
    }
    return Array(text.utf8)
  }

  /// Removes what was kept.
  static func forget(_ store: String) {
    for name in RunDirectory.entries(store) where name.hasPrefix("programs") { unlink(store + "/" + name) }
  }

  /// Paths of the shared objects, sorted, each once.
  private static func objects(of programs: [String], _ store: String) -> [String]? {
    var about = "\(FileIdentity("/etc/ld.so.cache")?.description ?? "none")\n"
    for name in ["LD_LIBRARY_PATH", "LD_PRELOAD"] { about += "\(System.environment(name) ?? "")\n" }
    for path in programs { about += "\(path) \(FileIdentity(path)?.description ?? "none")\n" }
    let heading = "\(SegmentKey(of: [Array(about.utf8)]))"
    let memory = store + "/programs"
    if let known = read(memory, heading) { return known }
    var found: Set<String> = []
    for path in programs {
      guard let lines = ask(path, "--identity") else { return nil }
      found.formUnion(lines)
    }
    let sorted = found.sorted()
    let body = sorted.joined(separator: "\n")
    // Without it the next run asks again.
    _ = try? StoreDirectory.replace(memory, "\(heading)\n\(SegmentKey(of: [Array(body.utf8)]))\n\(body)")
    return sorted
  }

  /// First line: whom it is about; second: checksum of the rest.
  private static func read(_ path: String, _ heading: String) -> [String]? {
    guard let bytes = try? System.readFile(path, limit: 1 << 20) else { return nil }
    let lines = bytes.split(separator: 0x0a, maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count == 3, lines[0].elementsEqual(heading.utf8),
      lines[1].elementsEqual("\(SegmentKey(of: [Array(lines[2])]))".utf8)
    else { return nil }
    let paths = String(decoding: lines[2], as: UTF8.self).split(separator: "\n").map(String.init)
    return paths.allSatisfy { access($0, F_OK) == 0 } ? paths : nil
  }

  /// Lines that `PROGRAM ARGUMENT` prints; nil when it fails, prints none or takes long.
  static func ask(_ program: String, _ argument: String) -> [String]? {
    var fds: [Int32] = [-1, -1]
    guard sluice_pipe(&fds) == 0 else { return nil }
    let reader = FileDescriptor(fds[0])
    var writer: FileDescriptor? = FileDescriptor(fds[1])
    guard let child = try? ChildProcess(program, arguments: [argument], descriptors: [(fds[1], 1)]) else { return nil }
    withExtendedLifetime(writer) {}
    writer = nil
    _ = sluice_set_nonblocking(reader.raw)
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      var poller = pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0)
      guard poll(&poller, 1, 10_000) > 0 else { return nil }
      let n = Glibc.read(reader.raw, &chunk, chunk.count)
      if n == 0 { break }
      if n > 0 { text += chunk[..<n] } else if sluice_errno() != EINTR { return nil }
    }
    guard child.wait(milliseconds: 1000), child.status == 0, !text.isEmpty else { return nil }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
