import CSluice
import Foundation
import FrameModel
import SluiceBase
import Testing

@testable import Timeline

@Suite struct NestedTimelineTests {
  /// Runs `body` in a folder of its own with these files.
  private func withFiles(_ files: [String: String], _ body: (_ folder: String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-nested-\(UUID().uuidString)")
      .resolvingSymlinksInPath()
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      let file = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    try body(folder.path)
  }

  /// Error lines of a file, without the folder.
  private func errors(_ files: [String: String], of name: String = "a.json") throws -> [String] {
    var lines: [String] = []
    try withFiles(files) { folder in
      do throws(ProjectErrors) {
        _ = try ProjectReader.read(path: "\(folder)/\(name)")
      } catch {
        lines = error.errors.map { $0.description.replacing("\(folder)/", with: "") }
      }
    }
    return lines
  }

  private func naming(_ path: String) -> String {
    "{sources:{n:{timeline:'\(path)'}},tracks:[{clips:[{source:'n'}]}]}"
  }

  @Test func filesAreReadFromTheFolderOfTheFileThatNamesThem() throws {
    try withFiles([
      "a.json": naming("sub/b.json5"), "sub/b.json5": naming("./c.json"),
      "sub/c.json": "{canvas:{width:64,height:32},sources:{v:'v.mp4'},tracks:[{clips:[{source:'v'}]}]}",
    ]) { folder in
      let project = try ProjectReader.read(path: "\(folder)/a.json")
      guard case .timeline(let b) = project.sources[0].source, case .timeline(let c) = b.sources[0].source else {
        Issue.record("not nested")
        return
      }
      #expect(b.path == "\(folder)/sub/b.json5" && c.path == "\(folder)/sub/c.json")
      #expect(b.canvas.background == .clear && project.canvas.background == .black && c.canvas.width == 64)
      #expect(c.sources[0].source == .file("\(folder)/sub/v.mp4"))
      #expect(project.sourcePaths() == ["\(folder)/sub/v.mp4"])
    }
  }

  @Test func anInlineTimelineTakesTheCanvasOfTheOneAround() throws {
    let project = try ProjectReader.read(
      text: """
        { canvas: { width: 640, height: 360, fps: 25, depth: 10, color: 'bt2020-pq', background: '#ffffff' },
          sources: { n: { timeline: { canvas: { fps: 50 }, sources: { v: 'v.mp4' }, tracks: [ { clips: [ { source: 'v' } ] } ] } } },
          tracks: [] }
        """, path: "/p/x.json")
    guard case .timeline(let nested) = project.sources[0].source else {
      Issue.record("not nested")
      return
    }
    var canvas = project.canvas
    canvas.background = .clear
    canvas.rate = Rational(50)
    #expect(nested.canvas == canvas && nested.path == "" && nested.sources[0].source == .file("/p/v.mp4"))
    #expect(project.canvas.color.transfer == 16 && project.canvas.format == .yuv420p10)
  }

  @Test func errorsOfANestedFileHaveItsPlace() throws {
    #expect(
      try errors(["a.json": naming("b.json"), "b.json": "{tracks:[{clip:[]}]}"]) == [
        "b.json:1:10: tracks[0]: \"clips\" is missing", "b.json:1:11: tracks[0]: unknown key \"clip\"; did you mean \"clips\"?",
      ])
    #expect(try errors(["a.json": naming("b.json"), "b.json": "{"]) == ["b.json:1:1: this \"{\" is never closed"])
    #expect(
      try errors(["a.json": naming("b.json")])
        == ["a.json:1:23: sources.n.timeline: b.json: no such project file; check the path"])
    #expect(
      try errors(["a.json": "{tracks:[],sources:{n:{timeline:{canvas:{depth:9},tracks:[],output:{}}}}}"]) == [
        "a.json:1:48: sources.n.timeline.canvas.depth: must be 8 or 10, not 9",
        "a.json:1:61: sources.n.timeline: unknown key \"output\"; known keys: canvas, sources, tracks",
      ])
    let twice = "{sources:{n:{timeline:'b.json'},m:{timeline:'./b.json'}},tracks:[],x:1}"
    #expect(
      try errors(["a.json": twice, "b.json": "{}"]) == [
        "b.json:1:1: \"tracks\" is missing",
        "a.json:1:68: unknown key \"x\"; known keys: $schema, canvas, sources, tracks, output",
      ])
  }

  @Test func aCircleIsReportedWithItsFiles() throws {
    #expect(
      try errors(["a.json": naming("a.json")]) == [
        "a.json:1:23: sources.n.timeline: goes in a circle: a.json > a.json; take one of these references out"
      ])
    #expect(
      try errors(["a.json": naming("b.json"), "b.json": naming("c.json"), "c.json": naming("./b.json")]) == [
        "c.json:1:23: sources.n.timeline: goes in a circle: b.json > c.json > b.json; take one of these references out"
      ])
  }

  @Test func tooDeepAndTooManyAreRefused() throws {
    var files: [String: String] = [:]
    for index in 0..<40 { files["\(index).json"] = naming("\(index + 1).json") }
    #expect(
      try errors(files, of: "0.json") == [
        "31.json:1:23: sources.n.timeline: timelines nested deeper than 32 files: 0.json > … > 32.json; "
          + "take one of these references out"
      ])
    // Ten clips, each of a timeline of ten clips, and so on.
    files = ["9.json": "{sources:{c:{color:'#000000'}},tracks:[]}"]
    for index in 0..<9 {
      let clips = (0..<10).map { "{source:'n',at:\($0),duration:1}" }.joined(separator: ",")
      files["\(index).json"] = "{sources:{n:{timeline:'\(index + 1).json'}},tracks:[{clips:[\(clips)]}]}"
    }
    let lines = try errors(files, of: "0.json")
    #expect(lines.count == 1)
    #expect(
      lines.first?.hasSuffix(
        "tracks: hold more than 1000000 clips, those of timelines within counted; render parts of it to files first") == true)
  }

  @Test func openTimelineIOGoesTheSameWay() throws {
    let film = OTIOText.timeline([OTIOText.track([OTIOText.clip("a", OTIOText.range(5, 10))])])
    try withFiles(["a.json": naming("b.otio"), "b.otio": film]) { folder in
      guard case .timeline(let inner) = try ProjectReader.read(path: "\(folder)/a.json").sources[0].source else {
        Issue.record("no timeline")
        return
      }
      #expect(inner.tracks[0].clips.map(\.frames24) == [[0, 10, 0]] && inner.canvas.background == .clear)
      #expect(try ProjectReader.read(path: "\(folder)/b.otio").canvas.background == .black)
    }
    #expect(
      try errors(["a.json": naming("b.otio"), "b.otio": "{}"]) == ["b.otio:1:1: \"OTIO_SCHEMA\" is missing"])
  }
}
