import Foundation
import Testing

/// Runs as others see them, and workers that join and leave: the output's bytes stay what they are.
struct AttachTests {
  /// A run in a sandbox that stands still in the middle, because its reader has taken a few frames and waits.
  struct Standing {
    let box: Sandbox
    let run: Spawned
    let read: Data

    init(_ arguments: [String] = [], launch: String? = nil) throws {
      let box = try Sandbox()
      self.box = box
      let launched = try launch.map { ["--launch", try box.write("launch.json5", $0)] } ?? []
      try box.write(
        "p.json5",
        """
        { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.long)" },
          tracks: [ { kind: "video", clips: [
            { source: "a", at: 0, duration: 5, opacity: 0.75 },
            { source: "a", at: 5, in: 1, duration: 5, opacity: 0.5 } ] } ] }
        """)
      run = try box.start(
        ["render", "p.json5", "-o", "-", "--format", "y4m", "--progress", "none", "--stats", "stats.json"] + arguments
          + launched, output: .pipe)
      read = run.read(500_000)
      try #require(read.count == 500_000, "\(run.errors)")
    }

    func state(location: SourceLocation = #_sourceLocation) throws -> [String: Any] {
      let list = try AttachTests.list(box, location: location)
      return try #require(list.first, sourceLocation: location)
    }

    var name: String { get throws { try #require(try state()["run"] as? String) } }
    var attachSocket: String { get throws { try #require(try state()["attachSocket"] as? String) } }

    func workers(location: SourceLocation = #_sourceLocation) throws -> [String: [String: Any]] {
      let workers = try state(location: location)["workers"] as? [[String: Any]] ?? []
      return Dictionary(workers.map { ($0["name"] as? String ?? "", $0) }, uniquingKeysWith: { $1 })
    }

    /// Lets the run go on to its end; expects the bytes of an undisturbed one, and nothing left.
    @discardableResult
    func finish(location: SourceLocation = #_sourceLocation) throws -> Statistics {
      let bytes = read + run.readAll()
      #expect(run.wait() == 0, "\(run.errors)", sourceLocation: location)
      #expect(!AttachTests.whole.isEmpty && bytes == AttachTests.whole, "the bytes differ", sourceLocation: location)
      let statistics = try Statistics(box.data("stats.json"))
      #expect(statistics["slots", "leaked"] == 0, sourceLocation: location)
      box.expectNothingLeft(location: location)
      return statistics
    }
  }

  private static let whole: Data = {
    do {
      let standing = try Standing()
      let bytes = standing.read + standing.run.readAll()
      return standing.run.wait() == 0 ? bytes : Data()
    } catch { return Data() }
  }()

  static func list(_ box: Sandbox, location: SourceLocation = #_sourceLocation) throws -> [[String: Any]] {
    let result = try box.sluice(["ps", "--json"])
    #expect(result.status == 0 && result.errors == "", sourceLocation: location)
    return try JSONSerialization.jsonObject(with: result.out) as? [[String: Any]] ?? []
  }

  @Test func nobodyAtWork() throws {
    let box = try Sandbox()
    let plain = try box.sluice(["ps"])
    #expect(plain.status == 0 && plain.out.isEmpty && plain.errors == "")
    #expect(try Self.list(box).isEmpty)
    try box.refuses(["stop", "abc"], 66, "abc: no such run", "sluice ps")
    try box.refuses(["attach", "abc", "--role", "decoder"], 66, "no such run")
    try box.refuses(["detach", "abc", "decoder-0"], 66, "no such run")
    try box.refuses(["attach", "abc"], 2, "no role is named")
    try box.refuses(["attach", "abc", "--role", "muxer"], 2, "decoder, renderer or encoder")
    try box.refuses(["attach", "abc", "--role", "decoder", "--count", "0"], 2, "--count")
  }

  @Test func aRunAsAUserSeesIt() throws {
    let standing = try Standing()
    let state = try standing.state()
    #expect(state["pid"] as? Int32 == standing.run.pid)
    #expect(state["project"] as? String == standing.box.path("p.json5"))
    #expect(state["output"] as? String == "standard output")
    #expect(state["totalFrames"] as? Int == 240)
    #expect((state["frames"] as? Int).map { $0 > 0 && $0 < 240 } == true)
    #expect(state["lanes"] as? Int == 1)
    #expect((state["memoryBudgetBytes"] as? Int ?? 0) == 1 << 30)
    let workers = try standing.workers()
    #expect(workers.keys.sorted() == ["decoder-0", "encoder-0", "renderer-0"])
    for (name, worker) in workers {
      #expect(worker["state"] as? String == "ready" && worker["origin"] as? String == "ours", "\(name)")
      #expect(worker["restarts"] as? Int == 0)
    }
    let text = try standing.box.sluice(["ps"])
    let lines = String(decoding: text.out, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 5 && lines[0].hasPrefix("RUN ") && lines[1].contains("/240 "), "\(lines)")
    #expect(lines[1].hasPrefix(try standing.name + " "))
    try standing.finish()
  }

  @Test(arguments: ["decoder", "renderer"])
  func aWorkerJoinsAndAnotherLeaves(_ role: String) throws {
    let standing = try Standing()
    let name = try standing.name
    let first = try standing.box.sluice(["attach", String(name.prefix(5)), "--role", role])
    #expect(first.status == 0 && first.errors == "", "\(first.errors)")
    #expect(String(decoding: first.out, as: UTF8.self) == "\(role)-1\n")
    let more = try standing.box.sluice(["attach", "\(standing.run.pid)", "--role", role, "--count", "2"])
    #expect(String(decoding: more.out, as: UTF8.self) == "\(role)-2\n\(role)-3\n", "\(more.errors)")
    #expect(try standing.workers()["\(role)-3"]?["state"] as? String == "ready")

    let old = try #require(try standing.workers()["\(role)-0"]?["pid"] as? Int32)
    #expect(try standing.box.sluice(["detach", name, "\(old)"]).status == 0)
    #expect(Processes.state(old) == nil)
    #expect(try standing.box.sluice(["detach", name, "\(role)-2"]).status == 0)
    #expect(try standing.workers().keys.filter { $0.hasPrefix(role) }.sorted() == ["\(role)-1", "\(role)-3"])
    // A number is not given twice.
    let last = try standing.box.sluice(["attach", name, "--role", role])
    #expect(String(decoding: last.out, as: UTF8.self) == "\(role)-4\n")

    let statistics = try standing.finish()
    #expect(standing.run.errors == "")
    #expect(statistics["restarts"] == 0)
    let named = (statistics.value(["workers"]) as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    #expect(named.filter { $0.hasPrefix(role) }.sorted() == (0...4).map { "\(role)-\($0)" })
  }

  @Test func whatIsRefused() throws {
    let standing = try Standing(["--memory", "100MiB"])
    let name = try standing.name
    func refused(_ arguments: [String], _ code: Int32, _ parts: String...) throws {
      let result = try standing.box.sluice(arguments)
      #expect(result.status == code, "\(arguments): \(result.errors)")
      standing.box.expectOneLine(result.errors, parts)
      #expect(result.out.isEmpty)
    }
    try refused(["attach", name, "--role", "renderer", "--count", "32"], 69, "--memory", "budget of 100 MiB")
    try refused(["attach", name, "--role", "encoder"], 69, "standard output", "one encoder")
    try refused(["detach", name, "renderer-0"], 75, "renderer-0", "only renderer", "attach another first")
    try refused(["detach", name, "rendrer-0"], 66, "no such worker", "did you mean renderer-0?")
    try refused(["detach", name, "1"], 66, "no such worker")
    try standing.finish()
  }

  @Test func aRunIsStopped() throws {
    let standing = try Standing()
    let result = try standing.box.sluice(["stop", try standing.name])
    #expect(result.status == 0 && result.errors == "" && result.out.isEmpty)
    // It has gone when the command ends.
    #expect(standing.run.wait(within: 1) == 130)
    standing.box.expectOneLine(standing.run.errors, ["stopped by sluice stop"])
    standing.box.expectNothingLeft()
  }

  @Test func twoRunsAtOnce() throws {
    let one = try Standing()
    let two = try one.box.start(
      ["render", "p.json5", "-o", "-", "--format", "y4m", "--progress", "none"], output: .pipe)
    let start = two.read(500_000)
    #expect(start.count == 500_000)
    let runs = try Self.list(one.box)
    #expect(Set(runs.compactMap { $0["pid"] as? Int32 }) == [one.run.pid, two.pid])
    let both = try one.box.sluice(["stop", ""])
    #expect(both.status == 66)
    #expect(try one.box.sluice(["attach", "\(two.pid)", "--role", "renderer"]).status == 0)
    #expect(try one.box.sluice(["stop", "\(one.run.pid)"]).status == 0)
    #expect(one.run.wait(within: 1) == 130)
    #expect(try Self.list(one.box).compactMap { $0["pid"] as? Int32 } == [two.pid])
    #expect(start + two.readAll() == Self.whole)
    #expect(two.wait() == 0)
    one.box.expectNothingLeft()
  }

  /// A killed supervisor's directory is no run; a stopped one's is a run that does not answer.
  @Test func deadAndStoppedRuns() throws {
    let standing = try Standing()
    standing.run.signal(SIGSTOP)
    let silent = try Self.list(standing.box)
    #expect(silent.count == 1 && silent.first?["state"] as? String == "silent")
    #expect(silent.first?["pid"] as? Int32 == standing.run.pid)
    standing.run.signal(SIGKILL)
    #expect(standing.run.wait(within: 1) == 1009)
    #expect(standing.box.runs.count == 1)
    #expect(try Self.list(standing.box).isEmpty)
    #expect(try standing.box.sluice(["clean"]).status == 0)
  }

  /// Encoders of segments come and go: the file is the same.
  @Test func encodersOfSegments() throws {
    let box = try Sandbox()
    try box.write(
      "p.json5",
      """
      { canvas: { width: 640, height: 360, fps: 24 }, sources: { a: "\(Clips.long)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 20, opacity: 0.5 } ] } ] }
      """)
    let arguments = ["render", "p.json5", "--codec", "libx264", "--preset", "medium", "--progress", "none"]
    try box.render(arguments + ["-o", "whole.mp4", "--encoders", "1"])
    let run = try box.start(arguments + ["-o", "out.mp4", "--encoders", "1", "--stats", "stats.json"])
    #expect(eventually(within: 20) { ((try? Self.list(box).first?["frames"] as? Int) ?? 0) > 10 })
    let added = try box.sluice(["attach", "\(run.pid)", "--role", "encoder"])
    #expect(added.status == 0 && String(decoding: added.out, as: UTF8.self) == "encoder-1\n", "\(added.errors)")
    #expect(try Self.list(box).first?["lanes"] as? Int == 2)
    let gone = try box.sluice(["detach", "\(run.pid)", "encoder-0"])
    #expect(gone.status == 0, "\(gone.errors)")
    #expect(run.wait() == 0, "\(run.errors)")
    #expect(try box.data("out.mp4") == box.data("whole.mp4"))
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["slots", "leaked"] == 0 && statistics["restarts"] == 0)
    box.expectNothingLeft()
  }
}
