import FrameModel
import SluiceBase

/// A span of time in exact seconds, and the rate that it was written in.
struct OTIORange {
  var start: Rational
  var duration: Rational
  var rate: Rational
}

/// Exact arithmetic on times of a file that anybody may have written. Every result has a denominator of at most a billion
/// and lies within `limit`: sums of odd fractions are rounded to the frame they are within 0.1 µs of, else to the
/// nanosecond. Nothing traps.
struct OTIOClock {
  let rate: Rational
  static let limit = Rational(4 * TimeValue.maximumSeconds)

  func sum(_ a: Rational, _ b: Rational) -> Rational {
    bounded(Int128(a.num) * Int128(b.den) + Int128(b.num) * Int128(a.den), Int128(a.den) * Int128(b.den))
  }
  func difference(_ a: Rational, _ b: Rational) -> Rational { sum(a, -b) }
  func product(_ a: Rational, _ b: Rational) -> Rational {
    bounded(Int128(a.num) * Int128(b.num), Int128(a.den) * Int128(b.den))
  }
  /// `b` is not zero.
  func quotient(_ a: Rational, _ b: Rational) -> Rational {
    bounded(Int128(a.num) * Int128(b.den), Int128(a.den) * Int128(b.num))
  }

  private func bounded(_ num: Int128, _ den: Int128) -> Rational {
    if let exact = Rational(reducing: num, den), exact.den <= TimeValue.maximumDenominator {
      return max(min(exact, Self.limit), -Self.limit)
    }
    let value = Double(num) / Double(den)
    guard value.magnitude < Self.limit.double else { return value < 0 ? -Self.limit : Self.limit }
    let frame = (value * rate.double).rounded()
    if (frame / rate.double - value).magnitude < 1e-7,
      let time = Rational(reducing: Int128(frame) * Int128(rate.den), Int128(rate.num)), time.den <= TimeValue.maximumDenominator
    {
      return time
    }
    return Rational(Int64((value * 1e9).rounded()), 1_000_000_000)
  }
}

/// Numbers that other programs computed in floating point, as the fractions they stand for.
enum OTIONumber {
  /// The fraction with the smallest denominator within `tolerance`; nil for numbers beyond 10^15.
  static func simplest(near value: Double, tolerance: Double) -> Rational? {
    guard value.isFinite, value.magnitude < 1e15 else { return nil }
    let size = value.magnitude
    if (size.rounded() - size).magnitude <= tolerance { return Rational(Int64(value.rounded())) }
    guard let (num, den) = between(size - tolerance, size + tolerance, depth: 0) else { return nil }
    return Rational(reducing: Int128(value < 0 ? -num : num), Int128(den))
  }

  private static func between(_ low: Double, _ high: Double, depth: Int) -> (Int64, Int64)? {
    let whole = low.rounded(.down)
    guard whole < 1e15, depth < 40 else { return nil }
    if whole == low { return (Int64(whole), 1) }
    if whole + 1 <= high { return (Int64(whole) + 1, 1) }
    guard let (num, den) = between(1 / (high - whole), 1 / (low - whole), depth: depth + 1) else { return nil }
    let (product, overflow) = Int64(whole).multipliedReportingOverflow(by: num)
    let (sum, overflowSum) = product.addingReportingOverflow(den)
    return overflow || overflowSum ? nil : (sum, num)
  }

  /// A rate as it is meant: within 0.001 of a whole number that number, of k * 1000/1001 that one (23.976 is 24000/1001;
  /// with 0.006 for 23.98, 29.97, 47.95, 59.94 and 119.88), else the simplest fraction within a millionth.
  /// nil for what is no rate above 0 and at most a million.
  static func rate(_ value: Double) -> Rational? {
    guard value > 0, value <= 1_000_000 else { return nil }
    let whole = value.rounded()
    if whole >= 1, (value - whole).magnitude < 1e-3 { return Rational(Int64(whole)) }
    let thousands = (value * 1.001).rounded()
    let distance = (value - thousands * 1000 / 1001).magnitude
    if value <= 1000, thousands >= 1, distance < ([24, 30, 48, 60, 120].contains(thousands) ? 6e-3 : 1e-3) {
      return Rational(Int64(thousands) * 1000, 1001)
    }
    return simplest(near: value, tolerance: value * 1e-6).flatMap { $0 > .zero ? $0 : nil }
  }
}

extension OTIOObject {
  /// Seconds, and the rate they are counted in.
  func time(_ key: String) -> (seconds: Rational, rate: Rational)? {
    guard let object = object(key) else { return nil }
    guard object.schema == "RationalTime" else {
      fail(key, "must be a RationalTime, not \(object.schema.prefix(40))")
      return nil
    }
    guard let value = object.required("value"), let written = object.required("rate") else { return nil }
    guard let rate = OTIONumber.rate(written) else {
      object.fail("rate", "must be above 0 and at most 1000000, not \(written)")
      return nil
    }
    // A millionth of a frame: programs write 81.99999999999999.
    guard let count = OTIONumber.simplest(near: value, tolerance: 1e-6),
      let seconds = Rational(reducing: Int128(count.num) * Int128(rate.den), Int128(count.den) * Int128(rate.num)),
      seconds <= Rational(TimeValue.maximumSeconds), seconds >= Rational(-TimeValue.maximumSeconds)
    else {
      object.fail("value", "\(value) at \(rate) a second is no time of at most \(TimeValue.maximumSeconds) seconds")
      return nil
    }
    return (OTIOClock(rate: rate).sum(seconds, .zero), rate)
  }

  func range(_ key: String) -> OTIORange? {
    guard let object = object(key) else { return nil }
    guard object.schema == "TimeRange" else {
      fail(key, "must be a TimeRange, not \(object.schema.prefix(40))")
      return nil
    }
    guard let duration = object.requiredTime("duration"), let start = object.requiredTime("start_time") else { return nil }
    guard duration.seconds >= .zero else {
      object.fail("duration", "must not be negative")
      return nil
    }
    return OTIORange(start: start.seconds, duration: duration.seconds, rate: duration.rate)
  }

  private func requiredTime(_ key: String) -> (seconds: Rational, rate: Rational)? {
    if self[key] == nil { fail(key, "is missing") }
    return time(key)
  }

  private func required(_ key: String) -> Double? {
    if self[key] == nil { fail(key, "is missing") }
    return number(key)
  }
}
