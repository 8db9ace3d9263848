import CSluice
import Foundation
import SystemBase
import Testing

/// Workers that end before and after each store and each send of the slot protocol: the output is the same.
struct KillPointTests {
  /// Points that a worker of the role passes, those that come without any work between others.
  static func points(_ role: String) -> [KillPoint] {
    switch role {
    case "decoder":
      [
        .attachHello, .fillBefore, .fillAfter, .attachLease, .publishBeforeDone, .publishAfterDone, .readyBeforeSend,
        .publishBeforeSend, .publishAfterSend, .readyAfterSend, .releaseBeforeStore, .releaseAfterStore, .take,
        .releaseBeforeSend, .releaseAfterSend, .endBeforeSend, .endAfterSend,
      ]
    case "renderer":
      [
        .attachHello, .fillBefore, .fillAfter, .attachLease, .publishBeforeDone, .readyBeforeSend, .publishAfterDone,
        .readyAfterSend, .publishBeforeSend, .take, .publishAfterSend,
      ]
    case "audio":
      [
        .attachHello, .fillBefore, .fillAfter, .attachLease, .publishBeforeDone, .readyBeforeSend, .publishAfterDone,
        .readyAfterSend, .publishBeforeSend, .take, .publishAfterSend,
      ]
    default:
      [
        .attachHello, .beginBefore, .beginAfter, .attachLease, .readBefore, .readAfter, .readyBeforeSend, .releaseBeforeStore,
        .releaseAfterStore, .readyAfterSend, .releaseBeforeSend, .releaseAfterSend, .take, .finishedBeforeSend,
        .finishedAfterSend,
      ]
    }
  }

  /// Streams that begin and end, frames that are drawn and such that are not, segments.
  static func project(_ box: Sandbox) throws {
    var clips: [String] = []
    for (index, source) in [Clips.bframes, Clips.mandelbrot, Clips.openGOP, Clips.png, Clips.bframes].enumerated() {
      clips.append("{ source: \"s\(index)\", at: \(index), duration: 1\(index == 2 ? ", opacity: 0.5" : "") }")
      try box.write("s\(index)", source)
    }
    let sources = [Clips.bframes, Clips.mandelbrot, Clips.openGOP, Clips.png, Clips.bframes].enumerated()
      .map { "s\($0.offset): \"\($0.element)\"" }.joined(separator: ", ")
    try box.write(
      "p.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 }, sources: { \(sources), talk: "\(Clips.flashMP4)" },
        tracks: [ { kind: "video", clips: [ \(clips.joined(separator: ", ")) ] },
          { kind: "audio", clips: [ { source: "talk", at: 0, duration: 5, speed: 1.1 } ] } ] }
      """)
    try box.write("launch.json5", Self.patient)
  }

  /// Many deaths in a row are wanted here.
  static let patient =
    "{ workers: { decoder: { restarts: 1000 }, renderer: { restarts: 1000 }, encoder: { restarts: 1000 }, "
    + "audio: { restarts: 1000 } } }"

  @Test(arguments: ["decoder", "renderer", "encoder", "audio"])
  func aDeathAtAnyPoint(_ role: String) throws {
    let box = try Sandbox()
    try Self.project(box)
    let arguments = ["render", "p.json5", "--codec", "libx264", "--preset", "ultrafast", "--encoders", "2"]
    try box.render(arguments + ["-o", "whole.mkv"])
    let points = Self.points(role)
    let entries = try points.enumerated().map { index, point in
      // Some are passed once in a process, the others are more telling at the second time.
      let once = ["attach", "ready", "begin", "finished", "end"].contains { point.rawValue.hasPrefix($0) }
      return "\(role):\(point.rawValue):\(once ? 1 : 2):kill:\(try box.write("flag-\(index)", ""))"
    }
    let run = try box.sluice(
      arguments + ["-o", "hurt.mkv", "--launch", "launch.json5", "--stats", "stats.json", "--progress", "none"],
      environment: ["SLUICE_KILL_POINT": entries.joined(separator: ",")])
    #expect(run.status == 0, "\(run.errors)")
    let left = points.indices.filter { box.exists("flag-\($0)") }
    #expect(left == [], "never armed: \(left.map { points[$0].rawValue })")
    let same = try box.data("hurt.mkv") == box.data("whole.mkv")
    #expect(same, "the bytes differ")
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["slots", "leaked"] == 0)
    // One that ends when the sound is whole needs no successor.
    let needed = role == "audio" || role == "encoder" ? points.count - 1...points.count : points.count...points.count
    #expect(needed.contains(Int(statistics["restarts"])), "\(run.errors)")
    box.expectNothingLeft()
  }

  /// A point that no test passes would prove nothing.
  @Test func everyPointIsTried() {
    let tried = Set(["decoder", "renderer", "encoder", "audio"].flatMap(Self.points))
    // NEED is said only where a codec holds more pictures than its kind usually does; the scheduler's simulation has it.
    #expect(Set(KillPoint.allCases).subtracting(tried) == [.needBeforeSend, .needAfterSend])
  }

  @Test func theModelNamesTheSamePoints() throws {
    let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../ipc-schema/model/slots.pml")
    let lines = try String(contentsOf: model, encoding: .utf8).split(separator: "\n")
    let names = lines.filter { $0.hasPrefix(" *   point ") }.map { String($0.split(separator: " ")[2]) }
    #expect(names.sorted() == KillPoint.allCases.map(\.rawValue).sorted())
  }
}

/// What is said and not heard, and work that is not done.
struct LossTests {
  /// Every message lost in both directions, or every second, third: the logs hold them.
  @Test(arguments: [1, 2, 3])
  func lostMessagesCostTimeOnly(_ every: Int) throws {
    let box = try Sandbox()
    try KillPointTests.project(box)
    let arguments = ["render", "p.json5", "--codec", "libx264", "--preset", "ultrafast", "--to", every == 1 ? "1" : "3"]
    try box.render(arguments + ["-o", "whole.mkv"])
    let run = try box.sluice(
      arguments + ["-o", "deaf.mkv", "--stats", "stats.json", "--progress", "none"],
      environment: ["SLUICE_LOSE_MESSAGES": "\(every)"])
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    let same = try box.data("deaf.mkv") == box.data("whole.mkv")
    #expect(same)
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["slots", "leaked"] == 0)
    #expect(statistics["restarts"] == 0)
  }

  /// It sends heartbeats, its work stands still.
  @Test(arguments: ["decoder:publish.before-done", "renderer:fill.before", "encoder:read.before", "audio:fill.before"])
  func hungWorkIsIssuedAgain(_ point: String) throws {
    let box = try Sandbox()
    try KillPointTests.project(box)
    let role = String(point.split(separator: ":")[0])
    try box.write("hang.json5", "{ workers: { \(role): { progressSeconds: 2 } } }")
    let arguments = ["render", "p.json5", "--codec", "libx264", "--preset", "ultrafast"]
    try box.render(arguments + ["-o", "whole.mkv"])
    let flag = try box.write("flag", "")
    let run = try box.sluice(
      arguments + ["-o", "hung.mkv", "--launch", "hang.json5", "--progress", "none", "--stats", "stats.json"],
      environment: ["SLUICE_KILL_POINT": "\(point):9:hang:\(flag)"])
    #expect(run.status == 0, "\(run.errors)")
    box.expectOneLine(run.errors, ["\(role)-", "no progress for 2 s"])
    let same = try box.data("hung.mkv") == box.data("whole.mkv")
    #expect(same)
    box.expectNothingLeft()
  }

  /// An orderly end in the middle of the work is a death like any other.
  @Test func aWorkerThatLeavesByItself() throws {
    let box = try Sandbox()
    try KillPointTests.project(box)
    let flag = try box.write("flag", "")
    let run = try box.sluice(
      ["render", "p.json5", "-o", "a.y4m", "--no-audio", "--progress", "none"],
      environment: ["SLUICE_KILL_POINT": "decoder:publish.after-done:9:exit:\(flag)"])
    #expect(run.status == 0, "\(run.errors)")
    box.expectOneLine(run.errors, ["decoder-0 ended with exit status 0", "started again"])
  }
}
