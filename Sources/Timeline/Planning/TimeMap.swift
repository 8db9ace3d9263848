import FrameModel
import Plan

extension TimeMap {
  /// The map of a clip's source. The clip is at `at` on the timeline of this map, and plays its source from `start` at `rate`.
  func into(at: Rational, start: Rational, rate: Rational) -> TimeMap {
    // start + rate * (offset + speed * T - at)
    TimeMap(offset: start.plus(offset.minus(at).times(rate)), speed: speed.times(rate))
  }

  /// The output second at which this timeline shows `time`; nil when its speed is 0.
  func output(of time: Rational) -> Rational? { time.minus(offset).over(speed) }

  /// Output frames in which this timeline is at `start <= time < end`. nil when a time does not fit.
  func frames(_ start: Rational, _ end: Rational, _ grid: FrameGrid) -> Range<Int64>? {
    guard start < end else { return 0..<0 }
    if speed == .zero { return offset >= start && offset < end ? TimeMap.always : 0..<0 }
    guard var a = output(of: start), var b = output(of: end) else { return nil }
    // On this timeline they stand where they are meant to; only their place in the output may have been rounded.
    if self != .identity { (a, b) = (grid.unrounded(a), grid.unrounded(b)) }
    if speed > .zero {
      guard let first = grid.firstFrame(from: a), let last = grid.firstFrame(from: b) else { return nil }
      return first..<max(first, last)
    }
    // Backwards the interval is open at its first end: b < T <= a.
    guard let first = grid.firstFrame(after: b), let last = grid.firstFrame(after: a) else { return nil }
    return first..<max(first, last)
  }

  static let always: Range<Int64> = -8 * CompiledPlan.maximumFrames..<8 * CompiledPlan.maximumFrames
}

extension FrameGrid {
  /// The first frame after a time.
  func firstFrame(after time: Rational) -> Int64? {
    guard let frame = firstFrame(from: time) else { return nil }
    return self.time(of: frame) == time ? frame + 1 : frame
  }
}
