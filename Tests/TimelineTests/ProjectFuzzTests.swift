import Foundation
import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Timeline

/// Mutated projects end in a plan or in errors: no crash, no hang. `SLUICE_FUZZ_ROUNDS` sets how many of each kind.
@Suite struct ProjectFuzzTests {
  private static let rounds = ProcessInfo.processInfo.environment["SLUICE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 500

  /// Every key of the format at least once.
  static let everything = """
    { "canvas": { "width": 1280, "height": 720, "fps": "30000/1001", "depth": 10, "color": "bt2020-hlg", "range": "full" },
      "sources": { "a": "a.mp4", "s": { "sequence": "i/%04d.png", "fps": 24, "first": 3 },
        "t": { "text": "Hi", "size": 50, "outline": 2, "align": "left", "verticalAlign": "top", "width": 300, "height": 90 },
        "n": { "timeline": { "canvas": { "width": 640, "height": 360, "background": "#00000080" }, "sources": { "v": "v.mp4" },
          "tracks": [ { "clips": [ { "source": "v", "duration": 3 } ] } ] } },
        "g": { "grid": { "sources": ["a", "s", "t", "n", "a"], "columns": 2, "visible": 2, "gap": 4, "padding": 8, "order": "shuffled",
          "labels": { "size": 20 }, "scroll": { "direction": "up", "speed": 37.5 }, "reveal": { "interval": 0.5, "duration": 1 },
          "beyond": "hold", "width": 640, "height": 480 } } },
      "tracks": [
        { "clips": [
          { "source": "a", "duration": 5, "in": 7, "speed": -1.5, "beyond": "loop", "rotate": 30, "blend": "screen",
            "crop": { "x": { "keys": [ { "t": 0, "v": 0 }, { "t": "30f", "v": 9, "ease": [0.1, 2, 0.3, -1] } ] }, "width": 64, "height": 32 },
            "place": { "x": 10, "width": { "keys": [ { "t": 0, "v": 0 }, { "t": 2, "v": 500, "ease": "ease-in" } ] }, "fit": "cover" } },
          { "source": "n", "at": 4.5, "duration": 4, "transition": { "kind": "push", "duration": 0.5, "direction": "up" } },
          { "source": "g", "at": 9, "duration": 10, "opacity": { "keys": [ { "t": 0, "v": 0 }, { "t": 1, "v": 1 } ] } } ] },
        { "kind": "subtitles", "file": "x.srt", "size": 40, "at": -2 },
        { "clips": [ { "source": "t", "duration": 20,
          "effects": [ { "avfilter": "gblur=sigma=4", "parameters": { "sigma": { "keys": [ { "t": 0, "v": 4 } ] } } } ],
          "transition": { "kind": "fade", "duration": 1, "color": "#ffffff" } } ] } ],
      "output": { "crf": 20 } }
    """

  /// Whether it was a project still.
  private func run(_ bytes: [UInt8]) -> Bool {
    guard let project = try? ProjectReader.read(bytes: bytes, path: "/p/x.json") else { return false }
    _ = ProjectWriter.json(project)
    let media = Dictionary(uniqueKeysWithValues: project.sourcePaths().map { ($0, video($0)) })
    for case .grid(let grid) in project.sources.map(\.source) {
      _ = try? GridLayout.timeline(grid, of: project, media: media, duration: .seconds(Rational(10)))
    }
    _ = try? PlanCompiler.compile(project, media: media, settings: project.output.settings())
    return true
  }

  @Test func mutatedBytesNeverCrashOrHang() {
    var random = TestRandom(5)
    let seeds = [Array(ProjectReaderTests.whole.utf8), Array(Self.everything.utf8)]
    let pieces = [
      "{", "}", "[", "]", ":", ",", "\"", "-", "1e999", "0x", "\\u", "/*", "null", "99999999999999999999", "\u{0}", "'",
    ].map { Array($0.utf8) }
    for round in 0..<Self.rounds {
      let seed = seeds[round % seeds.count]
      var bytes = seed
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...20, using: &random)))
        case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
        case 3: bytes.insert(contentsOf: seed[..<min(seed.count, at)], at: at)
        default: bytes.replaceSubrange(at..<at + 1, with: String(Int64.random(in: .min ... .max, using: &random)).utf8)
        }
        if bytes.isEmpty { bytes = seed }
      }
      _ = run(bytes)
    }
  }

  @Test func mutatedValuesNeverCrashOrHang() throws {
    var random = TestRandom(6)
    let seeds = try [ProjectReaderTests.whole, Self.everything].map { try JSONReader.read($0) }
    var accepted = 0
    for round in 0..<Self.rounds {
      var value = seeds[round % seeds.count]
      let parts = self.parts(of: value)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let other = random.chance(50) ? Self.strange.randomElement(using: &random) : parts.randomElement(using: &random)
        value = replaced(value, with: other ?? .null, &random)
      }
      if run(Array(value.line.utf8)) { accepted += 1 }
    }
    #expect(accepted > Self.rounds / 20)
  }

  private static let strange: [JSONValue] =
    [
      "0", "-1", "1", "1e-9", "0.000000001", "9999999.999999999", "1e18", "-1e300", "2147483647", "1000", "16", "65536",
    ].map { .number(text: $0) }
    + [
      "", "1/3", "-9223372036854775807/9223372036854775806", "9223372036854775807", "10000000000f", "-1f", "99:59:59.999999999",
      "a",
      "n", "g", "%d", "#00000000", "x.json", "/", "\u{0}", "up", "loop",
    ].map { .string($0) }
    + [.null, .bool(true), .array([]), .object([] as [JSONMember])]

  private func parts(of value: JSONValue) -> [JSONValue] {
    [value] + (value.array ?? value.object?.map(\.value) ?? []).flatMap(parts)
  }

  /// One value somewhere inside replaced, doubled or taken out.
  private func replaced(_ value: JSONValue, with other: JSONValue, _ random: inout TestRandom) -> JSONValue {
    if random.chance(10) { return other }
    switch value.content {
    case .array(var values) where !values.isEmpty:
      let index = Int.random(in: 0..<values.count, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: values.remove(at: index)
      case 1: values.insert(values[index], at: index)
      default: values[index] = replaced(values[index], with: other, &random)
      }
      return .array(values)
    case .object(var members) where !members.isEmpty:
      let index = Int.random(in: 0..<members.count, using: &random)
      if random.chance(10) {
        members.remove(at: index)
      } else {
        members[index].value = replaced(members[index].value, with: other, &random)
      }
      return .object(members)
    default: return other
    }
  }

  @Test func theSeedsAreProjects() throws {
    _ = try ProjectReader.read(text: Self.everything, path: "/p/x.json")
    _ = try ProjectReader.read(text: ProjectReaderTests.whole, path: "/p/x.json")
  }
}
