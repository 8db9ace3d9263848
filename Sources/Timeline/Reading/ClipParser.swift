import FrameModel
import SluiceBase

/// Reads the clips of tracks.
struct ClipParser {
  private let errors: ErrorCollector
  private let canvas: Canvas
  private let sources: [String]
  private let sourceIndex: [String: Int]

  /// `sources`: names, in the order of the project's.
  init(errors: ErrorCollector, canvas: Canvas, sources: [String]) {
    self.errors = errors
    self.canvas = canvas
    self.sources = sources
    sourceIndex = Dictionary(sources.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  private static let timeKeys = ["source", "at", "in", "duration", "enabled"]
  private static let pictureKeys = ["crop", "place", "opacity", "rotate", "blend"]
  private static let laterKeys = ["speed", "effects", "transition"]
  /// Far outside any canvas, and exact in floating point.
  private static let farthest: Int64 = 1_000_000

  func clip(_ value: JSONValue, _ place: String, _ kind: Project.TrackKind) -> Project.Clip {
    var clip = Project.Clip(source: 0)
    let keys = Self.timeKeys + Self.pictureKeys + Self.laterKeys
    guard let fields = FieldReader(value, place, keys: keys, errors: errors) else { return clip }
    if let index = source(fields) { clip.source = index }
    if let at = fields.timeFromZero("at") { clip.at = at }
    if let start = fields.timeFromZero("in") { clip.in = start }
    clip.duration = fields.duration("duration")
    if let enabled = fields.bool("enabled") { clip.enabled = enabled }
    noteLaterKeys(fields)
    if kind == .audio {
      for key in Self.pictureKeys where fields.has(key) { fields.fail(key, "is only for clips of video tracks") }
      return clip
    }
    if let opacity = fields.number("opacity", in: 0...1) { clip.opacity = .constant(opacity) }
    if let value = fields.value("place") { clip.place = self.place(value, fields.path("place")) }
    if let value = fields.value("crop") { clip.crop = crop(value, fields.path("crop")) }
    return clip
  }

  private func source(_ fields: FieldReader) -> Int? {
    guard fields.required("source") != nil, let name = fields.string("source") else { return nil }
    if let index = sourceIndex[name] { return index }
    fields.fail(
      "source", "unknown source \"\(name)\"", advice: NearestName.advice(for: name, among: sources, what: "sources"))
    return nil
  }

  /// Keys of the format that only one value is supported of yet.
  private func noteLaterKeys(_ fields: FieldReader) {
    if let speed = fields.number("speed"), speed != .one { fields.notSupported("speed", "speed other than 1") }
    if let rotate = fields.number("rotate"), rotate != .zero { fields.notSupported("rotate", "rotate other than 0") }
    if let blend = fields.string("blend"), blend != "normal" { fields.notSupported("blend", "blend other than \"normal\"") }
    if let effects = fields.value("effects") {
      if effects.array == nil {
        fields.fail("effects", "must be an array, not \(effects.kind)")
      } else if effects.array?.isEmpty == false {
        fields.notSupported("effects", "effects")
      }
    }
    if fields.has("transition") { fields.notSupported("transition", "transitions") }
  }

  private func place(_ value: JSONValue, _ path: String) -> Project.Place {
    var place = Project.Place()
    guard let fields = FieldReader(value, path, keys: ["x", "y", "width", "height", "fit"], errors: errors) else { return place }
    if let x = fields.number("x", in: -Self.farthest...Self.farthest) { place.x = .constant(x) }
    if let y = fields.number("y", in: -Self.farthest...Self.farthest) { place.y = .constant(y) }
    place.width = fields.positive("width", atMost: Self.farthest).map(Animatable.constant)
    place.height = fields.positive("height", atMost: Self.farthest).map(Animatable.constant)
    if let fit = fields.choice("fit", Project.Fit.self) { place.fit = fit }
    return place
  }

  private func crop(_ value: JSONValue, _ path: String) -> Project.Box? {
    guard let fields = FieldReader(value, path, keys: ["x", "y", "width", "height"], errors: errors) else { return nil }
    let x = fields.has("x") ? fields.number("x", in: 0...65536) : .zero
    let y = fields.has("y") ? fields.number("y", in: 0...65536) : .zero
    _ = fields.required("width")
    _ = fields.required("height")
    guard let width = fields.number("width", in: 1...65536), let height = fields.number("height", in: 1...65536), let x, let y
    else { return nil }
    return Project.Box(x: .constant(x), y: .constant(y), width: .constant(width), height: .constant(height))
  }

  /// Overlaps among the clips whose length the file itself tells; the compiler finds the others.
  func checkOverlaps(_ clips: [Project.Clip], _ values: [JSONValue], _ place: String) {
    let grid = FrameGrid(rate: canvas.rate)
    let spans = clips.enumerated().compactMap { index, clip -> (index: Int, first: Int64, end: Int64)? in
      guard clip.enabled, let range = grid.frames(at: clip.at, duration: clip.duration), !range.isEmpty else { return nil }
      return (index, range.lowerBound, range.upperBound)
    }.sorted { ($0.first, $0.index) < ($1.first, $1.index) }
    for (before, after) in zip(spans, spans.dropFirst()) where after.first < before.end {
      errors.add(
        Overlap.text(with: "\(place).clips[\(before.index)]", endsAt: before.end, startsAt: after.first, grid),
        at: values[after.index].offset, "\(place).clips[\(after.index)]", advice: Overlap.advice)
    }
  }
}

/// What is said about two clips of one track at the same time.
enum Overlap {
  static let advice = "give the earlier one a shorter \"duration\", or move one to another track"

  static func text(with other: String, endsAt end: Int64, startsAt start: Int64, _ grid: FrameGrid) -> String {
    "overlaps \(other): that clip ends at \(grid.text(end)), this one starts at \(grid.text(start))"
  }
}
