import FrameModel

/// The lengths of a project's sources, as far as they are known.
final class SourceLengths {
  private let project: Project
  private let media: [String: MediaInfo]
  private var known: [Int: Rational?] = [:]

  init(_ project: Project, media: [String: MediaInfo]) {
    self.project = project
    self.media = media
  }

  /// Seconds. nil for a source that has no length of its own (pictures, colours, titles), or whose length is not known.
  func length(_ index: Int) -> Rational? {
    if let length = known[index] { return length }
    let length = find(project.sources[index].source)
    known[index] = .some(length)
    return length
  }

  /// Whether the source is one picture, the same at any time.
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

  /// End of the project's last enabled clip with a picture; nil when an end is not known.
  private var end: Rational? {
    let grid = FrameGrid(rate: project.canvas.rate)
    var end = Rational.zero
    for track in project.tracks where track.kind == .video && track.enabled {
      for clip in track.clips where clip.enabled {
        guard let length = length(of: clip, grid), let span = ClipSpan(at: clip.at, duration: .seconds(length), grid) else {
          return nil
        }
        end = max(end, span.end)
      }
    }
    return end > .zero ? end : nil
  }

  private func length(of clip: Project.Clip, _ grid: FrameGrid) -> Rational? {
    if let duration = clip.duration { return grid.seconds(duration) }
    guard clip.speed != .zero, let start = grid.seconds(clip.in), let whole = length(clip.source) else { return nil }
    // A clip that plays backwards plays from `in` to the start.
    return (clip.speed > .zero ? whole.minus(start) : start).over(clip.speed.magnitude)
  }
}
