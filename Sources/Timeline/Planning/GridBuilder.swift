import FrameModel
import SluiceBase

/// What `sluice grid` asks for; nil: the default named here.
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
  /// nil: the longest video's length; 10 seconds when all are pictures.
  public var duration: TimeValue? = nil
  public var background = RGBA.black

  public init(files: [String]) { self.files = files }
}

/// Lays clips out in a grid, one track each. A clip that is shorter than the grid holds its last frame.
public enum GridBuilder {
  /// `media` holds every file. Throws when an option does not work out.
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
    let columns = min(options.columns ?? Int(Double(count).squareRoot().rounded(.up)), count)
    guard columns > 0 else { throw SluiceError(.usage, "--columns \(columns): must be at least 1") }
    let rows = (count + columns - 1) / columns
    guard options.gap >= 0, let across = Tiles(size.width, columns, options.gap), let down = Tiles(size.height, rows, options.gap)
    else {
      throw SluiceError(
        .usage, "\(columns)x\(rows) tiles with a gap of \(options.gap) do not fit \(size.width)x\(size.height)",
        advice: "take a larger --canvas, a smaller --gap, or other --columns")
    }

    var project = Project(
      canvas: Canvas(width: size.width, height: size.height, rate: options.rate ?? rate(infos), background: options.background))
    let duration = try duration(options, infos)
    var indexOfFile: [String: Int] = [:]
    for (index, file) in options.files.enumerated() {
      let source = indexOfFile[file] ?? project.sources.count
      if source == project.sources.count {
        indexOfFile[file] = source
        project.sources.append(.init("\(source + 1)", .file(file)))
      }
      var clip = Project.Clip(source: source)
      clip.duration = duration
      let (x, width) = across.span(index % columns), (y, height) = down.span(index / columns)
      clip.place.x = .constant(Rational(Int64(x)))
      clip.place.y = .constant(Rational(Int64(y)))
      clip.place.width = .constant(Rational(Int64(width)))
      clip.place.height = .constant(Rational(Int64(height)))
      project.tracks.append(Project.Track(clips: [clip]))
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
    let moving = infos.filter { $0.kind != .image }
    guard !moving.isEmpty else { return .seconds(Rational(10)) }
    guard let longest = moving.compactMap(\.duration).max(), longest > .zero else {
      throw SluiceError(.badInput, "the length of the clips is not known", at: moving[0].path, advice: "give --duration")
    }
    return .seconds(longest)
  }

  /// One side of the grid: tiles of even size where that fits, the rest of the pixels to the outer margins.
  struct Tiles {
    let origin: Int
    let size: Int
    let gap: Int

    init?(_ length: Int, _ count: Int, _ gap: Int) {
      let (gaps, overflow) = gap.multipliedReportingOverflow(by: count - 1)
      guard !overflow, gaps < length else { return nil }
      let whole = (length - gaps) / count
      guard whole >= 2 else { return nil }
      size = whole / 2 * 2
      self.gap = gap
      origin = (length - gaps - size * count) / 4 * 2
    }

    func span(_ index: Int) -> (start: Int, size: Int) { (origin + index * (size + gap), size) }
  }
}
