import FrameModel
import Plan
import SluiceBase

/// Makes the items of one clip.
struct ClipBuilder {
  let timeline: TimelineBuilder
  let clip: Project.Clip
  let source: TimelineBuilder.Source
  let times: ClipTimes.Result
  /// Output frames in which the clip is seen, the transition to the next clip included.
  let frames: Range<Int64>
  let place: String
  let hasTransition: Bool
  /// Whether a transition moves the clip.
  let slides: Bool

  private var context: PlanContext { timeline.context }
  private var canvas: Canvas { timeline.project.canvas }

  func items() throws(SluiceError) -> [PlanItem] {
    let shown = frames.clamped(to: timeline.within)
    guard !shown.isEmpty else { return [] }
    switch source {
    case .color(let color):
      if clip.crop != nil {
        throw SluiceError(.badInput, "a colour has no picture to crop", at: place + ".crop", advice: "remove it")
      }
      guard color.alpha > 0, let geometry = geometry.resolve(nil) else { return [] }
      return [item(.fill(color), shown, geometry, hidesAll: color.alpha == 1)]
    case .picture(let info, let key): return try pictures(info, key, shown)
    case .sound: return []
    case .timeline(let inner, let prefix, _): return try self.timeline(inner, prefix, shown)
    }
  }

  // MARK: media

  private func pictures(_ info: MediaInfo, _ key: String, _ shown: Range<Int64>) throws(SluiceError) -> [PlanItem] {
    guard let video = info.video else { return [] }
    let fitting = Fitting(video, canvas: canvas)
    try checkCrop(fitting)
    guard let geometry = geometry.resolve(fitting) else { return [] }
    var items: [PlanItem] = []
    for (index, piece) in times.pieces.enumerated() {
      // The first and the last piece reach to the ends of the clip, transitions included.
      var frames = piece.frames
      if index == 0 { frames = min(frames.lowerBound, shown.lowerBound)..<frames.upperBound }
      if index == times.pieces.count - 1 { frames = frames.lowerBound..<max(frames.upperBound, shown.upperBound) }
      let seen = frames.clamped(to: shown)
      if seen.isEmpty { continue }
      items.append(
        item(.picture(try picture(info, key, piece.time)), seen, geometry, hidesAll: !video.format.hasAlpha))
    }
    return items
  }

  private func picture(_ info: MediaInfo, _ key: String, _ time: TimeMap) throws(SluiceError) -> PlanItem.Picture {
    let isImage = info.kind == .image
    var picture = PlanItem.Picture(
      key: key, time: isImage ? TimeMap(offset: .zero, speed: .zero) : time, number: clip.number ?? -1,
      isStill: isImage || time.speed == .zero)
    picture.effects = EffectText.json(clip.effects)
    for (index, effect) in clip.effects.enumerated() {
      guard case .avfilter(_, let parameters) = effect else { continue }
      picture.parameters += parameters.map { .init(effect: index, name: $0.name, value: $0.value) }
    }
    if picture.parameters.contains(where: { $0.value.constant == nil }) {
      guard EffectTraits.isStateless(picture.effects) else {
        throw SluiceError(
          .badInput, "keyframes work on filters whose result depends on one picture alone, and one of these remembers others",
          at: place + ".effects", advice: "give its parameters constant values")
      }
      picture.keys = clipTime
      picture.isStill = false
    }
    picture.workers = clip.effects.compactMap(\.worker)
    if picture.workers.contains(where: \.everyFrame) { picture.isStill = false }
    return picture
  }

  private func checkCrop(_ fitting: Fitting) throws(SluiceError) {
    guard let rect = clip.crop?.constant, !Rect(x: 0, y: 0, width: fitting.width, height: fitting.height).contains(rect)
    else { return }
    throw SluiceError(
      .badInput, "goes beyond the source's picture of \(Int(fitting.width))x\(Int(fitting.height))", at: place + ".crop",
      advice: "make it smaller, or move it")
  }

  // MARK: timelines

  private func timeline(_ inner: Project, _ prefix: String, _ shown: Range<Int64>) throws(SluiceError) -> [PlanItem] {
    let fitting = Fitting(width: Double(inner.canvas.width), height: Double(inner.canvas.height), aspect: 1)
    try checkCrop(fitting)
    guard let geometry = geometry.resolve(fitting) else { return [] }
    guard let surface = plainSurface(geometry, inner) else {
      let own = Surface(bounds: inner.canvas.bounds)
      let items = times.pieces.flatMap { self.items(inner, prefix, $0, on: own, shown) }
      let background = inner.canvas.background
      let content = PlanItem.Content.group(
        width: inner.canvas.width, height: inner.canvas.height, background: background, items: items)
      return [item(content, shown, geometry, hidesAll: background.alpha == 1)]
    }
    var items: [PlanItem] = []
    if inner.canvas.background.alpha > 0 {
      items.append(item(.fill(inner.canvas.background), shown, geometry.filled, hidesAll: inner.canvas.background.alpha == 1))
    }
    return items + times.pieces.flatMap { self.items(inner, prefix, $0, on: surface, shown) }
  }

  private func items(_ inner: Project, _ prefix: String, _ piece: ClipPiece, on surface: Surface, _ shown: Range<Int64>)
    -> [PlanItem]
  {
    TimelineBuilder(
      project: inner, context: context, map: piece.time, surface: surface, within: piece.frames.clamped(to: shown),
      prefix: prefix
    ).items().items
  }

  /// Where the inner timeline's canvas lies, if its clips may be drawn straight onto this one's surface. The picture is then the
  /// same as if the inner canvas were drawn first, and sharper when it is scaled. nil: the inner canvas must be drawn by itself.
  private func plainSurface(_ geometry: PlanItem.Geometry, _ inner: Project) -> Surface? {
    guard !hasTransition, clip.opacity.constant == .one, clip.rotate.constant == .zero, clip.blend == .normal else { return nil }
    let needs = Isolation(inner)
    var surface = Surface(bounds: timeline.surface.bounds)
    switch geometry {
    case .resting(let source, let destination):
      let isSame = source == inner.canvas.bounds && destination == source && destination == surface.bounds
      surface.lie = isSame ? .same : .resting(Placed(source: source, destination: destination, clip: destination))
    case .moving(let index): surface.lie = .moving(index)
    case .turned: return nil
    }
    if needs.always || needs.whenMoved && !surface.isSame || needs.whenDistorted && surface.isDistorted { return nil }
    return surface
  }

  // MARK: parts

  /// Seconds of the clip at output second T.
  private var clipTime: TimeMap {
    TimeMap(offset: timeline.map.offset.minus(times.start), speed: timeline.map.speed)
  }

  private var geometry: ClipGeometry {
    ClipGeometry(
      clip: clip, canvas: canvas, surface: timeline.surface, time: clipTime, context: context, slides: slides)
  }

  private func item(
    _ content: PlanItem.Content, _ frames: Range<Int64>, _ geometry: PlanItem.Geometry, hidesAll: Bool
  ) -> PlanItem {
    let opacity = clip.opacity.constant?.double ?? 1
    var rests = false
    if case .resting = geometry { rests = true }
    return PlanItem(
      content: content, frames: frames, geometry: geometry, opacity: opacity, blend: BlendMode(clip.blend),
      isOpaque: rests && hidesAll && opacity == 1 && clip.blend == .normal, place: place)
  }
}

/// Why a nested timeline cannot be drawn straight onto the outer one.
private struct Isolation {
  /// It has blend modes, which must see only what lies below them in their own timeline.
  var always = false
  /// It has transitions whose pictures move over its canvas.
  var whenMoved = false
  /// It has rotated pictures.
  var whenDistorted = false

  init(_ project: Project) {
    for track in project.tracks where track.kind != .audio && track.enabled {
      for clip in track.clips where clip.enabled { add(clip, of: project) }
    }
  }

  private mutating func add(_ clip: Project.Clip, of project: Project) {
    if clip.blend != .normal { always = true }
    if clip.rotate.constant != .zero { whenDistorted = true }
    switch clip.transition?.kind {
    case .wipe, .slide, .push: whenMoved = true
    default: break
    }
    guard case .timeline(let inner) = project.sources[clip.source].source else { return }
    let needs = Isolation(inner)
    always = always || needs.always
    whenMoved = whenMoved || needs.whenMoved
    whenDistorted = whenDistorted || needs.whenDistorted
  }
}

extension PlanItem.Geometry {
  /// The same place for a colour, which has no source rectangle.
  fileprivate var filled: PlanItem.Geometry {
    guard case .resting(_, let destination) = self else { return self }
    return .resting(source: Rect(x: 0, y: 0, width: 0, height: 0), destination: destination)
  }
}
