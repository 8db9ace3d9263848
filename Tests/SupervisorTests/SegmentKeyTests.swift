import CSluice
import ContentStore
import Foundation
import FrameModel
import Plan
import SluiceBase
import SystemBase
import Testing
import Timeline

@testable import Supervisor

/// What a key says of files and programs.
@Suite struct SegmentKeyTests {
  private static func media(_ path: String, _ kind: MediaInfo.Kind = .video) throws -> MediaInfo {
    var info = MediaInfo(path: path, kind: kind)
    var video = MediaInfo.Video()
    (video.width, video.height, video.slotBytes) = (64, 64, 16384)
    video.averageRate = Rational(25)
    info.video = video
    info.duration = kind == .video ? Rational(10) : nil
    let identity = FileIdentity(path)
    info.fileBytes = identity?.bytes ?? 0
    info.modified = identity?.modified ?? 0
    return info
  }

  /// Key of the first segment of a timeline that shows `source` (a project's, as text) with an effect.
  private static func key(
    _ source: String, effect: String = "", media: [String: MediaInfo]? = nil, programs: String = "1", seconds: Int = 2,
    names: any SourceIdentity = LocalIdentity()
  ) throws -> SegmentKeys.Keyed? {
    let text = """
      { canvas: { width: 64, height: 64, fps: 25 }, sources: { a: \(source) },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: \(seconds) \(effect) } ] } ] }
      """
    let project = try ProjectReader.read(text: text, path: "/p/x.json")
    var found = media ?? [:]
    if media == nil {
      for key in project.sourcePaths() {
        let plain = key.hasPrefix("{") ? (try JSONReader.read(key))["source"]?.string ?? key : key
        found[key] = try Self.media(plain)
      }
    }
    let plan = try PlanCompiler.compile(
      project, media: found, from: nil, to: nil, settings: project.output.settings(), decodeThreads: 1)
    return plan.withView { view in
      let book = SourceBook(plan: view, media: found, names: names, workerDirectory: nil)
      let keys = SegmentKeys(plan: view, sources: book, programs: Array(programs.utf8))
      return keys.key(of: Segment.cut(view.frameCount)[0])
    }
  }

  @Test func everyChangeOfAFileMakesAnotherKey() throws {
    let folder = try TestFolder()
    let path = folder.path + "/a.mp4"
    try TestFolder.put(path, Data(count: 100))
    let first = try #require(try Self.key("\"\(path)\""))
    #expect(try Self.key("\"\(path)\"")?.key == first.key)
    #expect(first.files == [path])
    // Contents alone, with the old time of modification.
    let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    let handle = FileHandle(forWritingAtPath: path)
    try handle?.write(contentsOf: Data([1]))
    try handle?.close()
    try FileManager.default.setAttributes([.modificationDate: try #require(date)], ofItemAtPath: path)
    let second = try #require(try Self.key("\"\(path)\""))
    #expect(second.key != first.key)
    // Another file in its place.
    try FileManager.default.copyItem(atPath: path, toPath: path + ".new")
    rename(path + ".new", path)
    #expect(try Self.key("\"\(path)\"")?.key != second.key)
    #expect(try Self.key("\"\(path)\"", programs: "2")?.key != Self.key("\"\(path)\"")?.key)
  }

  @Test func aLookUpTableCounts() throws {
    let folder = try TestFolder()
    let path = folder.path + "/a.mp4", table = folder.path + "/t.cube"
    for name in [path, table] { try TestFolder.put(name, Data(count: 10)) }
    let effect = ", effects: [ { lut: \"\(table)\" } ]"
    let first = try #require(try Self.key("\"\(path)\"", effect: effect))
    #expect(Set(first.files) == [path, table])
    try Data(count: 11).write(to: URL(fileURLWithPath: table))
    #expect(try Self.key("\"\(path)\"", effect: effect)?.key != first.key)
  }

  @Test func ofASequenceOnlyThePicturesThatAreShown() throws {
    let folder = try TestFolder()
    for number in 0..<200 {
      try TestFolder.put(folder.path + "/i\(number).png", Data(count: number + 1))
    }
    let source = #"{ sequence: "\#(folder.path)/i%d.png", fps: 25 }"#
    let key = SequenceKey(pattern: folder.path + "/i%d.png", first: 0, rate: Rational(25))
    #expect(try SequenceFiles(key, list: Folder.names).numbers == Array(0..<200))
    var info = try Self.media(folder.path + "/i0.png")
    info.duration = Rational(8)
    func keyed() throws -> SegmentKeys.Keyed {
      let name = #"{"sequence": {"pattern": "\#(folder.path)/i%d.png", "first": 0, "fps": "25/1"}}"#
      return try #require(try Self.key(source, media: [name: info], seconds: 2))
    }
    let first = try keyed()
    #expect(first.files.count >= 25 && first.files.count < 32)
    try Data(count: 7).write(to: URL(fileURLWithPath: folder.path + "/i150.png"))
    #expect(try keyed().key == first.key)
    try Data(count: 7).write(to: URL(fileURLWithPath: folder.path + "/i20.png"))
    #expect(try keyed().key != first.key)
  }

  @Test func whatDiffersFromRunToRunHasNoKey() throws {
    let folder = try TestFolder()
    let path = folder.path + "/a.mp4"
    try TestFolder.put(path, Data(count: 100))
    #expect(try Self.key("{ lavfi: \"life=s=64x64\" }") == nil)
    #expect(try Self.key("{ lavfi: \"life=s=64x64:seed=3\" }") != nil)
    #expect(try Self.key("{ lavfi: \"movie=\(path)\" }") == nil)
    // A file that is named by the option's place only.
    #expect(try Self.key("{ lavfi: \"cellauto=\(path):seed=1\" }") == nil)
    #expect(try Self.key("{ lavfi: \"cellauto=\(path).none:seed=1\" }") != nil)
    #expect(try Self.key("\"\(path)\"", effect: ", effects: [ { avfilter: \"random\" } ]") == nil)
    #expect(try Self.key("\"\(path)\"", effect: ", effects: [ { avfilter: \"hflip\" } ]") != nil)
    var playlist = try Self.media(path)
    playlist.container = "hls"
    #expect(try Self.key("\"\(path)\"", media: [path: playlist]) == nil)
    var stale = try Self.media(path)
    stale.modified -= 1
    #expect(try Self.key("\"\(path)\"", media: [path: stale]) == nil)
    #expect(try Self.key("\"\(folder.path)/none.mp4\"") == nil)
  }

  /// Keys by contents are the same wherever files lie, and others for other contents.
  @Test func keysByContentsKnowNoPaths() throws {
    let folder = try TestFolder()
    func fill(_ name: String, _ change: Int = -1) throws -> String {
      let path = folder.path + "/" + name
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for (number, file) in ["a.mp4", "t.cube", "i0.png", "i1.png", "s.srt"].enumerated() {
        try TestFolder.put(path + "/" + file, Data(repeating: UInt8(number == change ? 99 : number), count: 50))
      }
      return path
    }
    /// Of a file with a look-up table, and of a sequence.
    func keys(_ path: String) throws -> [ContentKey] {
      let names = ContentIdentity(store: nil)
      let effect = ", effects: [ { lut: \"\(path)/t.cube\" } ]"
      let sequence = #"{"sequence": {"pattern": "\#(path)/i%d.png", "first": 0, "fps": "25/1"}}"#
      var info = try Self.media(path + "/i0.png")
      info.duration = Rational(2, 25)
      return [
        try #require(try Self.key("\"\(path)/a.mp4\"", effect: effect, names: names)).key,
        try #require(
          try Self.key(#"{ sequence: "\#(path)/i%d.png", fps: 25 }"#, media: [sequence: info], names: names)
        ).key,
      ]
    }
    let first = try keys(fill("here"))
    #expect(try keys(fill("there/and/deeper")) == first)
    for (change, changed) in [(0, [true, false]), (1, [true, false]), (2, [false, true]), (3, [false, true])] {
      let others = try keys(fill("changed-\(change)", change))
      #expect(zip(first, others).map { $0 != $1 } == changed, "file \(change)")
    }
    // A key by path never means the same as one by contents.
    let path = folder.path + "/here/a.mp4"
    #expect(try Self.key("\"\(path)\"")?.key != Self.key("\"\(path)\"", names: ContentIdentity(store: nil))?.key)
  }

  @Test func programsByContentsAreTheSameElsewhere() throws {
    let folder = try TestFolder()
    func identity(_ name: String, version: String = "1") throws -> [UInt8]? {
      let programs = folder.path + "/" + name
      try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
      for name in ["decoder", "renderer", "encoder", "audio"] {
        try TestFolder.put(programs + "/sluice-" + name, Data("#!/bin/sh\necho /bin/sh # \(name) \(version)\n".utf8))
        chmod(programs + "/sluice-" + name, 0o700)
      }
      let store = try Store(directory: folder.path + "/cache")
      return ProgramIdentity.bytes(store: store, names: ContentIdentity(store: store), workerDirectory: programs)
    }
    let first = try #require(try identity("a"))
    #expect(try identity("b") == first)
    #expect(try identity("c", version: "2") != first)
  }

  @Test func programsAreKnownByTheirFilesAndTheirLibraries() throws {
    let folder = try TestFolder()
    let store = try Store(directory: folder.path + "/cache")
    let programs = folder.path + "/programs"
    try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
    let library = folder.path + "/lib.so"
    try TestFolder.put(library, Data(count: 10))
    for name in ["decoder", "renderer", "encoder", "audio"] {
      let script = "#!/bin/sh\necho \(library)\necho asked >> \(folder.path)/log\n"
      try TestFolder.put(programs + "/sluice-" + name, Data(script.utf8))
      chmod(programs + "/sluice-" + name, 0o700)
    }
    func identity() -> [UInt8]? { ProgramIdentity.bytes(store: store, workerDirectory: programs) }
    func asked() -> Int { FileManager.default.contents(atPath: folder.path + "/log")?.split(separator: 0x0a).count ?? 0 }
    let first = try #require(identity())
    #expect(asked() == 4)
    #expect(identity() == first)
    #expect(asked() == 4, "it is asked once")
    try Data(count: 11).write(to: URL(fileURLWithPath: library))
    let second = identity()
    #expect(second != nil && second != first)
    // What was kept is damaged: it is asked again.
    let memory = store.directory + "/analysis"
    for name in try FileManager.default.contentsOfDirectory(atPath: memory) {
      try Data("nonsense".utf8).write(to: URL(fileURLWithPath: memory + "/" + name))
    }
    #expect(identity() == second)
    #expect(asked() == 8)
    try Data("#!/bin/sh\nexit 1\n".utf8).write(to: URL(fileURLWithPath: programs + "/sluice-encoder"))
    #expect(identity() == nil)
  }
}
