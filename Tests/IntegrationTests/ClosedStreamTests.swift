import Foundation
import Testing

/// Programs that are started without standard streams: their numbers are nobody else's.
struct ClosedStreamTests {
  private func run(_ box: Sandbox, _ line: String) throws -> Spawned {
    let words = "exec '\(Sandbox.program)' \(line)"
    return try Spawned("/bin/sh", ["-c", words], environment: box.environment, directory: box.directory)
  }

  @Test func nothingIsWrittenIntoTheOutput() throws {
    let box = try Sandbox()
    // A warning of the run, and lines of progress.
    try box.write("launch.json5", "{ workers: { encoder: { containment: \"off\" } } }")
    try box.write(
      "p.json5",
      """
      { canvas: { width: 160, height: 90, fps: 24 }, sources: { a: "\(Clips.bframes)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 1, opacity: 0.5 } ] } ] }
      """)
    try box.render(["render", "p.json5", "-o", "a.mp4"])
    let closed = ["<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"]
    for (number, streams) in closed.enumerated() {
      let name = "b\(number).mp4"
      let child = try run(box, "render p.json5 -o \(name) --launch launch.json5 --progress plain \(streams)")
      #expect(child.wait() == 0, "\(streams): \(child.errors)")
      #expect(try box.data(name) == box.data("a.mp4"), "\(streams)")
    }
    box.expectNothingLeft()
  }

  @Test func aClosedOutputIsRefused() throws {
    let box = try Sandbox()
    try box.write(
      "p.json5",
      "{ canvas: { width: 64, height: 64, fps: 24 }, tracks: [ { kind: \"video\", clips: [ { color: \"#fff\", at: 0, duration: 1 } ] } ] }"
    )
    for format in ["y4m", "nut"] {
      let child = try run(box, "render p.json5 -o - --format \(format) >&-")
      #expect(child.wait() == 73)
      box.expectOneLine(child.errors, ["standard output", "closed"])
    }
    let version = try run(box, "version >&-")
    #expect(version.wait() == 73)
    box.expectOneLine(version.errors, ["standard output"])
    box.expectNothingLeft()
  }
}
