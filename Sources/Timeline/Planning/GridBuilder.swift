import FrameModel
import Plan
import SluiceBase

/// The options of `sluice grid`. nil stands for the default that is named here.
public struct GridOptions: Sendable {
  /// Absolute paths of videos and pictures, in reading order.
  public var files: [String]
  /// nil: the smallest square that holds all.
  public var columns: Int? = nil
  /// Pixels; nil: 1920 by 1080.
  public var canvas: (width: Int, height: Int)? = nil
  /// nil: the highest rate among the videos, at most 60; 30 when all are pictures.
  public var rate: Rational? = nil
  /// Pixels between tiles.
  public var gap = 0
  /// nil: the longest video's length; 10 seconds when all are pictures, or videos of one.
  public var duration: TimeValue? = nil
  public var background = RGBA.black
  /// Direction of scrolling, and its speed in pixels a second; nil: the grid does not scroll.
  public var scroll: (direction: Project.Grid.Direction, speed: Rational)? = nil
  /// The file's name below each tile.
  public var labels = false
  /// What a clip that is shorter than the grid shows after its end.
  public var beyond = Project.Beyond.loop

  public init(files: [String]) { self.files = files }
}

/// Lays clips out in a grid: one track each where it stands still, one clip of a grid that scrolls otherwise. What a clip
/// that is shorter than the grid shows is the same as in a project's grid.
public enum GridBuilder {
  /// `media` has every file. Throws when the options do not fit each other or the media.
  public static func project(_ options: GridOptions, media: [String: MediaInfo]) throws(SluiceError) -> Project {
    let count = options.files.count
    guard count > 0 else { throw SluiceError(.usage, "a grid needs at least one file") }
    let infos = try options.files.map { file throws(SluiceError) in
      guard let info = media[file] else { throw SluiceError(.software, "was not probed", at: file) }
      guard info.video != nil else {
        throw SluiceError(.badInput, "has no picture", at: file, advice: "leave it out of the grid")
      }
      return info
    }
    let size = options.canvas ?? (1920, 1080)
    for side in [size.width, size.height] {
      guard (CanvasLimits.smallest...CanvasLimits.largest).contains(side), side % 2 == 0 else {
        throw SluiceError(
          .usage,
          "--canvas \(size.width)x\(size.height): width and height must be even and between \(CanvasLimits.smallest) and "
            + "\(CanvasLimits.largest)")
      }
    }
    if let columns = options.columns, columns <= 0 { throw SluiceError(.usage, "--columns \(columns): must be at least 1") }
    if let speed = options.scroll?.speed, speed <= .zero || speed.den > 1000 {
      throw SluiceError(.usage, "--scroll \(DecimalText.text(speed)): must be above 0, in steps of a thousandth or more")
    }
    var project = Project(
      canvas: Canvas(width: size.width, height: size.height, rate: options.rate ?? rate(infos), background: options.background))
    let duration = try duration(options, infos)
    var indexOfFile: [String: Int] = [:]
    var grid = Project.Grid(sources: [])
    for file in options.files {
      let source = indexOfFile[file] ?? project.sources.count
      if source == project.sources.count {
        indexOfFile[file] = source
        project.sources.append(.init("\(source + 1)", .file(file)))
      }
      grid.sources.append(source)
    }
    grid.columns = options.columns
    grid.gap = options.gap
    grid.labels = options.labels ? Project.Grid.Labels() : nil
    grid.scroll = options.scroll.map { Project.Grid.Scroll(direction: $0.direction, speed: $0.speed) }
    grid.beyond = options.beyond
    do throws(SluiceError) {
      if options.scroll == nil {
        let laid = try GridLayout.timeline(grid, of: project, media: media, duration: duration)
        project.sources = laid.sources
        project.tracks = laid.tracks
      } else {
        _ = try GridGeometry(grid, canvas: project.canvas)
        var clip = Project.Clip(source: project.sources.count)
        clip.duration = duration
        project.sources.append(.init("grid", .grid(grid)))
        project.tracks = [Project.Track(clips: [clip])]
      }
    } catch {
      throw SluiceError(.usage, error.what, advice: "take a larger --canvas, a smaller --gap, or other --columns")
    }
    return project
  }

  private static func rate(_ infos: [MediaInfo]) -> Rational {
    let rates = infos.filter { $0.kind != .image }.compactMap(\.video).map {
      $0.averageRate > .zero ? $0.averageRate : $0.nominalRate
    }
    guard let highest = rates.max(), highest > .zero else { return Rational(30) }
    return min(highest, Rational(60))
  }

  private static func duration(_ options: GridOptions, _ infos: [MediaInfo]) throws(SluiceError) -> TimeValue {
    if let duration = options.duration {
      guard !duration.isNegative, duration != .zero, duration != .frames(0) else {
        throw SluiceError(.usage, "--duration \(duration): must be longer than 0")
      }
      return duration
    }
    let moving = infos.filter { $0.kind != .image && !$0.isOnePicture }
    guard !moving.isEmpty else { return .seconds(Rational(10)) }
    guard let longest = moving.compactMap(\.duration).max(), longest > .zero else {
      throw SluiceError(.badInput, "the length of the clips is not known", at: moving[0].path, advice: "give --duration")
    }
    return .seconds(longest)
  }
}

extension MediaInfo {
  /// A video of a single picture, as GIFs and screenshots are: no measure of how long something is to be seen.
  fileprivate var isOnePicture: Bool {
    guard let video else { return false }
    if let frames = video.frames { return frames == 1 }
    guard let duration, video.averageRate > .zero else { return false }
    return duration.times(video.averageRate) <= .one
  }
}
