import FrameModel
import SluiceBase

/// Turns a grid into the timeline that it describes.
enum GridLayout {
  static let maximumClips = 100_000

  /// The timeline has the grid's size and background, and otherwise the canvas of `project`. It has that project's sources, and
  /// behind them those of the labels. Every tile shows its source at the grid's time; after the source's end it shows what
  /// `beyond` says.
  ///
  /// A grid that scrolls repeats after rows * (tile + gap) pixels. A clip exists only while its tile is on the canvas.
  ///
  /// Without `duration` the timeline is as long as its longest source. Throws without a place when the tiles do not fit.
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

  /// Probe keys of the grid's sources and of its labels.
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
    result.isComputed = true
    result.canvas.width = grid.width ?? project.canvas.width
    result.canvas.height = grid.height ?? project.canvas.height
    result.canvas.background = grid.background
    result.sampleRate = project.sampleRate
    result.channels = project.channels
    result.sources = project.sources
    return result
  }

  /// Adds a title for every source of the grid. Returns the titles' indices among the project's sources; empty without labels.
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

  /// The file's name; for a source that is not a file, the source's name in the project.
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
      guard let seconds = FrameGrid(rate: project.canvas.rate).start(duration), seconds > .zero else { throw tooLong() }
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

  static func tooLong() -> SluiceError {
    SluiceError(.badInput, "the grid is too long, or scrolls too slowly", advice: "give the clip a shorter \"duration\"")
  }
}
