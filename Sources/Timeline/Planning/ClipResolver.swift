import FrameModel
import SluiceBase

/// A clip with everything known: absolute output frames, source time, and where it lies.
struct ResolvedClip {
  enum Content {
    case color(RGBA)
    /// Source time at output time 0 (zero for a still), which tells streams apart, and the frame wanted by number.
    case picture(key: String, offset: Rational, number: Int64)
  }
  var content: Content
  var first: Int64
  var end: Int64
  var source: Rect
  var destination: Rect
  var opacity: Double
  /// Hides what lies below it.
  var isOpaque: Bool
  /// On the canvas, and not transparent.
  var isVisible: Bool
  /// Place in the project file, for errors.
  var place: String

  func layer(stream: Int) -> Layer {
    var inside = Layer.Content.picture(stream: stream)
    if case .color(let color) = content { inside = .fill(color) }
    return Layer(inside, source: source, destination: destination, opacity: opacity)
  }
}

/// Resolves times and places of the enabled clips against what probing found.
struct ClipResolver {
  let project: Project
  let media: [String: MediaInfo]

  private var grid: FrameGrid { FrameGrid(rate: project.canvas.rate) }

  /// One array per enabled video track, bottom to top, each by rising first frame and without overlaps.
  func tracks() throws(SluiceError) -> [[ResolvedClip]] {
    var tracks: [[ResolvedClip]] = []
    for (trackIndex, track) in project.tracks.enumerated() where track.kind == .video && track.enabled {
      var clips: [ResolvedClip] = []
      for (clipIndex, clip) in track.clips.enumerated() where clip.enabled {
        let resolved = try resolve(clip, place: "tracks[\(trackIndex)].clips[\(clipIndex)]")
        if resolved.first < resolved.end { clips.append(resolved) }
      }
      clips.sort { $0.first < $1.first }
      for (before, after) in zip(clips, clips.dropFirst()) where after.first < before.end {
        throw error(
          Overlap.text(with: before.place, endsAt: before.end, startsAt: after.first, grid), after.place, Overlap.advice)
      }
      tracks.append(clips)
    }
    return tracks
  }

  private func resolve(_ clip: Project.Clip, place: String) throws(SluiceError) -> ResolvedClip {
    let source = project.sources[clip.source].source
    let info = try info(of: clip, place)
    let video = info?.video
    let start = try exact(grid.seconds(clip.in), place + ".in")
    let at = try exact(grid.seconds(clip.at), place + ".at")
    if let info, let length = info.duration, info.kind != .image, start > .zero, start >= length {
      throw error(
        "\(clip.in) lies behind the end of the source, which is \(TimeValue.seconds(length)) long", place + ".in",
        "take an earlier time")
    }
    let duration = try duration(clip, start: start, info: info, place)
    let frames = try exact(grid.frames(at: clip.at, duration: duration), place + ".duration")

    var content = ResolvedClip.Content.color(.clear)
    var isOpaque = clip.opacity == .one
    var placed: Placed?
    let canvas = project.canvas
    let place_ = clip.place
    let box = Rect(
      x: place_.x.constant?.double ?? 0, y: place_.y.constant?.double ?? 0,
      width: place_.width?.constant?.double ?? Double(canvas.width),
      height: place_.height?.constant?.double ?? Double(canvas.height))
    let crop = clip.crop.map {
      Rect(
        x: $0.x.constant?.double ?? 0, y: $0.y.constant?.double ?? 0, width: $0.width.constant?.double ?? 0,
        height: $0.height.constant?.double ?? 0)
    }
    switch source {
    case .color(let color):
      if clip.crop != nil { throw error("a colour has no picture to crop", place + ".crop", "remove it") }
      content = .color(color)
      isOpaque = isOpaque && color.alpha == 1
      placed = Placed(source: box, destination: box.rounded, clip: box.rounded).clipped(to: canvas.bounds)
      placed?.source = Rect(x: 0, y: 0, width: 0, height: 0)
      if color.alpha == 0 { placed = nil }
    default:
      let isStill = info?.kind == .image
      let offset = isStill ? Rational.zero : try exact(start.subtracting(at), place + ".in")
      content = .picture(key: project.probeKey(of: clip) ?? "", offset: offset, number: clip.number ?? -1)
      if let video {
        isOpaque = isOpaque && !video.format.hasAlpha
        let fitting = Fitting(video, canvas: project.canvas)
        if let crop, !Rect(x: 0, y: 0, width: fitting.width, height: fitting.height).contains(crop) {
          let size = "\(Int(fitting.width))x\(Int(fitting.height))"
          throw error("goes beyond the source's picture of \(size)", place + ".crop", "make it smaller, or move it")
        }
        placed = fitting.restingPlace(crop: crop, box: box, fit: clip.place.fit).clipped(to: canvas.bounds)
      }
    }
    let nowhere = Rect(x: 0, y: 0, width: 0, height: 0)
    return ResolvedClip(
      content: content, first: frames.lowerBound, end: frames.upperBound, source: placed?.source ?? nowhere,
      destination: placed?.destination ?? nowhere,
      opacity: clip.opacity.constant?.double ?? 1, isOpaque: isOpaque, isVisible: placed != nil && clip.opacity != .zero,
      place: place)
  }

  private func info(of clip: Project.Clip, _ place: String) throws(SluiceError) -> MediaInfo? {
    guard let key = project.probeKey(of: clip) else { return nil }
    guard let info = media[key] else {
      throw SluiceError(.software, "\(key) was not probed", at: location(place + ".source"))
    }
    guard let video = info.video, video.width > 0, video.height > 0 else {
      throw error("\(key) has no picture", place + ".source", "use it on a track of kind \"audio\"")
    }
    return info
  }

  private func duration(_ clip: Project.Clip, start: Rational, info: MediaInfo?, _ place: String) throws(SluiceError) -> TimeValue
  {
    if let duration = clip.duration { return duration }
    guard let info else { throw error("a colour has no length of its own", place, "give the clip a \"duration\"") }
    if info.kind == .image { throw error("a still picture has no length of its own", place, "give the clip a \"duration\"") }
    guard let length = info.duration, length > .zero else {
      throw error("the length of \(info.path) is not known", place, "give the clip a \"duration\"")
    }
    return .seconds(try exact(length.subtracting(start), place + ".in"))
  }

  private func exact<T>(_ value: T?, _ place: String) throws(SluiceError) -> T {
    guard let value else {
      throw error("this time's fraction is too fine to be added to the others exactly", place, "round it to microseconds")
    }
    return value
  }

  private func location(_ place: String) -> String { project.path.isEmpty ? place : "\(project.path): \(place)" }

  private func error(_ what: String, _ place: String, _ advice: String) -> SluiceError {
    SluiceError(.badInput, what, at: location(place), advice: advice)
  }
}
