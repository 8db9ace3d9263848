import Foundation
import Testing

/// A directory of its own for one test, and `sluice` run in it: with its own run directory, so that whatever a run leaves
/// behind is found, also while other tests run.
final class Sandbox {
  let directory: String
  let runtime: String
  /// Runs use what earlier ones have rendered. Off: every run of a test renders.
  var keepsSegments = false
  static let programs: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    // `swift test` runs the bundle with a helper of the toolchain's: the bundle lies in the build directory.
    let candidates = [tests] + CommandLine.arguments
    for candidate in candidates {
      let folder = URL(fileURLWithPath: candidate).deletingLastPathComponent().path
      if access(folder + "/sluice-decoder", X_OK) == 0 { return folder }
    }
    return "."
  }()
  static let program = programs + "/sluice"

  init() throws {
    directory = "/tmp/sluice-it-" + UUID().uuidString.prefix(8)
    runtime = directory + "/r"
    try FileManager.default.createDirectory(atPath: runtime, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  var environment: [String: String] {
    var variables = ["HOME": directory, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": runtime]
    // Only what this test runs is seen by `sluice ps`.
    variables["SLUICE_RUNTIME_DIR"] = runtime + "/sluice"
    variables["XDG_CACHE_HOME"] = runtime + "/c"
    // Where the sanitizers of `make sanitize` leave their reports.
    for name in ["TSAN_OPTIONS", "ASAN_OPTIONS"] { variables[name] = ProcessInfo.processInfo.environment[name] }
    if !keepsSegments { variables["SLUICE_NO_CACHE"] = "yes" }
    return variables
  }

  func path(_ name: String) -> String { directory + "/" + name }
  func exists(_ name: String) -> Bool { access(path(name), F_OK) == 0 }
  func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  func start(
    _ arguments: [String], environment extra: [String: String] = [:], output: Spawned.Output = .file
  ) throws -> Spawned {
    try Spawned(
      Sandbox.program, arguments, environment: environment.merging(extra) { $1 }, directory: directory, output: output)
  }

  struct Result {
    var status: Int32?
    var out: Data
    var errors: String
  }

  /// Runs `sluice` to its end.
  @discardableResult
  func sluice(_ arguments: [String], environment extra: [String: String] = [:]) throws -> Result {
    let child = try start(arguments, environment: extra)
    let status = child.wait(within: 90)
    return Result(status: status, out: child.output, errors: child.errors)
  }

  /// Runs `sluice`, expects success without a word, and returns the statistics.
  @discardableResult
  func render(_ arguments: [String], location: SourceLocation = #_sourceLocation) throws -> Statistics {
    let result = try sluice(arguments + ["--stats", "stats.json", "--progress", "none"])
    try #require(result.status == 0, "\(arguments): \(result.errors)", sourceLocation: location)
    #expect(result.errors == "", sourceLocation: location)
    expectNothingLeft(location: location)
    let statistics = try Statistics(data("stats.json"))
    #expect(statistics["slots", "leaked"] == 0, sourceLocation: location)
    return statistics
  }

  /// Runs `sluice`, expects the exit code and exactly one line that holds every part, and that nothing is left.
  func refuses(
    _ arguments: [String], _ code: Int32, _ parts: String..., environment extra: [String: String] = [:],
    location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    let result = try sluice(arguments, environment: extra)
    #expect(result.status == code, "\(arguments): \(result.errors)", sourceLocation: location)
    expectOneLine(result.errors, parts, location: location)
    #expect(result.out.isEmpty, sourceLocation: location)
    let after = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    #expect(before == after, "files before and after", sourceLocation: location)
    expectNothingLeft(location: location)
  }

  func expectOneLine(_ errors: String, _ parts: [String], location: SourceLocation = #_sourceLocation) {
    let lines = errors.split(separator: "\n")
    #expect(lines.count == 1 && errors.hasPrefix("sluice: "), "\(errors)", sourceLocation: location)
    for part in parts { #expect(errors.contains(part), "\(part) in: \(errors)", sourceLocation: location) }
  }

  /// Processes of runs in this sandbox.
  var processes: [pid_t] { Processes.withEnvironment("XDG_RUNTIME_DIR=" + runtime) }
  /// Run directories.
  var runs: [String] { (try? FileManager.default.contentsOfDirectory(atPath: runtime + "/sluice")) ?? [] }

  /// No process (within a second), no run directory, no half-written output, nothing named in /dev/shm.
  func expectNothingLeft(location: SourceLocation = #_sourceLocation) {
    #expect(eventually(within: 1) { self.processes.isEmpty }, "processes are left", sourceLocation: location)
    #expect(runs == [], "run directories are left", sourceLocation: location)
    expectNoParts(location: location)
  }

  func expectNoParts(location: SourceLocation = #_sourceLocation) {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    #expect(files.filter { $0.contains(".part") || $0.hasPrefix(".sluice-") } == [], sourceLocation: location)
    // A region of a test beside this one has its name for some microseconds.
    func shared() -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []).filter { $0.contains("sluice") }
    }
    let found = Set(shared())
    for _ in 0..<100 where !found.isDisjoint(with: shared()) { usleep(20_000) }
    #expect(found.isDisjoint(with: shared()), sourceLocation: location)
  }
}

/// The file of `--stats`.
struct Statistics {
  let root: [String: Any]

  init(_ data: Data) throws { root = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:] }

  func value(_ path: [String]) -> Any? {
    var value: Any? = root
    for key in path { value = (value as? [String: Any])?[key] }
    return value
  }
  subscript(_ path: String...) -> Double { (value(path) as? NSNumber)?.doubleValue ?? .nan }
}
