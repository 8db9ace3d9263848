import FrameModel

/// Turns source times into ticks of a stream's time base and back. Ticks come from files, so nothing here may trap.
struct TickClock {
  let timeBase: Rational
  /// Container time of source time 0, in microseconds.
  private let origin: Int64
  /// Timestamps in coarse time bases (Matroska's milliseconds) are rounded, so a picture is shown from half a tick before its
  /// own time on; but where a tick is as long as a picture, times are exact, so never more than a millisecond.
  private let tolerance: Rational

  init(timeBase: Rational, origin: Int64) {
    self.timeBase = timeBase
    tolerance = min(Rational(reducing: Int128(timeBase.num), Int128(timeBase.den) * 2) ?? .zero, Rational(1, 1000))
    self.origin = abs(origin) < 1 << 53 ? origin : 0
  }

  /// The last tick whose picture may be shown at `time`: pts - tolerance <= time.
  func limit(_ time: Rational) -> Int64 {
    // floor((time + origin / 10^6 + tolerance) / timeBase)
    let micro: Int128 = 1_000_000
    let place = Int128(tolerance.den)
    let sum = Int128(time.num) * micro + Int128(origin) * Int128(time.den)
    let (scaled, first) = sum.multipliedReportingOverflow(by: place)
    let added = Int128(tolerance.num) * Int128(time.den) * micro
    let (top, second) = (scaled + added).multipliedReportingOverflow(by: Int128(timeBase.den))
    let (unit, third) = (Int128(time.den) * micro * place).multipliedReportingOverflow(by: Int128(timeBase.num))
    guard !first, !second, !third else { return sum < 0 ? .min : .max }
    return Self.floor(top, unit)
  }

  /// Source time of a tick; 0 when it does not fit.
  func time(_ tick: Int64) -> Rational {
    let top = Int128(tick) * Int128(timeBase.num) * 1_000_000 - Int128(origin) * Int128(timeBase.den)
    return Rational(reducing: top, Int128(timeBase.den) * 1_000_000) ?? .zero
  }

  /// Ticks in `seconds`, rounded down, at least 1.
  func ticks(_ seconds: Rational) -> Int64 {
    max(1, Self.floor(Int128(seconds.num) * Int128(timeBase.den), Int128(seconds.den) * Int128(timeBase.num)))
  }

  private static func floor(_ top: Int128, _ bottom: Int128) -> Int64 {
    let quotient = top / bottom
    return Int64(clamping: top % bottom < 0 ? quotient - 1 : quotient)
  }
}

/// Makes the times of pictures in presentation order rise strictly.
struct TimestampRepair {
  private var last: Int64?
  private var shift: Int64 = 0
  /// A fall by more than this is a new beginning (a joined recording), not an error of one picture.
  private let jump: Int64

  init(jump: Int64) { self.jump = jump }

  /// Times were moved on at a jump: those of the file are not those given out.
  var isShifted: Bool { shift != 0 }

  /// Time of the next picture; `duration` is what the one before lasts. nil: it comes too late, leave it out.
  mutating func next(_ stamp: Int64?, duration: Int64) -> Int64? {
    guard let last else {
      self.last = stamp ?? 0
      return self.last
    }
    let (following, full) = last.addingReportingOverflow(max(1, duration))
    guard !full else { return nil }
    var tick = following
    if let stamp {
      let (shifted, overflow) = stamp.addingReportingOverflow(shift)
      tick = overflow ? following : shifted
      if tick == last { tick = last + 1 }
      if tick < last {
        guard last.subtractingReportingOverflow(tick).partialValue > jump else { return nil }
        shift = following &- stamp
        tick = following
      }
    }
    self.last = tick
    return tick
  }
}
