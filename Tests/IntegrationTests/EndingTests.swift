import Foundation
import Testing

/// A run that is ended from outside, at a moment when all of its processes are at work: its reader takes a few frames and
/// then no more, so the run stands still in the middle.
struct EndingTests {
  static func start(_ box: Sandbox, _ arguments: [String] = [], file: Bool = false) throws -> Spawned {
    try box.write(
      "long.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.long)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 20, opacity: 0.75 } ] } ] }
      """)
    let run = try box.start(
      ["render", "long.json5", "-o", "-", "--format", "y4m", "--progress", "none"] + arguments, output: .pipe)
    try #require(run.read(500_000).count == 500_000, "\(run.errors)")
    return run
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalEndsEverything(_ signal: Int32) throws {
    let box = try Sandbox()
    let run = try Self.start(box)
    #expect(box.processes.count >= 4)
    run.signal(signal)
    #expect(run.wait(within: 1) == 130)
    box.expectOneLine(run.errors, ["interrupted"])
    box.expectNothingLeft()
  }

  /// Whenever it comes: while files are looked at, while workers start.
  @Test func anEarlySignalEndsEverything() throws {
    let box = try Sandbox()
    try box.write("cut.json5", CutListTests.project([.init(source: Clips.bframes, at: 0, from: 0, duration: 1)]))
    for round in 0..<12 {
      let run = try box.start(["render", "cut.json5", "--encoder-command", "exec sleep 60", "--progress", "none"])
      // Moments, not a wait for something.
      usleep(useconds_t(20_000 + round * 25_000))
      run.signal(SIGINT)
      #expect(run.wait(within: 2) == 130, "round \(round)")
      box.expectOneLine(run.errors, ["interrupted"])
    }
    box.expectNothingLeft()
  }

  /// `nohup sluice render …` goes on when its terminal is closed.
  @Test func whatIsIgnoredStaysIgnored() throws {
    let box = try Sandbox()
    try box.write("cut.json5", CutListTests.project([.init(source: Clips.long, at: 0, from: 0, duration: 5)]))
    let run = try Spawned(
      "/bin/sh",
      [
        "-c", "trap '' HUP INT; exec \"$0\" \"$@\"", Sandbox.program, "render", "cut.json5", "-o", "-", "--format", "y4m",
        "--progress", "none",
      ],
      environment: box.environment, directory: box.directory, output: .pipe)
    let first = run.read(500_000)
    for signal in [SIGHUP, SIGINT] {
      run.signal(signal)
      for worker in Processes.children(of: run.pid, named: "sluice-decoder") { kill(worker, signal) }
    }
    let bytes = first + run.readAll()
    #expect(run.wait() == 0, "\(run.errors)")
    #expect(Y4M(bytes).frames.count == 120 && run.errors.isEmpty, "\(run.errors)")
    box.expectNothingLeft()
  }

  @Test(arguments: ["out.y4m", "out.mp4"])
  func aSignalLeavesNoOutput(_ output: String) throws {
    let box = try Sandbox()
    try box.write(
      "long.json5", CutListTests.project((0..<10).map { .init(source: Clips.long, at: Double($0) * 20, from: 0, duration: 20) }))
    let run = try box.start(["render", "long.json5", "-o", output, "--progress", "json"])
    #expect(eventually(within: 20) { run.errors.contains("\"frames\"") && !run.errors.hasSuffix("\"frames\": 0") })
    run.signal(SIGINT)
    #expect(run.wait(within: 1) == 130, "\(run.errors.suffix(300))")
    #expect(!box.exists(output))
    box.expectNothingLeft()
  }

  /// Ctrl-C goes to the whole group of the terminal, the external encoder not among it.
  @Test func aSignalEndsAnExternalEncoder() throws {
    let box = try Sandbox()
    try box.write("cut.json5", CutListTests.project([.init(source: Clips.bframes, at: 0, from: 0, duration: 1)]))
    let run = try box.start(
      ["render", "cut.json5", "--encoder-command", "cat > /dev/null; touch ready; exec sleep 60", "--progress", "none"])
    #expect(eventually(within: 20) { box.exists("ready") })
    run.signal(SIGINT)
    #expect(run.wait(within: 1) == 130)
    box.expectOneLine(run.errors, ["interrupted"])
    box.expectNothingLeft()
  }

  @Test func killedSupervisorTakesItsWorkersAlong() throws {
    let box = try Sandbox()
    let run = try Self.start(box)
    let workers = ["sluice-decoder", "sluice-renderer", "sluice-encoder"].flatMap { Processes.children(of: run.pid, named: $0) }
    #expect(workers.count >= 3)
    run.signal(SIGKILL)
    #expect(run.wait(within: 1) == 1009)
    #expect(eventually(within: 1) { box.processes.isEmpty })
    box.expectNoParts()
    // Its directory lies there until the next start, or until it is swept.
    #expect(box.runs.count == 1)
    try box.render(["grid", Clips.png, "-o", "a.y4m", "--duration", "0.2", "--canvas", "64x64"])
    #expect(box.runs == [])
  }

  @Test func cleanSweepsWhatAKilledRunLeft() throws {
    let box = try Sandbox()
    let dead = try Self.start(box)
    let alive = try Self.start(box)
    dead.signal(SIGKILL)
    dead.wait(within: 1)
    #expect(box.runs.count == 2)
    let clean = try box.sluice(["clean"])
    #expect(clean.status == 0 && clean.errors.contains("1 ended run"), "\(clean.errors)")
    #expect(box.runs.count == 1)
    // A run that is at work keeps its directory, and its attach socket.
    alive.signal(SIGTERM)
    #expect(alive.wait(within: 1) == 130)
    box.expectNothingLeft()
  }
}
