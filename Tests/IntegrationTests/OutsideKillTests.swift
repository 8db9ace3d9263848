import Foundation
import Testing

/// Signals from outside say nothing about what a worker was at.
struct OutsideKillTests {
  private func box() throws -> Sandbox {
    let box = try Sandbox()
    try box.write(
      "p.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.bframes)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 2, opacity: 0.5 } ] } ] }
      """)
    return box
  }

  /// The one worker of its kind is ended thirty times at the same picture: the first time in the middle, its successors at once.
  @Test(arguments: ["decoder:publish.before-done", "renderer:publish.before-done"])
  func aHealthyFileIsRenderedAllTheSame(_ point: String) throws {
    let box = try box()
    let arguments = [
      "render", "p.json5", "--codec", "libx264", "--preset", "ultrafast", "--decoders", "1", "--renderers", "1", "--no-audio",
    ]
    try box.render(arguments + ["-o", "whole.mkv"])
    let entries = try (0..<30).map { "\(point):\($0 == 0 ? 10 : 1):kill:\(try box.write("flag-\($0)", ""))" }
    let run = try box.sluice(
      arguments + ["-o", "hurt.mkv", "--stats", "stats.json", "--progress", "none"],
      environment: ["SLUICE_KILL_POINT": entries.joined(separator: ",")])
    #expect(run.status == 0, "\(run.errors)")
    let same = try box.data("hurt.mkv") == box.data("whole.mkv")
    #expect(same, "the bytes differ")
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["restarts"] == 30 && statistics["slots", "leaked"] == 0)
    let lines = run.errors.split(separator: "\n")
    #expect(
      lines.count == 30 && lines.allSatisfy { $0.contains("ended with signal 9") && !$0.contains("bframes") }, "\(run.errors)")
    box.expectNothingLeft()
  }

  /// It has an end: who ends the worker again and again is not found here, and no file is named for it.
  @Test func endlessKillsEndTheRun() throws {
    let box = try box()
    let entries = try (0..<101).map { "decoder:publish.before-done:1:kill:\(try box.write("flag-\($0)", ""))" }
    // One lane, hence one decode thread: beside it a second could publish a picture while the process dies, which is progress.
    let run = try box.sluice(
      ["render", "p.json5", "-o", "out.mkv", "--decoders", "1", "--encoders", "1", "--no-audio", "--progress", "none"],
      environment: ["SLUICE_KILL_POINT": entries.joined(separator: ",")])
    #expect(run.status == 70, "\(run.errors)")
    let last = run.errors.split(separator: "\n").last ?? ""
    #expect(last.contains("decoder-0 was ended from outside 101 times in a row") && !run.errors.contains("bframes"), "\(last)")
    #expect(!box.exists("out.mkv"))
    box.expectNothingLeft()
  }
}
