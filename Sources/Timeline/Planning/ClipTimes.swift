import FrameModel
import SluiceBase

/// A stretch of a clip that plays its source without a jump. A clip that loops has several.
struct ClipPiece {
  var frames: Range<Int64>
  /// The same in seconds of the clip's own timeline.
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
  /// Length of the source; nil: it has none (a still, a colour).
  let length: Rational?
  /// What is wrong with a clip that has no duration, when its source has no length.
  let withoutLength: String
  let place: String

  /// Sound turns by itself: one piece is enough.
  var isSound = false
  private static let mostPieces = 100_000

  struct Result {
    var frames: Range<Int64>
    var pieces: [ClipPiece]
    /// Seconds on the clip's own timeline.
    var start: Rational
    var end: Rational
    /// How much of the clip is behind the end of its media, in seconds of its timeline; zero: nothing.
    var beyond: Rational
  }

  func resolve() throws(SluiceError) -> Result {
    let start = try start()
    let at = try exact(grid.seconds(clip.at), ".at")
    if let length, start > .zero, start >= length, clip.speed >= .zero || start > length {
      throw error(
        "\(clip.in) lies behind the end of the source, which is \(TimeValue.seconds(length)) long", ".in", "take an earlier time")
    }
    let media = try available(start)
    var duration = try duration(media, start)
    var beyond = Rational.zero
    if let media, let given = try seconds(duration), given > media {
      beyond = try exact(given.subtracting(media), ".duration")
      if clip.beyond == .cut { duration = .seconds(media) }
    }
    let end = try exact(seconds(duration).flatMap(at.adding), ".duration")
    let frames = try frames(at, end, duration)
    let time = try exact(map.into(at: at, start: start, rate: clip.speed), ".at")
    var pieces = [ClipPiece(frames: frames, start: at, end: end, time: time)]
    if clip.beyond == .loop, beyond > .zero, !isSound, let length, let media {
      pieces = try loop(pieces[0], at: at, end: end, first: media, length: length)
    }
    return Result(frames: frames, pieces: pieces, start: at, end: end, beyond: beyond)
  }

  /// Where it starts in its source. Backwards from 0 means from the end.
  private func start() throws(SluiceError) -> Rational {
    let start = try exact(grid.seconds(clip.in), ".in")
    return clip.speed < .zero && start == .zero ? length ?? start : start
  }

  /// Seconds of the clip's timeline until the media is over; nil: it never is.
  private func available(_ start: Rational) throws(SluiceError) -> Rational? {
    guard let length, clip.speed != .zero, clip.number == nil else { return nil }
    let rest = clip.speed > .zero ? try exact(length.subtracting(start), ".in") : start
    return try exact(rest.divided(by: clip.speed > .zero ? clip.speed : .zero - clip.speed), ".speed")
  }

  private func duration(_ media: Rational?, _ start: Rational) throws(SluiceError) -> TimeValue {
    if let duration = clip.duration { return duration }
    if let media, media > .zero { return .seconds(media) }
    let stands = clip.speed == .zero || clip.number != nil
    let what = length != nil && stands ? "a clip that stands has no length of its own" : withoutLength
    throw error(what, "", "give the clip a \"duration\"")
  }

  /// On the clip's timeline a duration in frames counts from the first frame, on the output's own grid.
  private func frames(_ at: Rational, _ end: Rational, _ duration: TimeValue) throws(SluiceError) -> Range<Int64> {
    let frames =
      map == .identity && grid.rate == output.rate
      ? grid.frames(at: clip.at, duration: duration) : map.frames(at, end, output)
    return try exact(frames, ".duration")
  }

  private func loop(_ whole: ClipPiece, at: Rational, end: Rational, first: Rational, length: Rational) throws(SluiceError)
    -> [ClipPiece]
  {
    let step = try exact(length.divided(by: clip.speed > .zero ? clip.speed : .zero - clip.speed), ".speed")
    var pieces: [ClipPiece] = []
    var from = at
    var to = try exact(at.adding(first), ".at")
    var start = try start()
    var turns = 0
    while from < end {
      turns += 1
      guard turns <= Self.mostPieces else {
        throw error("repeats more than \(Self.mostPieces) times", ".beyond", "give it a shorter \"duration\"")
      }
      let time = try exact(map.into(at: from, start: start, rate: clip.speed), ".at")
      let last = min(to, end)
      let frames = try exact(map.frames(from, last, output), ".duration").clamped(to: whole.frames)
      if !frames.isEmpty { pieces.append(ClipPiece(frames: frames, start: from, end: last, time: time)) }
      from = to
      to = try exact(to.adding(step), ".duration")
      start = clip.speed > .zero ? .zero : length
    }
    return pieces
  }

  private func seconds(_ time: TimeValue) throws(SluiceError) -> Rational? { try exact(grid.seconds(time), ".duration") }

  private func exact<T>(_ value: T?, _ key: String) throws(SluiceError) -> T {
    guard let value else {
      throw error("this time's fraction is too fine to be added to the others exactly", key, "round it to microseconds")
    }
    return value
  }

  private func error(_ what: String, _ key: String, _ advice: String) -> SluiceError {
    SluiceError(.badInput, what, at: place + key, advice: advice)
  }
}
