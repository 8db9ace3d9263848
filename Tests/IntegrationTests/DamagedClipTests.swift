import Foundation
import Testing

/// A damaged clip gives the same bytes whoever decodes it, and from where.
@Suite struct DamagedClipTests {
  @Test func bytesOfADamagedClipDoNotDependOnTheWorkers() throws {
    let box = try Sandbox()
    try box.write(
      "p.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 }, sources: { a: "\(Clips.damaged)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 19.5 } ] } ] }
      """)
    func bytes(_ more: [String], kills: Int = 0) throws -> Data {
      let run = try box.start(
        ["render", "p.json5", "-o", "out.mkv", "-y", "--progress", "none", "--preset", "ultrafast", "--stats", "stats.json"]
          + more)
      for _ in 0..<kills {
        #expect(eventually(within: 20) { run.hasEnded || !Processes.children(of: run.pid, named: "sluice-decoder").isEmpty })
        poll(nil, 0, 150)
        for child in Processes.children(of: run.pid, named: "sluice-decoder") { kill(child, SIGKILL) }
      }
      try #require(run.wait(within: 90) == 0, "\(run.errors)")
      #expect(run.errors.contains("damaged"), "\(run.errors)")
      let statistics = try Statistics(box.data("stats.json"))
      #expect(statistics["slots", "leaked"] == 0 && statistics["frames"] == 468)
      return try box.data("out.mkv")
    }
    let reference = try bytes(["--encoders", "1", "--decoders", "1"])
    let same = [
      try bytes(["--encoders", "2"]), try bytes(["--encoders", "2", "--decoders", "3"]),
      try bytes(["--encoders", "1"], kills: 2), try bytes(["--encoders", "2"], kills: 2),
    ].map { $0 == reference }
    #expect(same == [true, true, true, true])
    box.expectNothingLeft()
  }
}
