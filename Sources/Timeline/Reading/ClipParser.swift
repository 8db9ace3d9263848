import FrameModel
import Plan
import SluiceBase

/// Reads the clips of tracks.
struct ClipParser {
  private let errors: ErrorCollector
  private let rate: Rational
  private let sources: [Project.NamedSource]
  private let sourceIndex: [String: Int]
  private let effects: EffectParser
  private let sound: SoundParser

  /// `sources` are in the order of the project's.
  init(errors: ErrorCollector, folder: String, canvas: Canvas, sources: [Project.NamedSource]) {
    self.errors = errors
    self.sources = sources
    rate = canvas.rate
    sourceIndex = Dictionary(sources.enumerated().map { ($1.name, $0) }) { first, _ in first }
    effects = EffectParser(errors: errors, folder: folder, rate: canvas.rate)
    sound = SoundParser(errors: errors, rate: canvas.rate)
  }

  static let keys = [
    "source", "at", "in", "duration", "speed", "beyond", "crop", "place", "rotate", "opacity", "blend", "effects", "transition",
    "enabled", "name", "sound",
  ]
  static let audioKeys =
    ["source", "at", "in", "duration", "speed", "beyond", "transition", "enabled", "name"] + SoundParser.clipKeys
  static let placeKeys = ["x", "y", "width", "height", "fit"]
  static let cropKeys = ["x", "y", "width", "height"]
  private static let pictureKeys = ["crop", "place", "opacity", "rotate", "blend"]
  /// Far outside any canvas, and exact in floating point.
  private static let farthest: Int64 = 1_000_000
  private static let fastest: Int64 = 1000

  func clip(_ value: JSONValue, _ place: String, _ kind: Project.TrackKind) -> Project.Clip {
    var clip = Project.Clip(source: 0)
    // Keys for pictures are allowed on a track of sound; they have no meaning there.
    let keys = kind == .audio ? Self.audioKeys + Self.pictureKeys : Self.keys
    guard let fields = FieldReader(value, place, keys: keys, errors: errors) else { return clip }
    let source = source(fields)
    if let source { clip.source = source }
    if let name = fields.string("name") { clip.name = name }
    if let at = fields.timeFromZero("at") { clip.at = at }
    if let start = fields.timeFromZero("in") { clip.in = start }
    clip.duration = fields.duration("duration")
    if let enabled = fields.bool("enabled") { clip.enabled = enabled }
    if let speed = fields.number("speed", in: -Self.fastest...Self.fastest) { clip.speed = speed }
    if let beyond = fields.choice("beyond", Project.Beyond.self) { clip.beyond = beyond }
    if let value = fields.value("transition") { clip.transition = effects.transition(value, fields.path("transition")) }
    if kind == .audio {
      for key in Self.pictureKeys where fields.has(key) { fields.fail(key, "is only for clips of video tracks") }
      clip.sound = sound.clip(fields)
    } else {
      readPicture(fields, source.map { sources[$0].source }, &clip)
      clip.sound = sound.linked(fields)
    }
    return clip
  }

  private func source(_ fields: FieldReader) -> Int? {
    guard fields.required("source") != nil, let name = fields.string("source") else { return nil }
    if let index = sourceIndex[name] { return index }
    fields.fail(
      "source", "unknown source \"\(name)\"",
      advice: NearestName.advice(for: name, among: sources.map(\.name), what: "sources"))
    return nil
  }

  private func readPicture(_ fields: FieldReader, _ source: Project.Source?, _ clip: inout Project.Clip) {
    if let value = fields.value("crop") { clip.crop = crop(value, fields.path("crop")) }
    if let value = fields.value("place") { clip.place = self.place(value, fields.path("place")) }
    if let rotate = fields.animatable("rotate", in: NumberRange(-Self.farthest...Self.farthest), rate: rate) {
      clip.rotate = rotate
    }
    if let opacity = fields.animatable("opacity", in: NumberRange(0...1), rate: rate) { clip.opacity = opacity }
    if let blend = fields.choice("blend", Project.Blend.self) { clip.blend = blend }
    clip.effects = effects.effects(fields, "effects")
    switch source {
    case .timeline, .grid:
      if !clip.effects.isEmpty {
        fields.fail("effects", "are not for a timeline or a grid", advice: "give them to the clips in it")
      }
    default: break
    }
  }

  private func place(_ value: JSONValue, _ path: String) -> Project.Place {
    var place = Project.Place()
    guard let fields = FieldReader(value, path, keys: Self.placeKeys, errors: errors) else { return place }
    let position = NumberRange(-Self.farthest...Self.farthest), extent = NumberRange.positive(atMost: Self.farthest)
    if let x = fields.animatable("x", in: position, rate: rate) { place.x = x }
    if let y = fields.animatable("y", in: position, rate: rate) { place.y = y }
    place.width = fields.animatable("width", in: extent, rate: rate)
    place.height = fields.animatable("height", in: extent, rate: rate)
    if let fit = fields.choice("fit", Fit.self) { place.fit = fit }
    return place
  }

  private func crop(_ value: JSONValue, _ path: String) -> AnimatableRect? {
    guard let fields = FieldReader(value, path, keys: Self.cropKeys, errors: errors) else { return nil }
    let position = NumberRange(0...65536), extent = NumberRange(1...65536)
    let x = fields.has("x") ? fields.animatable("x", in: position, rate: rate) : .zero
    let y = fields.has("y") ? fields.animatable("y", in: position, rate: rate) : .zero
    let width = fields.required("width").flatMap { _ in fields.animatable("width", in: extent, rate: rate) }
    let height = fields.required("height").flatMap { _ in fields.animatable("height", in: extent, rate: rate) }
    guard let x, let y, let width, let height else { return nil }
    return AnimatableRect(x: x, y: y, width: width, height: height)
  }

  /// Notes clips that break the rules of a track, as far as the file itself tells. The compiler finds the others.
  func checkTrack(_ clips: [Project.Clip], _ values: [JSONValue], _ place: String) {
    let grid = FrameGrid(rate: rate)
    var indices: [Int] = []
    var spans: [TrackSpan] = []
    for (index, clip) in clips.enumerated() where clip.enabled {
      guard let first = grid.firstFrame(from: clip.at) else { continue }
      indices.append(index)
      let span = clip.duration.flatMap { ClipSpan(at: clip.at, duration: $0, grid) }
      let transition = (clip.transition?.duration).flatMap { ClipSpan(at: clip.at, duration: $0, grid) }
      func exact(_ time: Rational) -> Int64? { grid.firstFrame(from: time) }
      let written = grid.seconds(clip.at).flatMap(exact).map { first in
        (first, span.flatMap { exact($0.written.end) }, transition.flatMap { exact($0.written.end) } ?? first)
      }
      spans.append(
        TrackSpan(
          place: "\(place).clips[\(index)]", first: first, end: span.flatMap { grid.firstFrame(from: $0.end) },
          transitionEnd: transition.flatMap { grid.firstFrame(from: $0.end) } ?? first, span: span, written: written))
    }
    for breach in TrackRules.breaches(spans, grid) {
      errors.add(breach.text, at: values[indices[breach.index]].offset, breach.place, advice: breach.advice)
    }
  }
}
