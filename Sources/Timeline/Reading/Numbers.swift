import FrameModel
import SluiceBase

/// Frame rates as users write them.
public enum Rate {
  /// `25`, `23.976`, `30000/1001`; nil when it is no rate above 0 and at most 1000, or its fraction is too fine.
  public static func parse(_ text: String) -> Rational? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 1 { return DecimalText.rational(parts[0]).flatMap(accepted) }
    guard parts.count == 2, let num = DecimalText.integer(parts[0]), let den = DecimalText.integer(parts[1]) else { return nil }
    return Rational(reducing: Int128(num), Int128(den)).flatMap(accepted)
  }

  static func accepted(_ rate: Rational) -> Rational? {
    rate > .zero && rate <= Rational(1000) && rate.den <= 1_000_000 && rate.num <= 1_000_000_000 ? rate : nil
  }
}

/// The values that a number may have.
struct NumberRange {
  var low: Int64
  var high: Int64
  var excludesLow = false

  init(_ range: ClosedRange<Int64>) {
    low = range.lowerBound
    high = range.upperBound
  }

  static func positive(atMost limit: Int64) -> NumberRange {
    var range = NumberRange(0...limit)
    range.excludesLow = true
    return range
  }

  /// nil when the value is within.
  func complaint(about value: Rational) -> String? {
    if value <= Rational(high), excludesLow ? value > Rational(low) : value >= Rational(low) { return nil }
    let bounds = excludesLow ? "above \(low) and at most \(high)" : "between \(low) and \(high)"
    return "must be \(bounds), not \(DecimalText.text(value))"
  }
}

extension Rational {
  /// The exact value, or the nearest where it has more digits than fit; nil for what is too large or not finite.
  init?(_ number: JSONNumber) {
    guard let (num, den) = number.fraction, num.magnitude / den.magnitude < 1 << 62 else { return nil }
    self.init(nearest: num, den)
  }
}
