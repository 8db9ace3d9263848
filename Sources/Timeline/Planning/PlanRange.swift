import FrameModel
import Plan
import SluiceBase

/// The part of a timeline that goes into an output.
struct PlanRange {
  /// Frames of the timeline. For sound alone: all frames that the sound touches.
  var frames: Range<Int64>
  /// The timeline's second at the output's start, and the number of sample frames of the sound.
  var start: Rational
  var sampleFrames: Int64
  var warnings: [String] = []

  /// `pictures`: the frame at which the last picture ends. `from` inclusive, `to` exclusive.
  init(
    _ project: Project, pictures: Int64, _ score: SoundScore, _ from: TimeValue?, _ to: TimeValue?, hasPictures: Bool
  ) throws(SluiceError) {
    let grid = FrameGrid(rate: project.canvas.rate)
    let soundEnd = grid.firstFrame(from: score.end) ?? CompiledPlan.maximumFrames + 1
    let length = pictures > 0 ? pictures : soundEnd
    guard length > 0 else { throw Self.empty(project, hasPictures: hasPictures) }
    guard length <= CompiledPlan.maximumFrames else {
      throw SluiceError(
        .badInput, "the timeline is \(length) frames long, more than \(CompiledPlan.maximumFrames)", at: project.path,
        advice: "give the clips a \"duration\"")
    }
    guard hasPictures else {
      (start, sampleFrames) = try Self.cut(max(score.end, score.filmEnd), from, to, grid, project.sampleRate)
      let low = max(0, (grid.firstFrame(from: start) ?? 1) - 1)
      let high = max(length, min(grid.firstFrame(from: score.filmEnd) ?? 0, CompiledPlan.maximumFrames))
      frames = low..<max(low + 1, high)
      if let to, let end = grid.firstFrame(from: to), end < high { frames = low..<max(low + 1, end) }
      return
    }
    frames = try Self.cut(length, from, to, grid)
    guard let start = grid.time(of: frames.lowerBound), let end = grid.time(of: frames.upperBound),
      let count = SampleGrid(rate: project.sampleRate).frame(end, from: start)
    else {
      throw SluiceError(.badInput, "the timeline is too long for its rate", at: project.path)
    }
    self.start = start
    sampleFrames = count
    if let end = grid.time(of: length), score.end.minus(end) >= FrameGrid.tolerance, soundEnd > length {
      warnings.append("the sound goes on for \(score.end.minus(end).clock) after the last picture; it ends with it")
    }
  }

  private static func empty(_ project: Project, hasPictures: Bool) -> SluiceError {
    guard hasPictures else {
      return SluiceError(
        .badInput, "nothing is to be heard: no enabled clip with sound on a track that is neither disabled nor muted",
        at: project.path,
        advice: "add a clip with sound to \"tracks\"")
    }
    return SluiceError(
      .badInput, "the timeline is empty: no enabled clip on an enabled video track", at: project.path,
      advice: "add a clip to \"tracks\"")
  }

  /// The range for sound alone, which may start and end between frames.
  private static func cut(_ end: Rational, _ from: TimeValue?, _ to: TimeValue?, _ grid: FrameGrid, _ sampleRate: Int)
    throws(SluiceError) -> (Rational, Int64)
  {
    func seconds(_ time: TimeValue?, _ option: String, _ otherwise: Rational) throws(SluiceError) -> Rational {
      guard let time else { return otherwise }
      guard !time.isNegative, let seconds = grid.seconds(time) else {
        throw SluiceError(.usage, "\(option) \(time): not a time of the timeline, which goes from 0 to \(end.clock)")
      }
      return seconds
    }
    let low = try seconds(from, "--from", .zero), high = min(try seconds(to, "--to", end), end)
    guard low < end else { throw SluiceError(.usage, "--from \(from ?? .zero): the sound ends at \(end.clock)") }
    if from == nil, to == nil, (SampleGrid(rate: sampleRate).frame(end, from: .zero) ?? 0) == 0 {
      throw SluiceError(
        .badInput, "the sound is shorter than a sample: it ends at \(end.clock)", advice: "make a clip longer")
    }
    guard low < high, let count = SampleGrid(rate: sampleRate).frame(high, from: low), count > 0 else {
      throw SluiceError(.usage, "--from \(from ?? .zero) --to \(to ?? .zero): no sample lies between them")
    }
    return (low, count)
  }

  private static func cut(_ length: Int64, _ from: TimeValue?, _ to: TimeValue?, _ grid: FrameGrid) throws(SluiceError) -> Range<
    Int64
  > {
    let end = grid.text(length)
    func frame(_ time: TimeValue?, _ option: String, _ otherwise: Int64) throws(SluiceError) -> Int64 {
      guard let time else { return otherwise }
      guard !time.isNegative, let frame = grid.firstFrame(from: time) else {
        throw SluiceError(.usage, "\(option) \(time): not a time of the timeline, which goes from 0 to \(end)")
      }
      return frame
    }
    let first = try frame(from, "--from", 0)
    guard first < length else {
      throw SluiceError(.usage, "--from \(from ?? .zero): the timeline ends at \(end)")
    }
    let last = min(try frame(to, "--to", length), length)
    guard first < last else {
      throw SluiceError(.usage, "--from \(from ?? .zero) --to \(to ?? .zero): no frame lies between them")
    }
    return first..<last
  }
}
