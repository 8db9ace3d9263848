import Foundation
import Testing

/// A disk that is really full: a small file system of the test's own, where it may make one.
struct FullDiskTests {
  /// Mounts a file system of so many KiB at a directory, for one program only.
  private static func onDisk(_ directory: String, kilobytes: Int, _ box: Sandbox, _ words: [String]) throws -> Spawned {
    let script = "mount -t tmpfs -o size=\(kilobytes)k,mode=700 none \"$1\" && shift && exec \"$@\""
    return try Spawned(
      "unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", directory] + words,
      environment: box.environment, directory: box.directory)
  }

  private static let canMount: Bool = {
    guard let box = try? Sandbox(), let run = try? onDisk(box.directory, kilobytes: 64, box, ["true"]) else { return false }
    return run.wait() == 0
  }()

  private static let project = CutListTests.project([.init(source: Clips.long, at: 0, from: 0, duration: 20)])

  @Test(.enabled(if: canMount, "needs user name spaces")) func theStoreFindsItFullAndTheRunGoesOn() throws {
    let box = try Sandbox()
    try box.write("p.json5", Self.project)
    let arguments = ["render", "p.json5", "--progress", "none", "--codec", "libx264", "--preset", "ultrafast", "-o"]
    try box.render(arguments + ["whole.mkv"])
    box.keepsSegments = true
    let cache = box.path("cache")
    try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: false)
    let size = try box.data("whole.mkv").count
    let run = try Self.onDisk(
      cache, kilobytes: max(64, size * 2 / 3 / 1024), box,
      [Sandbox.program] + arguments + ["out.mkv", "--cache", cache, "--stats", "stats.json"])
    #expect(run.wait(within: 90) == 0, "\(run.errors)")
    box.expectOneLine(run.errors, [cache, "o space left on device", "finished segments are no longer kept"])
    #expect(try box.data("out.mkv") == box.data("whole.mkv"))
    #expect(try Statistics(box.data("stats.json"))["segments", "rendered"] > 1)
    box.expectNothingLeft()
  }

  @Test(.enabled(if: canMount, "needs user name spaces"), arguments: ["out.mkv", "out.y4m"])
  func anOutputThatFindsItFullIsNotLeftBehind(_ name: String) throws {
    let box = try Sandbox()
    try box.write("p.json5", Self.project)
    let disk = box.path("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    let render =
      "\"$0\" render p.json5 --progress none --codec libx264 --preset ultrafast -o \(disk)/\(name); code=$?; ls -A \(disk); exit $code"
    let raw = render.replacingOccurrences(of: " --codec libx264 --preset ultrafast", with: "")
    let run = try Self.onDisk(
      disk, kilobytes: 128, box, ["sh", "-c", name.hasSuffix("y4m") ? raw : render, Sandbox.program])
    #expect(run.wait(within: 90) == 73, "\(run.errors)")
    box.expectOneLine(run.errors, [name, "o space left on device"])
    #expect(run.output.isEmpty, "left on the disk: \(String(decoding: run.output, as: UTF8.self))")
    box.expectNothingLeft()
  }
}
