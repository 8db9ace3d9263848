import FrameModel
import Plan
import SluiceBase

/// A part of a clip that plays its source without a jump. A clip that loops has several.
struct ClipPiece {
  var frames: Range<Int64>
  /// The part in seconds of the clip's own timeline.
  var start: Rational
  var end: Rational
  /// Source time.
  var time: TimeMap
}

/// Resolves the times of one clip: which output frames show it, and what of its source.
struct ClipTimes {
  let clip: Project.Clip
  /// Of the timeline that the clip is on.
  let grid: FrameGrid
  let map: TimeMap
  /// Of the output.
  let output: FrameGrid
  /// Length of the source; nil for a source that has none (a still, a colour).
  let length: Rational?
  /// The text of the error for a clip without a duration whose source has no length.
  let withoutLength: String
  let place: String

  /// Whether one piece is enough for a clip that loops, as for sound, whose reader loops by itself.
  var isSound = false
  /// Whether the clip starts and ends with frames. false on tracks of sound, and for times that were computed exactly.
  var isOnFrames = true
  /// The grid of the source's frames; nil when it has no frames, or no constant rate.
  var sourceGrid: FrameGrid? = nil
  private static let mostPieces = 100_000

  struct Result {
    var frames: Range<Int64>
    var pieces: [ClipPiece]
    /// Seconds on the clip's own timeline.
    var span: ClipSpan
    var start: Rational { span.start }
    var end: Rational { span.end }
    /// How much of the clip lies after the end of its media, in seconds of its timeline.
    var beyond: Rational

    /// Lets it end where the next clip starts, a little earlier or later.
    mutating func end(at time: Rational, _ map: TimeMap, _ output: FrameGrid) {
      span.end = time
      frames = map.frames(span.start, time, output) ?? frames
      guard let last = pieces.indices.last else { return }
      pieces[last].end = max(pieces[last].start, time)
      pieces[last].frames = map.frames(pieces[last].start, time, output) ?? pieces[last].frames
    }
  }

  func resolve() throws(SluiceError) -> Result {
    let start = try start()
    let at = try fits(isOnFrames ? grid.start(clip.at) : grid.seconds(clip.at), ".at")
    if let length, start > .zero, start >= length, clip.speed >= .zero || start > length {
      throw error(
        "\(clip.in) lies behind the end of the source, which is \(length.clock) long", ".in", "take an earlier time")
    }
    let media = available(start)
    var duration = try duration(media)
    var isOfMedia = clip.duration == nil
    var beyond = Rational.zero
    let given = try fits(grid.seconds(duration), ".duration")
    if let media, given.minus(media) >= FrameGrid.tolerance {
      beyond = given.minus(media)
      if clip.beyond == .cut { (duration, isOfMedia) = (.seconds(media), true) }
    }
    // The length of media at another rate is no time that somebody rounded.
    let isExact = isOfMedia && sourceGrid?.rate != grid.rate
    let written = ClipSpan(
      at: clip.at, duration: duration, grid, onFrames: isOnFrames, within: isExact ? FrameGrid.rounding : nil)
    let span = try fits(written, ".duration"), end = span.end
    let frames = try fits(map.frames(at, end, output), ".duration")
    let time = map.into(at: at, start: start, rate: speed)
    var pieces = [ClipPiece(frames: frames, start: at, end: end, time: time)]
    if clip.beyond == .loop, beyond > .zero, !isSound, let length, let media {
      pieces = try loop(pieces[0], at: at, end: end, first: media, length: length)
    }
    return Result(frames: frames, pieces: pieces, span: span, beyond: beyond)
  }

  /// Other programs write 1/3 with as many digits as a double has.
  private var speed: Rational {
    clip.speed.den <= 1_000_000 ? clip.speed : clip.speed.simplest(within: 1e-13)
  }

  /// Where it starts in its source. Backwards from 0 means from the end.
  private func start() throws(SluiceError) -> Rational {
    var start = try fits(grid.seconds(clip.in), ".in")
    if case .seconds = clip.in, let sourceGrid { start = sourceGrid.reached(start) }
    // Late by rounding, like an end.
    if let length, start > length, start.minus(length) < FrameGrid.tolerance { start = length }
    return clip.speed < .zero && start == .zero ? length ?? start : start
  }

  /// Seconds of the clip's timeline until the media ends; nil when it never does.
  private func available(_ start: Rational) -> Rational? {
    guard let length, clip.number == nil else { return nil }
    return (clip.speed > .zero ? length.minus(start) : start).over(speed.magnitude)
  }

  private func duration(_ media: Rational?) throws(SluiceError) -> TimeValue {
    if let duration = clip.duration { return duration }
    if let media, media > .zero { return .seconds(media) }
    let stands = clip.speed == .zero || clip.number != nil
    let what = length != nil && stands ? "a clip that stands has no length of its own" : withoutLength
    throw error(what, "", "give the clip a \"duration\"")
  }

  private func loop(_ whole: ClipPiece, at: Rational, end: Rational, first: Rational, length: Rational) throws(SluiceError)
    -> [ClipPiece]
  {
    let step = try fits(length.over(speed.magnitude), ".speed")
    var pieces: [ClipPiece] = []
    var from = at
    var to = at.plus(first)
    var start = try start()
    var turns = 0
    while from < end {
      turns += 1
      guard turns <= Self.mostPieces else {
        throw error("repeats more than \(Self.mostPieces) times", ".beyond", "give it a shorter \"duration\"")
      }
      let time = map.into(at: from, start: start, rate: speed)
      let last = min(to, end)
      let frames = try fits(map.frames(from, last, output), ".duration").clamped(to: whole.frames)
      if !frames.isEmpty { pieces.append(ClipPiece(frames: frames, start: from, end: last, time: time)) }
      from = to
      to = to.plus(step)
      start = clip.speed > .zero ? .zero : length
    }
    return pieces
  }

  private func fits<T>(_ value: T?, _ key: String) throws(SluiceError) -> T {
    guard let value else {
      throw error(
        "this time is too far away: a timeline has \(CompiledPlan.maximumFrames) frames at most", key, "make it smaller")
    }
    return value
  }

  private func error(_ what: String, _ key: String, _ advice: String) -> SluiceError {
    SluiceError(.badInput, what, at: place + key, advice: advice)
  }
}
