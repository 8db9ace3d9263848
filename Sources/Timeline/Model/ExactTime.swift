import FrameModel

// Sums and frame numbers of times from outside: exact, and without a trap where a fraction would not fit.
extension Rational {
  /// nil when the exact sum does not fit 64 bits.
  func adding(_ other: Rational) -> Rational? {
    let a = Int128(num) * Int128(other.den), b = Int128(other.num) * Int128(den)
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : Rational(reducing: sum, Int128(den) * Int128(other.den))
  }

  func subtracting(_ other: Rational) -> Rational? {
    other.num == Int64.min ? nil : adding(Rational(-other.num, other.den))
  }

  /// nil when the exact product does not fit.
  func multiplied(by other: Rational) -> Rational? {
    Rational(reducing: Int128(num) * Int128(other.num), Int128(den) * Int128(other.den))
  }

  /// nil when the exact quotient does not fit, or there is none.
  func divided(by other: Rational) -> Rational? {
    other.num == 0 ? nil : Rational(reducing: Int128(num) * Int128(other.den), Int128(den) * Int128(other.num))
  }
}

extension Rational {
  /// To the nearest billionth; for numbers that need not be exact.
  init(approximating value: Double) {
    let billionths = (value * 1e9).rounded()
    self = billionths.magnitude < 9e18 ? Rational(Int64(billionths), 1_000_000_000) : Rational(Int64(value.rounded()))
  }
}

/// Output frames and the times at which they stand: frame n at n / rate.
struct FrameGrid {
  let rate: Rational

  /// Time of a frame; nil when it does not fit.
  func time(of frame: Int64) -> Rational? { Rational(reducing: Int128(frame) * Int128(rate.den), Int128(rate.num)) }

  /// The first frame at or after a time.
  func firstFrame(from time: TimeValue) -> Int64? {
    switch time {
    case .frames(let count): count
    case .seconds(let seconds): firstFrame(from: seconds)
    }
  }

  func firstFrame(from time: Rational) -> Int64? {
    let (num, overflowNum) = Int128(time.num).multipliedReportingOverflow(by: Int128(rate.num))
    let (den, overflowDen) = Int128(time.den).multipliedReportingOverflow(by: Int128(rate.den))
    guard !overflowNum, !overflowDen else { return nil }
    let quotient = num / den
    return Int64(exactly: num % den > 0 ? quotient + 1 : quotient)
  }

  /// `time` in seconds; nil when it does not fit.
  func seconds(_ time: TimeValue) -> Rational? {
    switch time {
    case .frames(let count): self.time(of: count)
    case .seconds(let seconds): seconds
    }
  }

  /// The output frames of a clip: at <= n / rate < at + duration. nil without a duration, or when a sum does not fit.
  func frames(at: TimeValue, duration: TimeValue?) -> Range<Int64>? {
    guard let duration, let first = firstFrame(from: at) else { return nil }
    let end: Int64?
    if case .frames(let count) = duration {
      end = first + count
    } else {
      end = seconds(at).flatMap { at in seconds(duration).flatMap(at.adding) }.flatMap(firstFrame(from:))
    }
    return end.flatMap { $0 >= first ? first..<$0 : nil }
  }

  /// A frame's time for people: seconds, or its number where they do not fit.
  func text(_ frame: Int64) -> String { time(of: frame).map { TimeValue.seconds($0).description } ?? "\(frame)f" }
}
