import Foundation
import Testing

/// Filter workers that die, hang or talk nonsense while a render runs.
struct FilterRecoveryTests {
  private static let project = """
    { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.long)" },
      tracks: [ { kind: "video", clips: [
        { source: "a", at: 0, duration: 20, opacity: 0.75, effects: [ { worker: "invert", parameters: { planes: [1, 2] } } ] } ] } ],
      output: { effects: [ { worker: "invert", parameters: { planes: [0] } } ] } }
    """

  private static func start(_ box: Sandbox, _ arguments: [String]) throws -> Spawned {
    try box.write("long.json5", project)
    return try box.start(
      ["render", "long.json5", "-o", "-", "--format", "y4m", "--progress", "none", "--stats", "stats.json"] + arguments,
      output: .pipe)
  }

  /// Of a run that nobody disturbs.
  private static let whole: Data = {
    do {
      let box = try Sandbox()
      let run = try start(box, try FilterTests.launch(box, FilterTests.Language.c.command))
      let bytes = run.readAll()
      return run.wait() == 0 ? bytes : Data()
    } catch { return Data() }
  }()

  /// Expects the bytes of the undisturbed run, so many restarts, and one line for each.
  private func finish(
    _ box: Sandbox, _ run: Spawned, _ first: Data, restarts: Double, _ say: [String], location: SourceLocation = #_sourceLocation
  ) throws {
    let bytes = first + run.readAll()
    #expect(run.wait() == 0, "\(run.errors)", sourceLocation: location)
    #expect(!Self.whole.isEmpty && bytes == Self.whole, "the bytes differ", sourceLocation: location)
    box.expectOneLine(run.errors, say, location: location)
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["restarts"] == restarts, sourceLocation: location)
    #expect(statistics["slots", "leaked"] == 0, sourceLocation: location)
    box.expectNothingLeft(location: location)
  }

  private func workers(_ box: Sandbox) -> [pid_t] {
    let ours = Set(box.processes)
    return Processes.withEnvironment("SLUICE_FILTER=invert").filter(ours.contains).sorted()
  }

  private func survives(_ number: Int32, _ language: FilterTests.Language, _ more: String, _ say: [String]) throws {
    let box = try Sandbox()
    let run = try Self.start(box, try FilterTests.launch(box, language.command, more))
    let first = run.read(500_000)
    try #require(first.count == 500_000, "\(run.errors)")
    kill(try #require(workers(box).first), number)
    try finish(box, run, first, restarts: 1, say)
  }

  @Test(arguments: FilterTests.Language.allCases)
  func oneThatIsKilledIsReplaced(_ language: FilterTests.Language) throws {
    try survives(SIGKILL, language, "", ["invert-0 ended with signal 9"])
  }

  /// Nobody serves the filter: the render says how to attach one, waits, and goes on when one comes; also when that one leaves.
  @Test func oneMayAttachByItself() throws {
    let box = try Sandbox()
    let run = try Self.start(box, [])
    func workerOf(_ command: String) throws -> Spawned {
      try Spawned("sh", ["-c", "exec \(command)"], environment: box.environment, directory: box.directory)
    }
    #expect(eventually(within: 20) { run.errors.contains("\n") }, "\(run.errors)")
    let words = run.errors.split(separator: " ")
    let socket = try #require(words.firstIndex(of: "--socket").map { words[$0 + 1] })
    #expect(run.errors.contains("filter \"invert\" has no worker, the render waits for one"), "\(run.errors)")
    let other = try workerOf("python3 -B '\(FilterTests.examples)/worker.py' --socket \(socket) --role filter --filter other")
    #expect(other.wait() == 1 && other.errors.contains("refused: role"), "\(other.errors)")
    let python = try workerOf("python3 -B '\(FilterTests.examples)/worker.py' --socket \(socket) --role filter --filter invert")
    let first = run.read(500_000)
    try #require(first.count == 500_000, "\(run.errors) \(python.errors)")
    let second = try workerOf("'\(FilterTests.workerInC)' --socket \(socket) --role filter")
    #expect(eventually(within: 20) { run.errors.contains("filter-1 (process \(second.pid)) attached") }, "\(run.errors)")
    kill(python.pid, SIGKILL)
    let bytes = first + run.readAll()
    #expect(run.wait() == 0, "\(run.errors)")
    #expect(bytes == Self.whole, "the bytes differ")
    #expect(run.errors.contains("filter-0 (process \(python.pid)), which had attached by itself, has left"), "\(run.errors)")
    #expect(second.wait(within: 5) == 0, "\(second.errors)")
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["slots", "leaked"] == 0)
    #expect(statistics["restarts"] == 0)
    box.expectNothingLeft()
  }

  @Test func ofTwoTheOtherGoesOn() throws {
    try survives(SIGKILL, .c, "count: 2", ["ended with signal 9"])
  }

  @Test func oneThatIsStoppedIsReplaced() throws {
    try survives(SIGSTOP, .c, "deadlineSeconds: 1", ["invert-0 ended with", "1 s"])
  }

  /// The example with a fault put into its first life.
  private static func faulty(_ box: Sandbox, _ fault: String) throws -> String {
    let script = try box.write(
      "faulty.py",
      """
      import os, sys, time
      sys.path.insert(0, "\(FilterTests.examples)")
      import worker, sluice_ipc as ipc
      flag = "\(box.path("lived"))"
      honest = worker.process
      count = 0
      if not os.path.exists(flag):
          def process(picture, out, parameters, frame):
              global count
              count += 1
              honest(picture, out, parameters, frame)
              if count == 20:
                  open(flag, "w").close()
                  \(fault)
          worker.process = process
      worker.main()
      """)
    return "[\"python3\", \"-B\", \"\(script)\"]"
  }

  @Test(arguments: [
    ("out.head.magic = 0", "another size or format"), ("out.head.width += 2", "another size or format"),
    ("out.head.plane[1].offset = 1 << 40", "another size or format"), ("os._exit(3)", "exit status 3"),
    ("os.abort()", "signal 6"), ("time.sleep(1000)", "for 2 s"),
    ("w.post(ipc.Message(type=ipc.MSG_DONE, slot=0, generation=1, count=1))", "which its lease does not show"),
    ("w.post(ipc.Message(type=77))", "type 77"),
  ])
  func nonsenseCostsTheWorkerItsLife(_ fault: String, _ say: String) throws {
    let box = try Sandbox()
    // The worker itself, for faults that speak.
    let fault = fault.replacingOccurrences(
      of: "w.post", with: "[o for o in __import__('gc').get_objects() if isinstance(o, worker.Worker)][0].post")
    let deadline = fault.contains("sleep") ? "deadlineSeconds: 2" : ""
    let run = try Self.start(box, try FilterTests.launch(box, Self.faulty(box, fault), deadline))
    try finish(box, run, Data(), restarts: 1, ["invert-0 ended with", say])
  }

  /// A worker that says that it cannot: the render ends with its reason, the filter, the clip, its time and the frame.
  @Test func aFailureNamesFilterClipAndFrame() throws {
    let box = try Sandbox()
    let run = try Self.start(
      box, try FilterTests.launch(box, Self.faulty(box, "raise RuntimeError('no model for this')")))
    _ = run.readAll()
    #expect(run.wait() == 70)
    box.expectOneLine(run.errors, ["output frame ", ", at 00:00:00.", "filter \"invert\"", "RuntimeError: no model for this"])
    box.expectNothingLeft()
  }

  @Test func oneThatDiesAgainAndAgainEndsTheRun() throws {
    let box = try Sandbox()
    let run = try Self.start(box, try FilterTests.launch(box, Self.faulty(box, "os._exit(3)"), "restarts: 0"))
    _ = run.readAll()
    #expect(run.wait() == 70)
    box.expectOneLine(run.errors, ["invert-0 ended again and again, at last with exit status 3", "filter \"invert\""])
    box.expectNothingLeft()
  }
}
