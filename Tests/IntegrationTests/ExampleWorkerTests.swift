import Foundation
import Testing

/// The workers of ipc-schema/examples against the real supervisor: attach, open, grant, done, release, end, quit.
///
/// A worker directory of the test's has the real renderer and encoder, and as `sluice-decoder` a script: probing goes to the
/// real one, decoding to the example, whose pictures are synthetic: sample (x, y) of frame n is x + y + n.
struct ExampleWorkerTests {
  private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../ipc-schema/examples").standardizedFileURL.path

  private func check(_ worker: String, in box: Sandbox, location: SourceLocation = #_sourceLocation) throws {
    try FileManager.default.createDirectory(atPath: box.path("workers"), withIntermediateDirectories: true)
    for name in ["sluice-renderer", "sluice-encoder"] {
      try FileManager.default.createSymbolicLink(
        atPath: box.path("workers/" + name), withDestinationPath: Sandbox.programs + "/" + name)
    }
    try box.write(
      "workers/sluice-decoder",
      """
      #!/bin/sh
      case "$1" in --*) exec '\(Sandbox.programs)/sluice-decoder' "$@" ;; esac
      touch '\(box.directory)/started'
      exec \(worker) --socket "$SLUICE_SOCKET" --role decoder --size 320x180
      """)
    chmod(box.path("workers/sluice-decoder"), 0o755)
    try box.write(
      "p.json5",
      CutListTests.project([
        .init(source: Clips.bframes, at: 0, from: 0, duration: 1.5),
        .init(source: Clips.mandelbrot, at: 1.5, from: 0, duration: 0.5),
      ]))
    let statistics = try box.render(
      ["render", "p.json5", "-o", "out.y4m", "--worker-directory", box.path("workers")], location: location)
    #expect(box.exists("started"), sourceLocation: location)
    #expect(statistics["stages", "render", "bypassedFrames"] == 48, sourceLocation: location)
    #expect(statistics["stages", "decode", "frames"] == 48, sourceLocation: location)
    #expect(statistics["restarts"] == 0, sourceLocation: location)
    let frames = Y4M(try box.data("out.y4m")).frames
    try #require(frames.count == 48, sourceLocation: location)
    for (n, frame) in frames.enumerated() {
      var wanted = Data(capacity: 320 * 270)
      for y in 0..<180 { for x in 0..<320 { wanted.append(UInt8(truncatingIfNeeded: x + y + n)) } }
      wanted += Data(repeating: UInt8(n), count: 160 * 90) + Data(repeating: UInt8(255 - n), count: 160 * 90)
      if frame != wanted {
        Issue.record("frame \(n) is not the worker's", sourceLocation: location)
        return
      }
    }
  }

  @Test func theWorkerInC() throws {
    let box = try Sandbox()
    let build = "$(command -v cc || echo clang) -std=c11 -O1 '\(Self.examples)/worker.c' -lzmq -o '\(box.path("worker"))'"
    try Clips.run("sh", ["-c", build])
    try check("'\(box.path("worker"))'", in: box)
  }

  @Test func theWorkerInPython() throws {
    let box = try Sandbox()
    try check("env PYTHONDONTWRITEBYTECODE=1 python3 '\(Self.examples)/worker.py'", in: box)
  }
}
