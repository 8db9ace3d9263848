/// Arithmetic with numbers from outside: exact, and nil instead of a trap where the result does not fit.
extension Rational {
  /// nil when the exact sum does not fit 64 bits.
  public func adding(_ other: Rational) -> Rational? {
    let a = Int128(num) * Int128(other.den), b = Int128(other.num) * Int128(den)
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : Rational(reducing: sum, Int128(den) * Int128(other.den))
  }

  public func subtracting(_ other: Rational) -> Rational? {
    other.num == Int64.min ? nil : adding(Rational(-other.num, other.den))
  }

  /// nil when the exact product does not fit.
  public func multiplied(by other: Rational) -> Rational? {
    Rational(reducing: Int128(num) * Int128(other.num), Int128(den) * Int128(other.den))
  }

  /// nil when the exact quotient does not fit, or there is none.
  public func divided(by other: Rational) -> Rational? {
    other.num == 0 ? nil : Rational(reducing: Int128(num) * Int128(other.den), Int128(den) * Int128(other.num))
  }
}

extension Rational {
  /// To the nearest billionth; for numbers that need not be exact.
  public init(approximating value: Double) {
    let billionths = (value * 1e9).rounded()
    self = billionths.magnitude < 9e18 ? Rational(Int64(billionths), 1_000_000_000) : Rational(Int64(value.rounded()))
  }
}
