import CSluice
import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Plan
@testable import Timeline

@Suite struct PlanPropertyTests {
  private static let names = ["a", "b", "s", "alpha", "red", "glass"]
  private static let media = table(
    video("/a", width: 640, height: 360, duration: Rational(20)), video("/b", width: 320, height: 240, duration: Rational(30)),
    still("/s", width: 64, height: 64),
    video("/alpha", width: 640, height: 360) {
      $0.format = PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1, log2ChromaHeight: 1, alpha: true)
    })

  static func randomProject(_ random: inout TestRandom) -> Project {
    let rates = [Rational(30), Rational(25), Rational(30000, 1001), Rational(24000, 1001), Rational(1000, 7)]
    var project = Project(canvas: Canvas(width: 640, height: 360, rate: rates.randomElement(using: &random) ?? Rational(30)))
    project.path = "/p/x.json"
    project.sources = [
      .init("a", .file("/a")), .init("b", .file("/b")), .init("s", .file("/s")), .init("alpha", .file("/alpha")),
      .init("red", .color(RGBA(red: 1, green: 0, blue: 0))),
      .init("glass", .color(RGBA(red: 1, green: 0, blue: 0, alpha: 128 / 255))),
    ]
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      var track = Project.Track()
      track.enabled = random.chance(90)
      var at = Rational.zero
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        var clip = Project.Clip(source: Int.random(in: 0..<names.count, using: &random))
        at =
          at
          + (random.chance(50)
            ? .zero : Rational(.random(in: 0...50, using: &random), [10, 7, 30, 1000].randomElement(using: &random) ?? 1))
        let length = Rational(.random(in: 1...100, using: &random), [10, 7, 30, 1000].randomElement(using: &random) ?? 1)
        clip.at = .seconds(at)
        clip.duration = .seconds(length)
        at = at + length
        if random.chance(50) { clip.in = .seconds(Rational(.random(in: 0...9, using: &random))) }
        if clip.source < 4, random.chance(30) {
          clip.crop = AnimatableRect(x: 4, y: 0, width: 32, height: .constant(Rational(33, 2)))
        }
        if random.chance(60) {
          clip.place.x = .constant(Rational(2 * .random(in: -100...200, using: &random)))
          clip.place.y = .constant(Rational(2 * .random(in: -100...100, using: &random), random.chance(80) ? 1 : 4))
          clip.place.width = .constant(Rational(2 * .random(in: 1...400, using: &random)))
          clip.place.height = .constant(Rational(2 * .random(in: 1...400, using: &random)))
          clip.place.fit = Fit.allCases.randomElement(using: &random) ?? .contain
        }
        if random.chance(20) { clip.opacity = .constant(Rational(.random(in: 0...4, using: &random), 4)) }
        clip.enabled = random.chance(90)
        track.clips.append(clip)
      }
      project.tracks.append(track)
    }
    return project
  }

  @Test func whatTheWriterWritesTheReaderReadsBack() throws {
    var random = TestRandom(10)
    for _ in 0..<250 {
      var project = Self.randomProject(&random)
      project.output.crf = random.chance(50) ? Rational(37, 2) : nil
      project.output.codec = random.chance(50) ? "libx265" : nil
      if random.chance(30) { project.output.options = [.init("tune", "film"), .init("x", "1:2")] }
      if random.chance(30) { project.tracks.append(Project.Track(kind: .audio, name: "so\"und")) }
      #expect(try ProjectReader.read(text: ProjectWriter.json(project), path: "/p/x.json") == project)
    }
  }

  /// What one frame shows, worked out clip by clip from the definition.
  private func naive(_ project: Project, _ frame: Int64) -> [(layer: Layer, key: String?, time: Rational)] {
    let time = Rational(frame) / project.canvas.rate
    var shown: [(layer: Layer, key: String?, time: Rational, opaque: Bool)] = []
    let grid = FrameGrid(rate: project.canvas.rate)
    for track in project.tracks where track.enabled {
      let spans = track.clips.map { clip in clip.duration.flatMap { ClipSpan(at: clip.at, duration: $0, grid) } }
      for (index, clip) in track.clips.enumerated() where clip.enabled && clip.opacity != .zero {
        guard let span = spans[index], case .seconds(let start) = clip.in, span.start <= time else { continue }
        // Up to the start of one that touches it.
        let next = zip(track.clips, spans).compactMap { $0.enabled ? $1 : nil }
          .filter { $0.start > span.start && span.touches($0, within: grid.reach) }.map(\.start).min()
        guard time < next ?? span.end else { continue }
        let at = span.start
        let source = project.sources[clip.source].source
        let key = project.probeKey(of: clip)
        let info = key.flatMap { Self.media[$0] }
        let box = clip.place.box(on: project.canvas)
        var layer = Layer(
          .picture(stream: -1), source: Rect(x: 0, y: 0, width: 0, height: 0), destination: box,
          opacity: clip.opacity.constant?.double ?? 1)
        var opaque = clip.opacity == .one
        if let picture = info?.video {
          guard
            let placed = Fitting(picture, canvas: project.canvas)
              .place(crop: clip.crop?.rect, box: box, fit: clip.place.fit).rounded.clipped(to: project.canvas.bounds)
          else { continue }
          layer.source = placed.source
          layer.destination = placed.destination
          layer.clip = placed.destination
          opaque = opaque && !picture.format.hasAlpha
        } else if case .color(let color) = source {
          layer.content = .fill(color)
          layer.destination = box.rounded.intersection(project.canvas.bounds)
          layer.clip = layer.destination
          opaque = opaque && color.alpha == 1
        }
        if layer.destination.isEmpty { continue }
        shown.append((layer, key, info?.kind == .image ? .zero : start + time - at, opaque))
      }
    }
    return shown.enumerated().compactMap { index, item in
      let area = item.layer.destination.grown(log2Width: 1, log2Height: 1).intersection(project.canvas.bounds)
      let covered = shown[(index + 1)...].contains { $0.opaque && $0.layer.destination.contains(area) }
      return covered ? nil : (item.layer, item.key, item.time)
    }
  }

  @Test func evaluationEqualsTheDefinitionOverThousandsOfTimelines() throws {
    var random = TestRandom(11)
    var compared = 0
    while compared < 1000 {
      let project = Self.randomProject(&random)
      guard let plan = try? PlanCompiler.compile(project, media: Self.media, settings: OutputSettings(), decodeThreads: 1) else {
        continue
      }
      compared += 1
      plan.withView { view in
        var layers: [Layer] = []
        for _ in 0..<12 {
          let frame = Int64.random(in: 0..<view.frameCount, using: &random)
          view.layers(at: frame, into: &layers)
          let expected = naive(project, frame)
          #expect(layers.count == expected.count)
          for (layer, (wanted, key, time)) in zip(layers, expected) {
            var same = wanted
            same.content = layer.content
            // A still may be scaled where it is decoded: then the tile is made of what the layer would have shown.
            if layer.stream >= 0, let tile = view.stream(layer.stream).tile {
              #expect(
                tile == StillTile(source: same.source, width: Int(same.destination.width), height: Int(same.destination.height)))
              same.source = Rect(x: 0, y: 0, width: same.destination.width, height: same.destination.height)
            }
            #expect(layer == same)
            #expect((layer.stream < 0) == (key == nil))
            guard layer.stream >= 0 else { continue }
            let stream = view.stream(layer.stream)
            #expect((stream.firstFrame..<stream.endFrame).contains(frame))
            #expect(stream.start + Rational(frame - stream.firstFrame) * stream.step == time)
            #expect(view.source(stream.source).text == key)
          }
        }
      }
    }
  }

  @Test func everyFrameOfEveryStreamIsUsedAndStreamsAreInOrder() throws {
    var random = TestRandom(12)
    for _ in 0..<150 {
      let project = Self.randomProject(&random)
      guard let plan = try? PlanCompiler.compile(project, media: Self.media, settings: OutputSettings()) else { continue }
      plan.withView { view in
        var used = [Int64](repeating: 0, count: view.streamCount)
        var layers: [Layer] = []
        for frame in 0..<view.frameCount {
          view.layers(at: frame, into: &layers)
          for stream in Set(layers.map(\.stream)) where stream >= 0 { used[stream] += 1 }
        }
        let streams = (0..<view.streamCount).map(view.stream)
        // A small still that comes again is kept meanwhile.
        for (count, stream) in zip(used, streams) {
          let delivered = stream.endFrame - stream.firstFrame
          #expect(count == delivered || stream.isStill && (1..<delivered).contains(count))
        }
        #expect(zip(streams, streams.dropFirst()).allSatisfy { $0.firstFrame <= $1.firstFrame })
      }
    }
  }

  @Test func aRangeShowsTheSameAsTheWhole() throws {
    var random = TestRandom(13)
    for _ in 0..<200 {
      let project = Self.randomProject(&random)
      guard let whole = try? PlanCompiler.compile(project, media: Self.media, settings: OutputSettings()) else { continue }
      let count = whole.withView { $0.frameCount }
      let from = Int64.random(in: 0..<count, using: &random), to = Int64.random(in: from + 1...count, using: &random)
      let part = try PlanCompiler.compile(
        project, media: Self.media, from: .frames(from), to: .frames(to), settings: OutputSettings())
      #expect(part.withView { $0.frameCount } == to - from)
      for frame in from..<to where random.chance(5) || frame == from || frame == to - 1 {
        #expect(shown(whole, frame) == shown(part, frame - from))
      }
    }
  }

  private func shown(_ plan: CompiledPlan, _ frame: Int64) -> [String] {
    plan.layers(at: frame).map { layer in
      guard layer.stream >= 0 else { return "\(layer)" }
      let stream = plan.streams[layer.stream]
      return "\(layer.source) \(layer.destination) \(layer.opacity) \(plan.sources[stream.source].text) "
        + "\(stream.start + Rational(frame - stream.firstFrame) * stream.step)"
    }
  }

  @Test func mutatedPlansAreRefusedOrReadInBounds() throws {
    var random = TestRandom(14)
    var accepted = 0
    for round in 0..<150 {
      let project = Self.randomProject(&random)
      var settings = OutputSettings()
      settings.options = [.init("preset", "fast")]
      guard let plan = try? PlanCompiler.compile(project, media: Self.media, settings: settings) else { continue }
      for _ in 0..<60 {
        var bytes = plan.bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let at = random.chance(50) ? Int.random(in: 0..<264, using: &random) : Int.random(in: 0..<bytes.count, using: &random)
          bytes[at] = random.chance(30) ? 0xff : UInt8.random(in: 0...255, using: &random)
        }
        if round % 3 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
        // A heap block of the exact size: reading beyond it is what the address sanitizer would see.
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
        defer { block.deallocate() }
        bytes.withUnsafeBytes { if let base = $0.baseAddress { block.copyMemory(from: base, byteCount: bytes.count) } }
        guard let view = PlanView(block, count: bytes.count) else { continue }
        accepted += 1
        var layers: [Layer] = []
        for frame in [0, 1, view.frameCount / 2, view.frameCount, -1, Int64.max] { view.layers(at: frame, into: &layers) }
        for index in 0..<view.streamCount { _ = view.stream(index) }
        for index in 0..<view.sourceCount { _ = view.source(index) }
        _ = (view.canvas, view.output)
      }
    }
    #expect(accepted > 100)
  }
}
