import Foundation
import Testing

/// What the program tells other programs.
struct ReportTests {
  @Test func statisticsHaveEveryPromisedName() throws {
    let box = try Sandbox()
    let statistics = try box.render([
      "grid", Clips.bframes, Clips.png, "-o", "out.mp4", "--canvas", "320x180", "--memory", "256MiB",
    ])
    for name in [
      "schema", "frames", "wallSeconds", "cpuSeconds", "fps", "peakMemoryBytes", "memoryBudgetBytes", "bytesCopiedPerFrame",
      "restarts",
    ] { #expect(!statistics[name].isNaN, "\(name)") }
    for name in ["run", "limitedBy"] { #expect((statistics.value([name]) as? String)?.isEmpty == false, "\(name)") }
    for name in ["total", "peakInUse", "leaked"] { #expect(!statistics["slots", name].isNaN, "slots.\(name)") }
    for name in ["rendered", "reused"] { #expect(!statistics["segments", name].isNaN, "segments.\(name)") }
    for stage in ["decode", "render", "encode", "audio"] {
      for name in ["frames", "busySeconds", "blockedSeconds", "directFrames", "fallbackFrames", "bypassedFrames", "reusedFrames"]
      {
        #expect(!statistics["stages", stage, name].isNaN, "stages.\(stage).\(name)")
      }
    }
    #expect(statistics["schema"] == 1 && statistics["frames"] == 48)
    #expect(statistics["memoryBudgetBytes"] == 268_435_456)
    #expect(statistics["peakMemoryBytes"] > 1_000_000 && statistics["peakMemoryBytes"] < 268_435_456)
    let workers = try #require(statistics.value(["workers"]) as? [[String: Any]])
    #expect(Set(workers.compactMap { $0["role"] as? String }) == ["decoder", "renderer", "encoder"])
    for worker in workers {
      for name in ["name", "role", "pid", "restarts", "peakPrivateBytes"] { #expect(worker[name] != nil, "workers.\(name)") }
    }
  }

  @Test func progressAsJSON() throws {
    let box = try Sandbox()
    try ContainerTests.project(box, seconds: 18)
    let result = try box.sluice(["render", "p.json5", "-o", "out.y4m", "--progress", "json"])
    #expect(result.status == 0)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count >= 2)
    for line in lines { #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) is [String: Any], "\(line)") }
    // Warnings and errors are lines of JSON, too.
    let failed = try box.sluice(["render", "p.json5", "-o", "/dev/full", "--format", "y4m", "--progress", "json"])
    #expect(failed.status == 73)
    for line in failed.errors.split(separator: "\n") {
      #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) is [String: Any], "\(line)")
    }
  }

  @Test func statisticsOnStandardOutput() throws {
    let box = try Sandbox()
    try ContainerTests.project(box, seconds: 0.5)
    let result = try box.sluice(["render", "p.json5", "-o", "out.y4m", "--stats", "-", "--progress", "none"])
    #expect(try Statistics(result.out)["frames"] == 12)
  }

  @Test func probeTellsWhatAClipHolds() throws {
    let box = try Sandbox()
    let result = try box.sluice(["probe", Clips.bframes, "--json"])
    #expect(result.status == 0 && result.errors == "")
    let probe = try Statistics(result.out)
    #expect(probe["video", "width"] == 320 && probe["video", "height"] == 180 && probe["video", "frames"] == 48)
    #expect(probe.value(["video", "codec"]) as? String == "h264")
    #expect(try box.sluice(["probe", Clips.png]).status == 0)
    #expect(try box.sluice(["probe", Clips.sound, "--json"]).status == 0)
  }

  @Test func doctorFindsThisMachineFit() throws {
    let box = try Sandbox()
    let result = try box.sluice(["doctor", "--json"])
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    #expect(try Statistics(result.out).value(["ok"]) as? Bool == true)
  }

  @Test func soundIsSaidToBeLeftOut() throws {
    let box = try Sandbox()
    try Clips.ffmpeg(["-i", Clips.bframes, "-i", Clips.sound, "-c", "copy", "-f", "matroska", box.path("av.mkv")])
    try box.write("p.json5", CutListTests.project([.init(source: "av.mkv", at: 0, from: 0, duration: 1)]))
    let result = try box.sluice(["render", "p.json5", "-o", "a.y4m", "--progress", "none"])
    #expect(result.status == 0)
    box.expectOneLine(result.errors, ["sound"])
    #expect(try box.sluice(["render", "p.json5", "-o", "b.y4m", "--progress", "none", "--no-audio"]).errors == "")
  }

  @Test func theLaunchFileOfTheRepositoryIsTheDefault() throws {
    let box = try Sandbox()
    try ContainerTests.project(box, seconds: 1)
    let launch = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../launch/export.json5")
      .path
    let result = try box.sluice(["launch", launch, "p.json5", "-o", "a.mp4", "--progress", "none"])
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    try box.render(["render", "p.json5", "-o", "b.mp4"])
    #expect(try box.data("a.mp4") == box.data("b.mp4"))
  }
}
