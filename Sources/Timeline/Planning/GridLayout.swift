import FrameModel
import SluiceBase

/// Makes a grid into the timeline that it stands for.
enum GridLayout {
  static let maximumClips = 100_000

  /// On a canvas of the grid's size and background, otherwise that of `project`, whose sources it has (and those of the
  /// labels behind them). Every tile plays as if it had always been there: it shows the source at the grid's time, from
  /// the start again or as `beyond` says where that is over.
  ///
  /// A wall that scrolls repeats after rows * (tile + gap) pixels. A clip exists only while its tile is on the canvas.
  ///
  /// `duration` nil: as long as the longest source. Throws what does not work out, without a place.
  static func timeline(
    _ grid: Project.Grid, of project: Project, media: [String: MediaInfo], duration: TimeValue?
  ) throws(SluiceError) -> Project {
    let geometry = try GridGeometry(grid, canvas: project.canvas)
    var result = emptyTimeline(grid, of: project)
    let lengths = SourceLengths(result, media: media)
    let label = appendLabels(grid, geometry, to: &result)
    let tracks = geometry.tiles.count * (grid.labels == nil ? 1 : 2)
    guard tracks <= maximumClips else { throw tooMany(tracks, "take fewer sources") }
    let seconds = try self.seconds(duration, grid, result, lengths)
    var composer = GridComposer(
      grid: grid, geometry: geometry, lengths: lengths, length: seconds, duration: duration ?? .seconds(seconds), labels: label)
    if let scroll = grid.scroll { try composer.roll(scroll) } else { try composer.stand() }
    result.tracks = composer.tracks.filter { !$0.clips.isEmpty }
    return result
  }

  /// Keys of the grid's sources and of its labels.
  static func probeKeys(_ grid: Project.Grid, of project: Project) -> [String] {
    var result = emptyTimeline(grid, of: project)
    if let geometry = try? GridGeometry(grid, canvas: project.canvas) { _ = appendLabels(grid, geometry, to: &result) }
    var shown = result
    shown.tracks = [
      Project.Track(clips: (grid.sources + Array(project.sources.count..<result.sources.count)).map(Project.Clip.init))
    ]
    return shown.sourcePaths()
  }

  private static func emptyTimeline(_ grid: Project.Grid, of project: Project) -> Project {
    var result = Project(canvas: project.canvas)
    result.canvas.width = grid.width ?? project.canvas.width
    result.canvas.height = grid.height ?? project.canvas.height
    result.canvas.background = grid.background
    result.sampleRate = project.sampleRate
    result.channels = project.channels
    result.sources = project.sources
    return result
  }

  /// A title for every source of the grid. Index of the project's source for each of the grid's; empty without labels.
  private static func appendLabels(_ grid: Project.Grid, _ geometry: GridGeometry, to project: inout Project) -> [Int] {
    guard let labels = grid.labels else { return [] }
    var titles: [Int: Int] = [:]
    return grid.sources.map { source in
      if let title = titles[source] { return title }
      var title = Project.Title(text: name(of: project.sources[source]))
      title.font = labels.font
      title.size = labels.size
      title.color = labels.color
      title.width = geometry.columns.size
      title.height = geometry.labelHeight
      titles[source] = project.sources.count
      project.sources.append(Project.NamedSource("label:\(source)", .title(title)))
      return project.sources.count - 1
    }
  }

  /// The file's own name; of what is no file the source's.
  private static func name(of source: Project.NamedSource) -> String {
    let path: String =
      switch source.source {
      case .file(let path): path
      case .sequence(let sequence): sequence.pattern
      case .timeline(let nested): nested.path
      default: ""
      }
    return path.split(separator: "/").last.map(String.init) ?? source.name
  }

  private static func seconds(_ duration: TimeValue?, _ grid: Project.Grid, _ project: Project, _ lengths: SourceLengths)
    throws(SluiceError) -> Rational
  {
    if let duration {
      guard let seconds = FrameGrid(rate: project.canvas.rate).seconds(duration), seconds > .zero else { throw tooFine() }
      return seconds
    }
    guard let longest = grid.sources.compactMap({ lengths.length($0) }).max() else {
      throw SluiceError(
        .badInput, "a grid of pictures has no length of its own", advice: "give the clip a \"duration\"")
    }
    return longest
  }

  static func tooMany(_ count: Int, _ advice: String) -> SluiceError {
    SluiceError(.badInput, "the grid takes \(count) clips, more than \(maximumClips)", advice: advice)
  }

  static func tooFine() -> SluiceError {
    SluiceError(
      .badInput, "the grid's times have fractions too fine to be added exactly",
      advice: "round the clip's duration and the speed that it scrolls with")
  }
}
