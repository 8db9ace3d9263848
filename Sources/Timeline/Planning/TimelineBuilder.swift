import FrameModel
import Plan
import SluiceBase

/// Makes the items of one timeline, from bottom to top, and those of the timelines nested in it.
struct TimelineBuilder {
  let project: Project
  let context: PlanContext
  /// Seconds of this timeline at output second T.
  let map: TimeMap
  let surface: Surface
  /// Output frames in which it is shown.
  let within: Range<Int64>
  /// Begins the places of this timeline in errors: `show.json: `.
  let prefix: String

  private var grid: FrameGrid { FrameGrid(rate: project.canvas.rate) }

  /// The items, and the output frames at which the last clip with a picture ends (seen or not) and the last subtitles.
  func items() -> (items: [PlanItem], end: Int64, subtitlesEnd: Int64) {
    var items: [PlanItem] = []
    var end: Int64 = 0
    var subtitlesEnd: Int64 = 0
    for (index, track) in project.tracks.enumerated() where track.kind != .audio && track.enabled {
      let made = TrackBuilder(timeline: self, track: track, place: "\(prefix)tracks[\(index)]").items()
      items += made.items
      if track.kind == .video { end = max(end, made.end) } else { subtitlesEnd = max(subtitlesEnd, made.end) }
    }
    return (items, end, subtitlesEnd)
  }

  /// Seconds from its start to the end of its last clip.
  func length() throws(SluiceError) -> Rational {
    let pictures = try lengthOfPictures()
    return pictures > .zero ? pictures : try lengthOfSound()
  }

  /// Of subtitles only where there are no other pictures. Zero: there are none.
  func lengthOfPictures() throws(SluiceError) -> Rational {
    let pictures = try length(of: .video)
    return pictures > .zero ? pictures : try length(of: .subtitles)
  }

  private func length(of kind: Project.TrackKind) throws(SluiceError) -> Rational {
    var longest = Rational.zero
    for (index, track) in project.tracks.enumerated() where track.kind == kind && track.enabled {
      for (clipIndex, clip) in track.clips.enumerated() where clip.enabled {
        let place = "\(prefix)tracks[\(index)].clips[\(clipIndex)]"
        longest = max(longest, try times(clip, source(of: clip, place, on: kind), place, on: kind).end)
      }
    }
    return longest
  }

  /// Of a timeline without pictures; zero: nothing is heard, or it is not known.
  private func lengthOfSound() throws(SluiceError) -> Rational {
    var longest = Rational.zero
    for index in project.heardTracks where project.tracks[index].kind == .audio {
      for (clipIndex, clip) in project.tracks[index].clips.enumerated() where clip.enabled {
        if let key = project.probeKey(of: clip), context.media[key] == nil { continue }
        let place = "\(prefix)tracks[\(index)].clips[\(clipIndex)]"
        longest = max(longest, try times(clip, source(of: clip, place, on: .audio), place, on: .audio).end)
      }
    }
    return longest
  }

  /// What a clip shows, with what is known of it besides the clip itself.
  enum Source {
    case color(RGBA)
    case picture(MediaInfo, key: String)
    /// On an audio track.
    case sound(MediaInfo, key: String)
    case timeline(Project, prefix: String, length: Rational)
  }

  func source(of clip: Project.Clip, _ place: String, on kind: Project.TrackKind) throws(SluiceError) -> Source {
    try context.problems.visit(place)
    let named = project.sources[clip.source]
    switch named.source {
    case .color where kind == .audio:
      throw SluiceError(.badInput, "a colour has no sound", at: place + ".source", advice: "use it on a track of kind \"video\"")
    case .color(let color) where clip.effects.isEmpty: return .color(color)
    case .timeline(let inner): return try timeline(inner, clip, place)
    case .grid(let grid):
      return try timeline(layout(grid, clip, place), clip, place)
    default:
      guard let key = project.probeKey(of: clip) else {
        throw SluiceError(.software, "source \(named.name) has no key", at: place + ".source")
      }
      guard let info = context.media[key] else {
        throw SluiceError(.software, "\(key) was not probed", at: place + ".source")
      }
      for note in info.notes { context.problems.warnOnce("\(place): \(note)") }
      if kind == .audio { return try .sound(sound(info, place), key: key) }
      guard let video = info.video, video.width > 0, video.height > 0 else {
        throw SluiceError(
          .badInput, "\(info.path) has no picture", at: place + ".source", advice: "use it on a track of kind \"audio\"")
      }
      return .picture(info, key: key)
    }
  }

  private func sound(_ info: MediaInfo, _ place: String) throws(SluiceError) -> MediaInfo {
    guard !info.audio.isEmpty else {
      throw SluiceError(
        .badInput, "\(SourceKey(info.path)?.place ?? info.path) has no sound", at: place + ".source",
        advice: info.video == nil ? "" : "use it on a track of kind \"video\"")
    }
    return info
  }

  /// A grid has no length of its own: it is as long as the clip. nil when the clip has no duration.
  private func lengthOfGrid(in clip: Project.Clip) -> TimeValue? {
    guard let duration = clip.duration, clip.in != .zero || clip.speed != .one else { return clip.duration }
    let way = clip.speed == .zero ? .one : clip.speed.magnitude
    guard let start = grid.picture(clip.in), let played = grid.start(duration)?.times(way) else { return duration }
    return .seconds(start.plus(played))
  }

  private func layout(_ grid: Project.Grid, _ clip: Project.Clip, _ place: String) throws(SluiceError) -> Project {
    do throws(SluiceError) {
      return try GridLayout.timeline(grid, of: project, media: context.media, duration: lengthOfGrid(in: clip))
    } catch {
      var error = error
      if error.place.isEmpty { error.place = place + ".source" }
      throw error
    }
  }

  private func timeline(_ inner: Project, _ clip: Project.Clip, _ place: String) throws(SluiceError) -> Source {
    guard clip.effects.isEmpty else {
      throw SluiceError(
        .badInput, "effects work on media, not on a timeline as a whole", at: place + ".effects",
        advice: "put them on the clips within, or render it to a file first")
    }
    let prefix = inner.path.isEmpty ? place + " > " : inner.path + ": "
    let builder = TimelineBuilder(
      project: inner, context: context, map: .identity, surface: surface, within: within, prefix: prefix)
    return .timeline(inner, prefix: prefix, length: try builder.length())
  }

  func times(_ clip: Project.Clip, _ source: Source, _ place: String, on kind: Project.TrackKind) throws(SluiceError)
    -> ClipTimes.Result
  {
    let (what, length): (String, Rational?) =
      switch source {
      case .color: ("a colour has no length of its own", nil)
      case .picture(let info, _) where info.kind == .image: ("a still picture has no length of its own", nil)
      case .picture(let info, _): ("the length of \(info.path) is not known", info.duration)
      case .sound(let info, _): ("the length of \(info.path) is not known", info.soundLength(of: clip.sound))
      case .timeline(_, _, let length): ("this timeline is empty", length)
      }
    var isSound = false
    if case .sound = source { isSound = true }
    return try ClipTimes(
      clip: clip, grid: grid, map: map, output: context.output, length: length, withoutLength: what, place: place,
      isSound: isSound, isOnFrames: kind != .audio && !project.isComputed,
      sourceGrid: project.isComputed ? nil : sourceGrid(source)
    ).resolve()
  }

  /// The grid of frames of what a clip shows, if they have a constant rate.
  private func sourceGrid(_ source: Source) -> FrameGrid? {
    switch source {
    case .color, .sound: nil
    case .timeline(let inner, _, _): inner.isComputed ? nil : FrameGrid(rate: inner.canvas.rate)
    case .picture(let info, _):
      info.video.flatMap { video in
        info.kind == .video && video.averageRate == video.nominalRate && video.averageRate > .zero
          ? FrameGrid(rate: video.averageRate) : nil
      }
    }
  }
}
