import FrameModel

/// Seconds of a timeline or a source at output second T: `offset + speed * T`. Exact.
struct TimeMap: Hashable {
  var offset = Rational.zero
  var speed = Rational.one

  static let identity = TimeMap()

  /// What a clip shows: it stands at `at` on the timeline of this map, and starts at `start` in its source, which it plays
  /// at `rate`. nil when it does not fit.
  func into(at: Rational, start: Rational, rate: Rational) -> TimeMap? {
    // start + rate * (offset + speed * T - at)
    guard let behind = offset.subtracting(at), let shift = behind.multiplied(by: rate), let offset = start.adding(shift),
      let speed = speed.multiplied(by: rate)
    else { return nil }
    return TimeMap(offset: offset, speed: speed)
  }

  /// The output second at which this timeline shows `time`; nil when it stands still, or it does not fit.
  func output(of time: Rational) -> Rational? {
    speed == .zero ? nil : time.subtracting(offset)?.divided(by: speed)
  }

  /// Output frames in which this timeline is at `start <= time < end`. nil when a time does not fit.
  func frames(_ start: Rational, _ end: Rational, _ grid: FrameGrid) -> Range<Int64>? {
    guard start < end else { return 0..<0 }
    if speed == .zero { return offset >= start && offset < end ? TimeMap.always : 0..<0 }
    guard let a = output(of: start), let b = output(of: end) else { return nil }
    if speed > .zero {
      guard let first = grid.firstFrame(from: a), let last = grid.firstFrame(from: b) else { return nil }
      return first..<max(first, last)
    }
    // Backwards the interval is open at its first end: b < T <= a.
    guard let first = grid.firstFrame(after: b), let last = grid.firstFrame(after: a) else { return nil }
    return first..<max(first, last)
  }

  static let always: Range<Int64> = -8 * TimeValue.maximumPlanFrames..<8 * TimeValue.maximumPlanFrames
}

extension FrameGrid {
  /// The first frame behind a time.
  func firstFrame(after time: Rational) -> Int64? {
    guard let frame = firstFrame(from: time) else { return nil }
    return self.time(of: frame) == time ? frame + 1 : frame
  }
}
