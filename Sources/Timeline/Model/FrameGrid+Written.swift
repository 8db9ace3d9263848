import FrameModel

// Times as people and programs write them, and the frames that they mean.
//
// 0.067, 0.06666666666666667 and 00:00:00.067 all mean frame 2 at 30 frames a second, which stands at 1/15 s. A frame is
// shown from the first frame at or behind a time on, so a time that is late by less than `reach` is taken back to the frame
// just before it. A time that is early already means the right frame and stays as it is: exact times stay exact.
// What asks for the picture at a time (`in`, `--at`) is the other way round: one that is early by less than `reach` is
// moved on to the frame just behind it.
extension FrameGrid {
  /// Times this close to each other are one: rounding to milliseconds moves a sum of two times by less.
  static let tolerance = Rational(1, 1000)
  /// For times that were computed of others, which have been taken to frames before.
  static let rounding = Rational(1, 1_000_000)

  /// Less than a millisecond from a frame, and less than a quarter of a frame, is on it.
  var reach: Rational { min(Self.tolerance, Rational(reducing: Int128(rate.den), Int128(rate.num) * 4) ?? .zero) }

  /// The time of the frame just before, where `time` is less than `reach` (or `within`) behind it; else `time`.
  func settled(_ time: Rational, within: Rational? = nil) -> Rational {
    let count = time.times(rate)
    guard count.den != 1, let frame = self.time(of: count.floor), time.minus(frame) < min(within ?? reach, reach) else {
      return time
    }
    return frame
  }

  /// The time of the frame just behind, where `time` is less than `reach` (or `within`) before it; else `time`.
  func reached(_ time: Rational, within: Rational? = nil) -> Rational {
    let count = time.times(rate)
    guard count.den != 1, count.floor < .max, let frame = self.time(of: count.floor + 1),
      frame.minus(time) < min(within ?? reach, reach)
    else { return time }
    return frame
  }

  /// What sums were rounded by, undone.
  func unrounded(_ time: Rational) -> Rational { reached(settled(time, within: Self.rounding), within: Self.rounding) }

  /// The second at which something starts or ends that is written for `time`. nil when it does not fit.
  func start(_ time: TimeValue) -> Rational? {
    switch time {
    case .frames(let count): self.time(of: count)
    case .seconds(let seconds): settled(seconds)
    }
  }

  /// The second of the picture that is asked for by `time`. nil when it does not fit.
  func picture(_ time: TimeValue) -> Rational? {
    switch time {
    case .frames(let count): self.time(of: count)
    case .seconds(let seconds): reached(seconds)
    }
  }

  /// Rising times of keys: each as `start`, but never to where another one is.
  func keys(_ times: [Rational]) -> [Rational] {
    times.indices.map { index in
      let settled = settled(times[index])
      return index > 0 && times[index - 1] >= settled ? times[index] : settled
    }
  }
}

/// When a clip is on its timeline, in seconds.
struct ClipSpan: Hashable {
  /// As it is written.
  var written: (start: Rational, end: Rational) { (writtenStart, writtenEnd) }
  private let writtenStart: Rational
  private let writtenEnd: Rational
  /// As it is meant.
  let start: Rational
  var end: Rational

  /// `onFrames`: it starts and ends with frames of the grid, not anywhere, as sound does. nil when a time does not fit.
  init?(at: TimeValue, duration: TimeValue, _ grid: FrameGrid, onFrames: Bool = true, within: Rational? = nil) {
    guard let at = grid.seconds(at), let duration = grid.seconds(duration) else { return nil }
    writtenStart = at
    writtenEnd = at.plus(duration)
    start = onFrames ? grid.settled(at) : at
    let end = start.plus(duration)
    let settled = onFrames ? grid.settled(end, within: within) : end
    // A clip shorter than the tolerance stays what it is.
    self.end = settled > start ? settled : end
  }

  /// Whether the other starts where this one ends, give or take `tolerance`.
  func touches(_ next: ClipSpan, within tolerance: Rational) -> Bool {
    next.written.start.minus(written.end).magnitude < tolerance || next.start.minus(end).magnitude < tolerance
  }
}
