import Foundation
import Testing

/// Workers that die or hang in the middle of a run.
struct RecoveryTests {
  private static let whole: Data = {
    do {
      let box = try Sandbox()
      let run = try EndingTests.start(box)
      // The bytes that were read already are the first of the same output.
      let rest = run.readAll()
      guard run.wait() == 0 else { return Data() }
      return rest
    } catch { return Data() }
  }()

  /// Renders with `harm` done in the middle; expects the bytes of an undisturbed run and `restarts` in the statistics.
  private func survives(
    _ program: String, _ number: Int32, arguments: [String] = [], say: String, location: SourceLocation = #_sourceLocation
  ) throws {
    let box = try Sandbox()
    let run = try EndingTests.start(box, ["--stats", "stats.json"] + arguments)
    let victims = Processes.children(of: run.pid, named: program)
    let victim = try #require(victims.first, sourceLocation: location)
    kill(victim, number)
    // Only what runs can be missed: the reader goes on.
    let bytes = run.readAll()
    #expect(run.wait() == 0, "\(run.errors)", sourceLocation: location)
    #expect(!Self.whole.isEmpty && bytes == Self.whole, "the bytes differ", sourceLocation: location)
    box.expectOneLine(run.errors, [say], location: location)
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["restarts"] == 1, sourceLocation: location)
    #expect(statistics["slots", "leaked"] == 0, sourceLocation: location)
    box.expectNothingLeft(location: location)
  }

  @Test func aDecoderDies() throws {
    try survives("sluice-decoder", SIGKILL, say: "decoder-0 ended with signal 9")
  }

  @Test func aRendererDies() throws {
    try survives("sluice-renderer", SIGKILL, say: "renderer-0 ended with signal 9")
    try survives("sluice-renderer", SIGKILL, arguments: ["--renderers", "3"], say: "ended with signal 9")
  }

  @Test func aStoppedWorkerIsReplaced() throws {
    for (role, program) in [("decoder", "sluice-decoder"), ("renderer", "sluice-renderer")] {
      let box = try Sandbox()
      let launch = try box.write("launch.json5", "{ workers: { \(role): { deadlineSeconds: 3 } } }")
      try survives(program, SIGSTOP, arguments: ["--launch", launch], say: "no heartbeat for 3 s")
    }
  }

  @Test func aDecoderThatDiesAgainAndAgain() throws {
    let box = try Sandbox()
    let launch = try box.write("launch.json5", "{ workers: { decoder: { restarts: 0 } } }")
    let run = try EndingTests.start(box, ["--launch", launch])
    kill(try #require(Processes.children(of: run.pid, named: "sluice-decoder").first), SIGKILL)
    _ = run.readAll()
    #expect(run.wait() == 70)
    box.expectOneLine(run.errors, ["decoder-0", "signal 9"])
    box.expectNothingLeft()
  }

  /// What an encoder has written into a pipe is known, and comes once.
  @Test func anEncoderOfAPipeDies() throws {
    try survives("sluice-encoder", SIGKILL, say: "frames are rendered again")
  }

  /// Encoded segments are done again.
  @Test(arguments: ["sluice-decoder", "sluice-renderer", "sluice-encoder"])
  func anEncodedFileIsTheSame(_ program: String) throws {
    let box = try Sandbox()
    try box.write(
      "p.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.long)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 20, opacity: 0.5 } ] } ] }
      """)
    let arguments = ["render", "p.json5", "--codec", "libx264", "--preset", "medium", "--encoders", "2"]
    try box.render(arguments + ["-o", "whole.mkv"])
    let run = try box.start(arguments + ["-o", "hurt.mkv", "--stats", "stats.json", "--progress", "json"])
    // The first progress line with frames: everybody is at work.
    let working = eventually(within: 30) {
      run.errors.split(separator: "\n").contains {
        (try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["frames"] as? Int ?? 0 > 20
      }
    }
    #expect(working, "\(run.errors)")
    let victim = try #require(Processes.children(of: run.pid, named: program).first)
    kill(victim, SIGKILL)
    #expect(run.wait() == 0, "\(run.errors)")
    let same = try box.data("hurt.mkv") == box.data("whole.mkv")
    #expect(same)
    #expect(try Statistics(box.data("stats.json"))["restarts"] == 1)
    box.expectNothingLeft()
  }
}
