import FrameModel

// Arithmetic of the planner: exact where the result fits 64 bits, else rounded to the finest fraction that fits, about a
// billionth of a millisecond or less. No project is refused because a fraction is too fine.
extension Rational {
  func plus(_ other: Rational) -> Rational {
    let a = Int128(num) * Int128(other.den), b = Int128(other.num) * Int128(den)
    let den = Int128(den) * Int128(other.den)
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? Rational(nearest: a / 2 + b / 2, den / 2) : Rational(nearest: sum, den)
  }

  func minus(_ other: Rational) -> Rational { plus(Rational(nearest: -Int128(other.num), Int128(other.den))) }

  func times(_ other: Rational) -> Rational {
    Rational(nearest: Int128(num) * Int128(other.num), Int128(den) * Int128(other.den))
  }

  /// nil only where `other` is zero.
  func over(_ other: Rational) -> Rational? {
    other.num == 0 ? nil : Rational(nearest: Int128(num) * Int128(other.den), Int128(den) * Int128(other.num))
  }

  /// The nearest of the finest binary fractions that fit, where num/den itself does not; the farthest one where it is too
  /// large. `den` is not zero.
  init(nearest num: Int128, _ den: Int128) {
    if let exact = Rational(reducing: num, den) {
      self = exact
      return
    }
    let isNegative = (num < 0) != (den < 0)
    let size = num.magnitude, unit = den.magnitude
    let whole = size / unit, rest = size % unit
    guard whole < 1 << 62 else {
      self = Rational(isNegative ? -(1 << 62) : 1 << 62)
      return
    }
    // Of the fraction as many binary digits as there is room for, at most 60.
    var digits = 0
    var value = whole, left = rest
    while digits < 60, value < 1 << 61 {
      // 2 * left may not fit: compare with what is missing to `unit` instead.
      let missing = unit - left
      if left >= missing {
        value = value * 2 + 1
        left = left - missing
      } else {
        value *= 2
        left += left
      }
      digits += 1
    }
    if left >= unit - left { value += 1 }
    let rounded = Int64(value)
    self = Rational(isNegative ? -rounded : rounded, 1 << Int64(digits))
  }

  var magnitude: Rational { num < 0 ? Rational(nearest: -Int128(num), Int128(den)) : self }

  /// The first convergent of its continued fraction within `tolerance`, relative to its size. Other programs write 1/3 as
  /// 0.3333333333333333.
  func simplest(within tolerance: Double) -> Rational {
    let size = Int128(num.magnitude), unit = Int128(den)
    var (a, b) = (size, unit)
    var (before, last) = ((num: Int128(0), den: Int128(1)), (num: Int128(1), den: Int128(0)))
    while b != 0 {
      let whole = a / b
      (a, b) = (b, a % b)
      (before, last) = (last, (whole * last.num + before.num, whole * last.den + before.den))
      let distance = (last.num * unit - last.den * size).magnitude
      if Double(distance) <= tolerance * Double(last.den) * Double(size) { break }
    }
    return Rational(nearest: num < 0 ? -last.num : last.num, last.den)
  }

  /// As a plan holds it, whose denominators have 40 bits.
  var planned: Rational { den <= 1 << 40 ? self : rounded(to: 1 << 40) }

  /// The nearest multiple of 1/`den`, the higher one of two; itself where it is one. `den` is positive.
  func rounded(to den: Int64) -> Rational {
    let scaled = Int128(num) * Int128(den), unit = Int128(self.den)
    var whole = scaled / unit, rest = scaled % unit
    if rest < 0 { (whole, rest) = (whole - 1, rest + unit) }
    return Rational(nearest: rest >= unit - rest ? whole + 1 : whole, Int128(den))
  }
}
