import FrameModel
import Plan
import SluiceBase

/// The project of `sluice frame FILE`: one frame of one source, unchanged.
public enum FrameProject {
  public enum Position: Equatable, Sendable {
    case time(TimeValue)
    /// In presentation order, from 0.
    case number(Int64)
  }

  /// The frame of a project that is shown at a time.
  public static func frame(at time: TimeValue, of project: Project) -> Int64 {
    switch time {
    case .frames(let count): count
    case .seconds(let seconds):
      FrameGrid(rate: project.canvas.rate).reached(seconds).times(project.canvas.rate).floor
    }
  }

  /// A canvas of the source's own upright size, samples and colour, so that a frame which needs no turning is taken
  /// untouched; a sample aspect other than 1:1 is passed on in `Canvas.sampleAspect`. A time in frames counts at the
  /// source's rate. Throws when the position lies outside the source.
  public static func project(_ info: MediaInfo, at position: Position) throws(SluiceError) -> Project {
    guard let video = info.video, video.width > 0, video.height > 0 else {
      throw SluiceError(.badInput, "has no picture", at: info.path)
    }
    let turned = video.rotation % 2 == 1
    let aspect = video.sampleAspect
    let rate = [video.averageRate, video.nominalRate].first { $0 > .zero } ?? Rational(25)
    var project = Project(
      canvas: Canvas(
        width: turned ? video.height : video.width, height: turned ? video.width : video.height, format: video.format, rate: rate,
        color: video.color, sampleAspect: turned ? Rational(aspect.den, aspect.num) : aspect))
    let isGraph = info.path.hasPrefix(SourceKey.graphPrefix)
    project.deinterlaces = false
    project.sources = [.init("source", isGraph ? .lavfi(String(info.path.dropFirst(6))) : .file(info.path))]
    var clip = Project.Clip(source: 0)
    clip.duration = .frames(1)
    clip.place.fit = .stretch
    switch position {
    case .number(let number):
      guard number >= 0 else { throw SluiceError(.usage, "--number \(number): must not be negative") }
      if let frames = info.kind == .image ? 1 : video.frames, number >= frames {
        throw SluiceError(.usage, "--number \(number): the frames are 0 to \(frames - 1)", at: info.path)
      }
      clip.number = number
    case .time(let time):
      guard !time.isNegative else { throw SluiceError(.usage, "--at \(time): must not be negative") }
      if let length = info.duration, info.kind != .image, let start = FrameGrid(rate: rate).seconds(time), start >= length {
        throw SluiceError(.usage, "--at \(time): the source is \(length.clock) long", at: info.path)
      }
      clip.in = time
    }
    project.tracks = [Project.Track(clips: [clip])]
    return project
  }
}
