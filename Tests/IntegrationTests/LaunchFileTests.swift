import Foundation
import Testing

/// Every ready file in launch/ does what it says.
struct LaunchFileTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../launch").standardizedFileURL.path

  private func project(_ box: Sandbox) throws {
    try box.write(
      "p.json5",
      CutListTests.project([
        .init(source: Clips.bframes, at: 0, from: 0, duration: 1),
        .init(source: Clips.mandelbrot, at: 1, from: 0, duration: 1),
      ]))
  }

  @Test func theSameBytesWhoeverWorks() throws {
    let box = try Sandbox()
    try project(box)
    try box.render(["render", "p.json5", "-o", "whole.mp4", "--no-cache"])
    for name in ["export", "many-core", "per-source"] {
      let statistics = try box.render(
        ["launch", "\(Self.folder)/\(name).json5", "p.json5", "-o", "\(name).mp4", "--no-cache"])
      #expect(try box.data("\(name).mp4") == box.data("whole.mp4"), "\(name)")
      let workers = statistics.value(["workers"]) as? [[String: Any]] ?? []
      let decoders = workers.count { $0["role"] as? String == "decoder" }
      if name == "per-source" { #expect(decoders == 2) }
      if name == "many-core" { #expect(decoders == 6) }
      #expect(statistics["droppedFrames"] == 0)
    }
  }

  @Test func anExternalFFmpegEncodes() throws {
    let box = try Sandbox()
    try project(box)
    try box.render(["launch", Self.folder + "/external-ffmpeg.json5", "p.json5", "-o", "out.mp4", "--no-cache"])
    try box.render(["render", "p.json5", "-o", "raw.y4m", "--no-cache"])
    let coded = try Reference(box.path("out.mp4")).frames
    let raw = Y4M(try box.data("raw.y4m")).frames
    #expect(coded.count == 48 && raw.count == 48)
    #expect(psnr(coded, raw) > 35)
  }

  /// A viewer that keeps up gets everything in real time; one that does not gets the newest, and the run still ends in time.
  @Test func aLivePreviewGivesUpWhatNobodyTakes() throws {
    let box = try Sandbox()
    try box.write(
      "p.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.long)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 6, opacity: 0.75 } ] } ] }
      """)
    let arguments = [
      "launch", Self.folder + "/low-latency.json5", "p.json5", "-o", "-", "--format", "y4m", "--progress", "none", "--stats",
      "stats.json",
    ]
    let run = try box.start(arguments, output: .pipe)
    var data = run.read(500_000)
    #expect(data.count == 500_000)
    // Nobody reads: what is finished is given up, and the preview goes on.
    func state() throws -> [String: Any] { try #require(try AttachTests.list(box).first) }
    #expect(eventually(within: 30) { ((try? state()["frames"] as? Int) ?? 0) >= 100 })
    data += run.readAll()
    #expect(run.wait() == 0, "\(run.errors)")
    let statistics = try Statistics(box.data("stats.json"))
    let dropped = statistics["droppedFrames"]
    let frames = Y4M(data).frames
    #expect(dropped > 0 && Double(frames.count) + dropped == 144, "\(frames.count) frames, \(dropped) given up")
    #expect(statistics["frames"] == Double(frames.count) && statistics["slots", "leaked"] == 0)
    // Six seconds of preview are not done before their time.
    #expect(statistics["wallSeconds"] > 5.5)
    // What came is a selection of the frames of a render that blocks, in their order.
    try box.render(["render", "p.json5", "-o", "whole.y4m", "--no-cache"])
    var whole = Y4M(try box.data("whole.y4m")).frames[...]
    for frame in frames {
      guard let at = whole.firstIndex(of: frame) else {
        Issue.record("a frame is not of this render, or out of order")
        break
      }
      whole = whole[(at + 1)...]
    }
    try box.refuses(
      ["launch", Self.folder + "/low-latency.json5", "p.json5", "-o", "out.mp4"], 65, "a file takes every frame")
  }

  /// The unit is one that systemd takes, where systemd is there.
  @Test(.enabled(if: access("/usr/bin/systemd-analyze", X_OK) == 0))
  func theServiceUnit() throws {
    let box = try Sandbox()
    let unit = try String(contentsOfFile: Self.folder + "/sluice@.service", encoding: .utf8)
      .replacingOccurrences(of: "/usr/local/bin/sluice ", with: Sandbox.program + " ")
      .replacingOccurrences(of: "Documentation=man:sluice(1)\n", with: "")
    try box.write("sluice@.service", unit)
    let check = try Spawned(
      "/usr/bin/systemd-analyze", ["verify", box.path("sluice@.service")], environment: box.environment,
      directory: box.directory)
    #expect(check.wait(within: 30) == 0, "\(check.errors)")
    #expect(!check.errors.contains("sluice@.service:"), "\(check.errors)")
  }
}
