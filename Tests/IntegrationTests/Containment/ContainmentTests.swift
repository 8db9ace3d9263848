import CSluice
import Foundation
import Testing

/// What each worker can still do, found out inside the real workers: a library preloaded into them (attempts.c) tries.
struct ContainmentTests {
  /// errno of every attempt, by name, of one worker.
  struct Report {
    var program: String
    var attempts: [(name: String, code: Int32)]
  }

  static func preload(_ box: Sandbox) throws -> String {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("attempts.c").path
    let library = box.path("attempts.so")
    try Clips.run("sh", ["-c", "$(command -v cc || echo clang) -O1 -shared -fPIC '\(source)' -ldl -o '\(library)'"])
    return library
  }

  /// A run in which every kind of worker is at work: probing, decoding, mixing, rendering, encoding, joining.
  private func attempts(contained: Bool) throws -> [Report] {
    let box = try Sandbox()
    let library = try Self.preload(box)
    try box.write("secret", "the user's own\n")
    let roles = ["decoder", "renderer", "encoder", "audio"].map { "\($0): { containment: \"\(contained ? "full" : "off")\" }" }
    try box.write("launch.json5", "{ workers: { \(roles.joined(separator: ", ")) } }")
    try box.write(
      "p.json5",
      """
      { canvas: { width: 160, height: 90, fps: 24 }, sources: { a: "\(Clips.bframes)", s: "\(Clips.flashMP4)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 1, opacity: 0.5 } ] },
          { kind: "audio", clips: [ { source: "s", at: 0, duration: 1, speed: 1.5, effects: [ { avfilter: "aecho" } ] } ] } ] }
      """)
    let result = try box.sluice(
      ["render", "p.json5", "-o", "out.mp4", "--encoders", "1", "--launch", "launch.json5", "--progress", "none"],
      environment: ["LD_PRELOAD": library, "SLUICE_TEST_DIRECTORY": box.directory])
    #expect(result.status == 0, "\(result.errors)")
    if contained {
      #expect(result.errors == "")
    } else {
      box.expectOneLine(result.errors, ["containment is off", "decoders, renderers, encoders, audio workers"])
    }
    box.expectNothingLeft()
    #expect(try String(decoding: box.data("secret"), as: UTF8.self) == "the user's own\n")
    return try FileManager.default.contentsOfDirectory(atPath: box.directory).filter { $0.hasPrefix("report-") }.map { name in
      let lines = try String(decoding: box.data(name).prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n")
      let entries = lines.compactMap { line in
        line.lastIndex(of: " ").map { (String(line[..<$0]), Int32(line[line.index(after: $0)...]) ?? -1) }
      }
      #expect(entries.last?.0 == "end", "\(name) is not complete")
      let program = (entries.first?.0 ?? "").replacingOccurrences(of: "program ", with: "")
      return Report(program: program, attempts: entries.dropFirst().dropLast().map { (name: $0.0, code: $0.1) })
    }
  }

  private static let everyone: Set<String> = [
    "sluice-decoder", "sluice-decoder-alone", "sluice-renderer", "sluice-encoder", "sluice-encoder-alone",
    "sluice-audio",
  ]
  private static let denials = [EPERM, EACCES, ENOSYS]

  @Test func aContainedWorkerCanDoNoneOfIt() throws {
    guard sluice_landlock_version() > 0, sluice_seccomp_available(), !sluice_is_sanitized() else { return }
    let reports = try attempts(contained: true)
    #expect(Set(reports.map(\.program)) == Self.everyone)
    for report in reports {
      #expect(report.attempts.count >= 50)
      for attempt in report.attempts {
        #expect(Self.denials.contains(attempt.code), "\(report.program): \(attempt.name): errno \(attempt.code)")
      }
    }
  }

  /// Without it everything that is asked of an ordinary user's process is allowed, but for cutting off shared memory.
  @Test func anUncontainedWorkerCanDoAllOfIt() throws {
    guard !sluice_is_sanitized() else { return }
    let reports = try attempts(contained: false)
    #expect(Set(reports.map(\.program)) == Self.everyone)
    for report in reports {
      for attempt in report.attempts where !attempt.name.hasPrefix("root: ") || getuid() == 0 {
        // Two that a kernel may have turned off for everybody.
        if ["io-uring", "keyctl", "root: perf", "root: bpf", "root: userfaultfd", "type-for-the-user"].contains(attempt.name) {
          continue
        }
        let isDenied = Self.denials.contains(attempt.code)
        #expect(isDenied == attempt.name.hasPrefix("sealed: "), "\(report.program): \(attempt.name): errno \(attempt.code)")
      }
    }
    let sealed = reports.flatMap(\.attempts).filter { $0.name.hasPrefix("sealed: ") }
    #expect(sealed.count >= 8, "lease and ring of decoder and renderer")
  }

  /// Of every thread of every worker, in the middle of a run; and what lies in the file system meanwhile.
  @Test func aRunThatIsAtWork() throws {
    let box = try Sandbox()
    let run = try EndingTests.start(box)
    for name in ["sluice-decoder", "sluice-renderer", "sluice-encoder"] {
      let workers = Processes.children(of: run.pid, named: name)
      #expect(!workers.isEmpty)
      for worker in workers {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/task")
        #expect(tasks.count >= 3)
        for task in tasks {
          let status = try String(contentsOfFile: "/proc/\(worker)/task/\(task)/status", encoding: .utf8)
          if sluice_is_sanitized() { continue }
          if sluice_landlock_version() > 0 { #expect(status.contains("NoNewPrivs:\t1")) }
          if sluice_seccomp_available() { #expect(status.contains("Seccomp:\t2")) }
        }
        let limits = try String(contentsOfFile: "/proc/\(worker)/limits", encoding: .utf8)
        let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"])
        var regions = 0
        for fd in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/fd") {
          let path = "/proc/\(worker)/fd/\(fd)"
          let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? ""
          #expect(!target.hasPrefix("/dev/shm"))
          guard target.hasPrefix("/memfd:sluice") else { continue }
          var status = stat()
          #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600 && status.st_nlink == 0)
          regions += 1
        }
        #expect(regions >= 4, "control, lease, plan, rings")
      }
    }
    func mode(_ path: String) -> mode_t {
      var status = stat()
      return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }
    let directory = box.runtime + "/sluice/" + (try #require(box.runs.first))
    #expect(mode(box.runtime + "/sluice") == 0o700 && mode(directory) == 0o700 && mode(directory + "/attach") == 0o600)
    if getuid() == 0 { try anotherUserIsRefused(box, directory) }
    run.signal(SIGTERM)
    #expect(run.wait(within: 1) == 130)
  }

  /// Even with the doors open: who comes in is asked for his papers.
  private func anotherUserIsRefused(_ box: Sandbox, _ directory: String) throws {
    let script = """
      import os, socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(10)
      if sys.argv[1] != '0': os.setgroups([]); os.setgid(65534); os.setuid(65534)
      try: s.connect(sys.argv[2])
      except PermissionError: print('denied'); raise SystemExit
      try:
        s.send(b'HLO1' + bytes([1, 0, 0, 0, 5, 0, 0, 0]) + bytes(20))
        print(len(s.recv(256)))
      except OSError: print(0)
      """
    func knock(_ uid: Int) throws -> String {
      let answer = try Clips.run("python3", ["-c", script, "\(uid)", directory + "/attach"])
      return String(decoding: answer, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    #expect(try knock(65534) == "denied")
    for path in [box.directory, box.runtime, box.runtime + "/sluice", directory] { chmod(path, 0o755) }
    chmod(directory + "/attach", 0o666)
    #expect(try knock(65534) == "0")
    #expect(try knock(0) == "256")
  }

  /// A worker that writes nonsense into its lease and its messages costs itself and the run, never the supervisor.
  @Test(arguments: ["sluice-decoder", "sluice-renderer", "sluice-encoder"])
  func garbageNeverBringsTheSupervisorDown(_ program: String) throws {
    guard !sluice_is_sanitized() else { return }
    let box = try Sandbox()
    let library = try Self.preload(box)
    try box.write(
      "launch.json5",
      "{ workers: { decoder: { deadlineSeconds: 1, restarts: 2 }, renderer: { deadlineSeconds: 1, restarts: 2 }, encoder: { deadlineSeconds: 1, restarts: 2 } } }"
    )
    try box.write(
      "p.json5",
      """
      { canvas: { width: 160, height: 90, fps: 24 }, sources: { a: "\(Clips.bframes)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 2, opacity: 0.5 } ] } ] }
      """)
    for _ in 0..<3 {
      let run = try box.start(
        ["render", "p.json5", "-o", "out.mp4", "-y", "--launch", "launch.json5", "--progress", "none"],
        environment: ["LD_PRELOAD": library, "SLUICE_TEST_DIRECTORY": box.directory, "SLUICE_TEST_GARBAGE": program])
      // A lie that is believed (a frame that is never released) may make it wait for ever; that is what Ctrl-C is for.
      let ended = eventually(within: 10) { Processes.state(run.pid) == nil }
      if !ended { run.signal(SIGTERM) }
      let status = run.wait(within: 5)
      #expect([0, 65, 66, 69, 70, 73, 130, 2].contains(status ?? -1), "\(String(describing: status)) \(run.errors)")
      for line in run.errors.split(separator: "\n") { #expect(line.hasPrefix("sluice: "), "\(line)") }
      box.expectNothingLeft()
    }
  }
}
