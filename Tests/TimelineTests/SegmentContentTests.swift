import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Plan
@testable import Timeline

/// What a segment is made of: the same bytes where it shows the same, other bytes where it does not.
@Suite struct SegmentContentTests {
  private static let files = [
    video("/a", width: 640, height: 360, duration: Rational(20)), video("/b", width: 320, height: 240, duration: Rational(30)),
    still("/s", width: 64, height: 64),
    video("/alpha", width: 640, height: 360) {
      $0.format = PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1, log2ChromaHeight: 1, alpha: true)
    },
  ]

  /// As if every source were probed with every effect on it.
  static func media(_ project: Project) -> [String: MediaInfo] {
    var media: [String: MediaInfo] = [:]
    for key in project.sourcePaths() {
      let source = key.hasPrefix("{") ? (try? JSONReader.read(key))?["source"]?.string ?? key : key
      media[key] = files.first { $0.path == source } ?? video(key, width: 640, height: 360)
    }
    return media
  }

  static func plan(_ project: Project, settings: (inout OutputSettings) -> Void = { _ in }) -> CompiledPlan? {
    var output = project.output.settings()
    settings(&output)
    return try? PlanCompiler.compile(project, media: media(project), from: nil, to: nil, settings: output, decodeThreads: 1)
  }

  static func randomProject(_ random: inout TestRandom) -> Project {
    var project = PlanPropertyTests.randomProject(&random)
    for track in project.tracks.indices {
      for clip in project.tracks[track].clips.indices where random.chance(25) {
        let fade = Animatable.keys([.init(time: .zero, value: .zero), .init(time: Rational(2), value: Rational(5))])
        let effects: [Project.Effect] = [
          .avfilter("gblur=sigma=4", parameters: []), .avfilter("gblur=sigma=1", parameters: [.init("sigma", fade)]),
          .avfilter("tmix=frames=3", parameters: []), .lut("/t.cube"),
        ]
        if let effect = effects.randomElement(using: &random) { project.tracks[track].clips[clip].effects = [effect] }
      }
    }
    return project
  }

  /// The definition, frame by frame, written without regard to cost: each layer with the picture that it shows instead of
  /// its stream.
  private static func definition(_ plan: CompiledPlan, _ frames: Range<Int64>) -> [String] {
    plan.withView { view in
      var order: [Int] = []
      var lines = ["\(view.output) \(view.canvas)"]
      var layers: [Layer] = []
      for frame in frames {
        view.layers(at: frame, into: &layers)
        var line = ""
        for layer in layers {
          var plain = layer
          if layer.stream >= 0 {
            if !order.contains(layer.stream) { order.append(layer.stream) }
            plain.content = .picture(stream: order.firstIndex(of: layer.stream) ?? -1)
            line += picture(view.stream(layer.stream), frame, frames.lowerBound, view)
          }
          line += "\(plain.content) \(plain.source) \(plain.destination) \(plain.clip) \(plain.rotation) \(plain.opacity)"
          line += " \(plain.blend) \(plain.tint);"
        }
        lines.append(line)
      }
      return lines
    }
  }

  private static func picture(_ stream: StreamRecord, _ frame: Int64, _ begin: Int64, _ view: PlanView) -> String {
    let source = view.source(stream.source)
    let time = stream.start + Rational(frame - stream.firstFrame) * stream.step
    let memory = !stream.isStill && stream.effects.contains("tmix") ? "\(stream.firstFrame - begin)" : ""
    let values = stream.parameters.map { parameter in
      let value = parameter.value.at(stream.keyStart + Rational(frame - stream.firstFrame) * stream.keyStep)
      return "\(parameter.effect) \(parameter.name) \(value)"
    }
    return
      "[\(source.kind) \(source.text) \(time) \(stream.step) \(stream.isStill) \(stream.number) \(stream.effects) \(stream.deinterlace) \(stream.warmUp) \(memory) \(String(describing: stream.tile)) \(values)]"
  }

  private static func compare(
    _ a: CompiledPlan, _ first: Range<Int64>, _ b: CompiledPlan, _ second: Range<Int64>, _ what: String
  ) -> Bool {
    let same = a.withView { $0.content(of: first).bytes } == b.withView { $0.content(of: second).bytes }
    let wanted = definition(a, first) == definition(b, second)
    if same != wanted { Issue.record("\(what): equal keys \(same), equal content \(wanted)") }
    return wanted
  }

  private static func frames(_ plan: CompiledPlan) -> Int64 { plan.withView(\.frameCount) }

  /// A random part of it.
  private static func part(_ count: Int64, _ random: inout TestRandom) -> Range<Int64> {
    let first = Int64.random(in: 0..<count, using: &random)
    return first..<min(count, first + Int64.random(in: 1...40, using: &random))
  }

  @Test func equalBytesWhereAndOnlyWhereTheSameIsShown() {
    var random = TestRandom(41)
    var same = 0, other = 0
    for round in 0..<90 {
      let project = Self.randomProject(&random)
      guard let plan = Self.plan(project) else { continue }
      var edited = project
      let edits = Self.edit(&edited, &random)
      guard let after = Self.plan(edited) else { continue }
      for _ in 0..<3 {
        let frames = Self.part(min(Self.frames(plan), Self.frames(after)), &random)
        if Self.compare(plan, frames, after, frames, "round \(round), \(edits), frames \(frames)") {
          same += 1
        } else {
          other += 1
        }
        let elsewhere = Self.part(Self.frames(plan), &random)
        _ = Self.compare(plan, frames, plan, elsewhere, "round \(round), frames \(frames) and \(elsewhere)")
      }
    }
    #expect(same > 100 && other > 20, "\(same) pairs were equal, \(other) not")
  }

  /// Something small, as a user changes a timeline.
  private static func edit(_ project: inout Project, _ random: inout TestRandom) -> String {
    let tracks = project.tracks.indices.filter { !project.tracks[$0].clips.isEmpty }
    guard let track = tracks.randomElement(using: &random),
      let clip = project.tracks[track].clips.indices.randomElement(using: &random)
    else { return "nothing" }
    switch Int.random(in: 0...7, using: &random) {
    case 0:
      project.tracks[track].name = "other"
      return "a name"
    case 1:
      project.tracks[track].clips[clip].opacity = .constant(Rational(1, 3))
      return "opacity"
    case 2:
      project.tracks[track].clips[clip].in = .seconds(Rational(7, 2))
      return "in"
    case 3:
      project.tracks[track].clips[clip].enabled.toggle()
      return "enabled"
    case 4:
      project.tracks[track].clips[clip].place.x = .constant(Rational(4))
      return "place"
    case 5:
      project.tracks[track].clips[clip].blend = .screen
      return "blend"
    case 6:
      project.tracks[track].clips[clip].effects = [.avfilter("gblur=sigma=9", parameters: [])]
      return "effect"
    default:
      project.tracks[track].clips.remove(at: clip)
      return "removal"
    }
  }

  @Test func whatStandsLaterOnTheTimelineKeepsItsBytes() throws {
    var random = TestRandom(42)
    var compared = 0
    for round in 0..<50 {
      let project = Self.randomProject(&random)
      guard let plan = Self.plan(project) else { continue }
      let shift = Int64.random(in: 1...500, using: &random)
      let grid = FrameGrid(rate: project.canvas.rate)
      guard let time = grid.time(of: shift) else { continue }
      var moved = project
      for track in moved.tracks.indices {
        for clip in moved.tracks[track].clips.indices {
          guard case .seconds(let at) = moved.tracks[track].clips[clip].at else { continue }
          moved.tracks[track].clips[clip].at = .seconds(at + time)
        }
      }
      guard let after = Self.plan(moved) else { continue }
      for _ in 0..<3 {
        let frames = Self.part(Self.frames(plan), &random)
        // Effects with a memory begin where the segments do, which stand elsewhere now.
        if Self.compare(
          plan, frames, after, frames.lowerBound + shift..<frames.upperBound + shift, "round \(round), \(frames) + \(shift)")
        {
          compared += 1
        }
      }
    }
    #expect(compared > 100, "\(compared) parts were the same")
  }

  @Test func aCutIntoTwoPiecesChangesNothing() throws {
    func text(_ clips: String) -> String {
      """
      { canvas: { width: 640, height: 360, fps: 25 }, sources: { a: "/a", b: "/b" },
        tracks: [ { kind: "video", clips: [ \(clips) ] } ] }
      """
    }
    let one = try compile(text(#"{ source: "a", at: 0, in: 1, duration: 8, opacity: 0.5 }"#), table(Self.files[0]))
    let two = try compile(
      text(
        #"{ source: "a", at: 0, in: 1, duration: 3, opacity: 0.5 }, { source: "a", at: 3, in: 4, duration: 5, opacity: 0.5, name: "x" }"#
      ), table(Self.files[0]))
    #expect(one.withView { $0.content(of: 40..<120).bytes } == two.withView { $0.content(of: 40..<120).bytes })
    let other = try compile(
      text(
        #"{ source: "a", at: 0, in: 1, duration: 3, opacity: 0.5 }, { source: "a", at: 3, in: 4.04, duration: 5, opacity: 0.5 }"#
      ), table(Self.files[0]))
    #expect(one.withView { $0.content(of: 40..<120).bytes } != other.withView { $0.content(of: 40..<120).bytes })
  }

  @Test func everySettingOfTheOutputCounts() throws {
    var random = TestRandom(43)
    let project = Self.randomProject(&random)
    let plan = try #require(Self.plan(project))
    let bytes = plan.withView { $0.content(of: 0..<1).bytes }
    let changes: [(inout OutputSettings) -> Void] = [
      { $0.codec = "libx265" }, { $0.format = "mov" }, { $0.options.append(.init("crf", "17")) }, { $0.pixelFormat = "yuv444p" },
      { $0.threads = 3 }, { $0.options.append(.init("crf=1", "7")) },
    ]
    var all: Set<[UInt8]> = [bytes]
    for change in changes {
      all.insert(try #require(Self.plan(project, settings: change)).withView { $0.content(of: 0..<1).bytes })
    }
    #expect(all.count == changes.count + 1)
  }

  /// Streams of effects with a memory are cut where segments are, so that a segment does not depend on those before.
  @Test func effectsWithAMemoryBeginAnewInEverySegment() throws {
    let text = """
      { canvas: { width: 640, height: 360, fps: 25 }, sources: { a: "/a" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 20, effects: [ { avfilter: "tmix=frames=3" } ] } ] } ] }
      """
    let project = try ProjectReader.read(text: text, path: "/p/x.json")
    let plan = try #require(Self.plan(project))
    let segments = Segment.cut(Self.frames(plan))
    #expect(plan.streams.map { $0.firstFrame..<$0.endFrame } == segments.map(\.frames))
    #expect(segments.count > 1)
  }

  /// Where nothing moves, frames with equal layers are found without looking at each.
  @Test func nextChangeNeverPassesOne() {
    var random = TestRandom(44)
    for round in 0..<40 {
      guard let plan = Self.plan(Self.randomProject(&random)) else { continue }
      plan.withView { view in
        var frame: Int64 = 0
        var layers: [Layer] = [], others: [Layer] = []
        while frame < view.frameCount {
          let next = view.nextChange(after: frame)
          guard next > frame, next <= view.frameCount else {
            Issue.record("round \(round): \(frame) to \(next)")
            return
          }
          view.layers(at: frame, into: &layers)
          for other in frame..<next {
            view.layers(at: other, into: &others)
            if layers != others {
              Issue.record("round \(round): frame \(other) differs from \(frame), not \(next)")
              return
            }
          }
          frame = next
        }
      }
    }
  }
}
