import Foundation
import FrameModel
import SluiceBase
import SystemBase
import TestKit
import Testing

@testable import Timeline

@Suite struct OTIOFuzzTests {
  private typealias T = OTIOText

  /// Something of everything.
  private static let whole: String = {
    let pictures =
      #"{"OTIO_SCHEMA":"ImageSequenceReference.1","target_url_base":"file:///q","name_prefix":"f.","name_suffix":".png","start_frame":1001,"frame_step":2,"rate":24,"frame_zero_padding":5,"missing_frame_policy":"hold"}"#
    let bars = #"{"OTIO_SCHEMA":"GeneratorReference.1","generator_kind":"SolidColor","parameters":{"color":[1,0,0.5]}}"#
    let extras =
      #","metadata":{"sluice":{"place":{"x":{"keys":[{"t":0,"v":0},{"t":1,"v":9}]},"width":9,"height":9},"opacity":0.5}}"#
    let inner = T.stack(
      [T.track([T.clip("n", T.range(3, 20)), T.clip("o", T.range(1, 9))]), T.clip("p", T.range(0, 12))],
      #","source_range":\#(T.range(4, 10))"#)
    return T.timeline(
      [
        T.track([
          T.transition(2, 3), T.clip("a", T.range(0, 30), nil, extras), T.transition(4, 6), T.clip("b", T.range(2, 30)), T.gap(5),
          T.transition(5, 5), T.clip("c", T.range(40, 30), T.file("c%20.mov", T.range(30, 100)), T.effects(T.warp(-1.25))), inner,
          T.transition(1, 2), T.clip("d", T.range(0, 9, 29.97), pictures), T.clip("e", T.range(0.25, 9.5, 25), bars),
          T.transition(3, 0),
        ]),
        T.track([T.clip("s", T.range(48000, 96000, 48000))], kind: "Audio"),
        T.track([T.clip("u", T.range(0, 50)), T.clip("v", T.range(0, 50))], #","source_range":\#(T.range(-5, 80))"#),
      ], #","global_start_time":\#(T.time(86400)),"metadata":{"sluice":{"canvas":{"width":640,"height":360}}}"#)
  }()

  private static let words = [
    "0", "-1", "1e9", "1e308", "-0.5", "NaN", "null", "true", "[]", "{}", "\"\"", "9007199254740993", "0.30000000000000004",
    "1e-9",
    #""Stack.1""#, #""Clip.2""#, #""Transition.1""#, #""Gap.1""#, #""Timeline.1""#, #""hold""#, "23.976", "1e15",
  ]

  /// Any bytes give a project or errors: no trap, no hang. Projects that come out can be written and planned.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutatedFilesNeverTrap(seed: UInt64) {
    var random = TestRandom(seed)
    let original = Array(Self.whole.utf8)
    var read = 0
    let rounds = ProcessInfo.processInfo.environment["SLUICE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 300
    for _ in 0..<rounds {
      var bytes = original
      for _ in 0..<Int.random(in: 1...2, using: &random) { mutate(&bytes, &random) }
      guard let result = try? OTIOReader.read(bytes: bytes, path: "/p/x.otio", exists: { $0.utf8.count % 5 != 0 }) else {
        continue
      }
      read += 1
      #expect(!ProjectWriter.json(result.project).isEmpty && !result.notes.map(\.description).isEmpty)
      _ = try? PlanCompiler.compile(
        result.project, media: Self.media(result.project), settings: result.project.output.settings())
    }
    #expect(read > 10, "only \(read) were still timelines")
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout TestRandom) {
    let at = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.removeSubrange(at..<min(at + Int.random(in: 1...8, using: &random), bytes.count))
    default:
      // A value is replaced, so that the text most often stays JSON.
      guard let colon = bytes[at...].firstIndex(of: UInt8(ascii: ":")) else { return }
      let end = bytes[(colon + 1)...].firstIndex { ",}".utf8.contains($0) } ?? bytes.count
      guard end < bytes.count else { return }
      bytes.replaceSubrange(colon + 1..<end, with: Array((Self.words.randomElement(using: &random) ?? "0").utf8))
    }
  }

  @Test func theWholeOfEverythingIsPlanned() throws {
    let project = try otioFile(Self.whole).project
    let plan = try PlanCompiler.compile(project, media: Self.media(project), settings: project.output.settings())
    #expect(plan.withView { $0.frameCount } == project.frames)
  }

  /// The timelines of other programs in SLUICE_MEDIA, with media that is all there.
  @Test func realTimelinesArePlanned() throws {
    for path in OTIOReference.files {
      let project = try OTIOReader.read(bytes: System.readFile(path), path: path) { _ in true }.project
      let plan = try PlanCompiler.compile(project, media: Self.media(project), settings: project.output.settings())
      #expect(plan.withView { $0.frameCount } == project.frames, "\(path)")
    }
  }

  @Test func thousandsOfClipsAreReadInOrder() throws {
    let clips = (0..<3000).map { T.clip("c\($0)", T.range(Double($0 % 500), 86.4)) }
    let result = try otio(T.track(clips))
    #expect(result.project.tracks[0].clips.count == 3000 && result.project.sources.count == 3000)
    #expect(result.clip(2999).at == .seconds(Rational(2999 * 864, 240)))
  }

  /// Long enough for any clip of these.
  private static func media(_ project: Project) -> [String: MediaInfo] {
    Dictionary(uniqueKeysWithValues: project.sourcePaths().map { key in (key, video(key, duration: Rational(1_000_000))) })
  }
}

extension Project {
  /// Where its last clip ends.
  fileprivate var frames: Int64 {
    let grid = FrameGrid(rate: canvas.rate)
    return tracks.filter { $0.kind == .video && $0.enabled }.flatMap(\.clips).filter(\.enabled)
      .compactMap { clip in clip.duration.flatMap { ClipSpan(at: clip.at, duration: $0, grid) } }
      .compactMap { grid.firstFrame(from: $0.end) }.max() ?? 0
  }
}
