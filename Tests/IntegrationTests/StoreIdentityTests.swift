import ContentStore
import Foundation
import SluiceBase
import Supervisor
import SystemBase
import Testing
import Timeline

/// Keys by contents mean the same wherever the files lie: what one machine has made another one finds.
@Suite struct StoreIdentityTests {
  private final class Silent: RunObserver {
    var lines: [String] = []
    func progress(_ progress: RunProgress) {}
    func warning(_ text: String) { lines.append(text) }
    func error(_ error: SluiceError) { lines.append(error.description) }
  }

  /// A project with a clip with sound, a look-up table, a sequence of pictures and a title, all in one folder.
  private static func fill(_ box: Sandbox, _ name: String) throws -> String {
    let folder = box.path(name)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if name == "first" {
      try Clips.ffmpeg(
        ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=24:d=3", "-f", "lavfi", "-i", "sine=d=3", "-c:a", "aac"]
          + ["-fflags", "+bitexact", "-c:v", "libx264", "-preset", "ultrafast", folder + "/clip.mp4"])
      try Clips.ffmpeg(["-f", "lavfi", "-i", "testsrc=s=160x90:r=24:d=1", folder + "/i%03d.png"])
      try "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"
        .write(toFile: folder + "/t.cube", atomically: false, encoding: .utf8)
    } else {
      for file in try FileManager.default.contentsOfDirectory(atPath: box.path("first")) where !file.hasSuffix(".json5") {
        try FileManager.default.copyItem(atPath: box.path("first/" + file), toPath: folder + "/" + file)
      }
    }
    return try box.write(
      name + "/p.json5",
      """
      { canvas: { width: 160, height: 90, fps: 24 },
        sources: { a: "clip.mp4", i: { sequence: "i%03d.png", first: 1, fps: 24 }, t: { text: "Title", size: 20 } },
        tracks: [
          { kind: "video", clips: [
            { source: "a", at: 0, duration: 3, effects: [ { lut: "t.cube" } ] }, { source: "i", at: 3, duration: 1 } ] },
          { kind: "video", clips: [ { source: "t", at: 1, duration: 1 } ] },
          { kind: "audio", clips: [ { source: "a", at: 0, duration: 3 } ] },
        ] }
      """)
  }

  private static func run(_ project: String, _ output: String, _ settings: StoreSettings?) throws -> RunStatistics {
    var configuration = RunConfiguration(project: try ProjectReader.read(path: project), output: output)
    configuration.workerDirectory = Sandbox.programs
    configuration.store = settings
    let ended = Monitor<Result<RunStatistics, any Error>?>(nil)
    let asked = configuration
    // The run blocks signals in its thread.
    WorkThread("run") {
      let observer = Silent()
      let result = Result { try Run.run(asked, observer: observer) }
      ended.with { $0 = result.map { observer.lines.isEmpty ? $0 : RunStatistics() } }
    }.join()
    return try #require(ended.with { $0 }).get()
  }

  @Test(arguments: [StoreSettings.Identity.content, .local]) func theSameBytesElsewhere(
    _ identity: StoreSettings.Identity
  ) throws {
    let box = try Sandbox()
    var settings = StoreSettings()
    settings.directory = box.path("store")
    settings.identity = identity
    let first = try Self.run(Self.fill(box, "first"), box.path("a.mp4"), settings)
    #expect(first.segments.rendered == 2 && first.segments.reused == 0 && !first.soundReused)
    let again = try Self.run(box.path("first/p.json5"), box.path("b.mp4"), settings)
    #expect(again.segments.reused == 2 && again.soundReused, "in the same place")
    let second = try Self.run(Self.fill(box, "second"), box.path("c.mp4"), settings)
    let found = identity == .content
    #expect(second.segments.reused == (found ? 2 : 0) && second.soundReused == found)
    #expect(second.workers.isEmpty == found)
    #expect(try box.data("a.mp4") == box.data("b.mp4"))
    #expect(try box.data("a.mp4") == box.data("c.mp4"))
    // Another picture of the sequence, or another table, is noticed.
    // The sequence is shown in the second segment alone, the table in both.
    for (file, segments, text) in [
      ("i005.png", 1, nil), ("t.cube", 2, "LUT_3D_SIZE 2\n1 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"),
    ] {
      let path = box.path("second/" + file)
      if let text {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
      } else {
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: box.path("second/i009.png"), toPath: path)
      }
      let changed = try Self.run(box.path("second/p.json5"), box.path("d-\(file).mp4"), settings)
      #expect(changed.segments.rendered == segments && changed.segments.reused == 2 - segments, "\(file)")
      #expect(changed.soundReused, "its sound is as it was")
    }
  }

  /// What cannot or must not be written is read all the same.
  @Test func aReadOnlyStore() throws {
    let box = try Sandbox()
    var settings = StoreSettings()
    settings.directory = box.path("store")
    _ = try Self.run(Self.fill(box, "first"), box.path("a.mp4"), settings)
    func listing() throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: box.path("store")).sorted().map { name in
        "\(name) \(FileIdentity(box.path("store/" + name))?.description ?? "")"
      }
    }
    let before = try listing()
    settings.access = .readOnly
    #expect(try Self.run(box.path("first/p.json5"), box.path("b.mp4"), settings).segments.reused == 2)
    let other = try Self.run(Self.fill(box, "second"), box.path("c.mp4"), settings)
    #expect(other.segments.rendered == 2)
    #expect(try listing() == before)
    #expect(try box.data("a.mp4") == box.data("b.mp4"))
  }
}
