import FrameModel

/// How long the sources of a project are, where that is known.
final class SourceLengths {
  private let project: Project
  private let media: [String: MediaInfo]
  private var known: [Int: Rational?] = [:]

  init(_ project: Project, media: [String: MediaInfo]) {
    self.project = project
    self.media = media
  }

  /// Seconds; nil for what has no length of its own (pictures, colours, titles) or an unknown one.
  func length(_ index: Int) -> Rational? {
    if let length = known[index] { return length }
    let length = find(project.sources[index].source)
    known[index] = .some(length)
    return length
  }

  /// Whether it is one picture, the same at any time.
  func isStill(_ index: Int) -> Bool {
    switch project.sources[index].source {
    case .color, .title: true
    case .timeline, .grid, .subtitles: false
    case .file, .lavfi, .sequence:
      project.sources[index].source.probeKey(canvas: project.canvas).flatMap { media[$0] }?.kind == .image
    }
  }

  private func find(_ source: Project.Source) -> Rational? {
    if case .timeline(let nested) = source { return SourceLengths(nested, media: media).end }
    guard let key = source.probeKey(canvas: project.canvas), let info = media[key], info.kind != .image,
      let length = info.duration,
      length > .zero
    else { return nil }
    return length
  }

  /// End of the project's last enabled clip with a picture; nil when one of them is not known.
  private var end: Rational? {
    let grid = FrameGrid(rate: project.canvas.rate)
    var end = Rational.zero
    for track in project.tracks where track.kind == .video && track.enabled {
      for clip in track.clips where clip.enabled {
        guard let at = grid.seconds(clip.at), let length = length(of: clip, grid), let last = at.adding(length) else {
          return nil
        }
        end = max(end, last)
      }
    }
    return end > .zero ? end : nil
  }

  private func length(of clip: Project.Clip, _ grid: FrameGrid) -> Rational? {
    if let duration = clip.duration { return grid.seconds(duration) }
    guard clip.speed != .zero, let start = grid.seconds(clip.in), let whole = length(clip.source) else { return nil }
    // Backwards it goes from `in` to the start.
    guard let rest = clip.speed > .zero ? whole.subtracting(start) : start else { return nil }
    let speed = clip.speed > .zero ? clip.speed : -clip.speed
    return rest.divided(by: speed)
  }
}
