/// An exact fraction: a time in seconds, a rate, a time base. Always in lowest terms with a positive denominator.
/// Arithmetic goes through 128 bits; a result that does not fit 64 bits traps, like integer overflow does.
public struct Rational: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let num: Int64
  public let den: Int64

  public static let zero = Rational(0)
  public static let one = Rational(1)

  public init(_ value: Int64) {
    num = value
    den = 1
  }

  /// Traps when `den` is zero.
  public init(_ num: Int64, _ den: Int64) {
    self.init(wide: Int128(num), Int128(den))
  }

  init(wide num: Int128, _ den: Int128) {
    guard let value = Rational(reducing: num, den) else {
      preconditionFailure("Rational: \(num)/\(den) does not fit 64 bits or has no denominator")
    }
    self = value
  }

  /// nil when the denominator is zero or the reduced fraction does not fit: for numbers from outside.
  public init?(reducing num: Int128, _ den: Int128) {
    guard den != 0 else { return nil }
    var a = num.magnitude
    var b = den.magnitude
    while b != 0 { (a, b) = (b, a % b) }
    let divisor = Int128(a) * (den < 0 ? -1 : 1)
    guard let n = Int64(exactly: num / divisor), let d = Int64(exactly: den / divisor) else { return nil }
    self.num = n
    self.den = d
  }

  public var double: Double { Double(num) / Double(den) }
  public var description: String { den == 1 ? "\(num)" : "\(num)/\(den)" }

  /// Largest integer not above the value.
  public var floor: Int64 {
    let q = num / den
    return num % den < 0 ? q - 1 : q
  }
  /// Smallest integer not below the value.
  public var ceil: Int64 { -(-self).floor }
  /// Nearest integer, halves away from zero.
  public var rounded: Int64 {
    num >= 0 ? Rational(wide: Int128(num) * 2 + Int128(den), Int128(den) * 2).floor : -(-self).rounded
  }

  public static func < (a: Rational, b: Rational) -> Bool { Int128(a.num) * Int128(b.den) < Int128(b.num) * Int128(a.den) }
  public static func + (a: Rational, b: Rational) -> Rational {
    Rational(wide: Int128(a.num) * Int128(b.den) + Int128(b.num) * Int128(a.den), Int128(a.den) * Int128(b.den))
  }
  public static func - (a: Rational, b: Rational) -> Rational { a + -b }
  public static func * (a: Rational, b: Rational) -> Rational {
    Rational(wide: Int128(a.num) * Int128(b.num), Int128(a.den) * Int128(b.den))
  }
  public static func / (a: Rational, b: Rational) -> Rational {
    Rational(wide: Int128(a.num) * Int128(b.den), Int128(a.den) * Int128(b.num))
  }
  public static prefix func - (a: Rational) -> Rational { Rational(wide: -Int128(a.num), Int128(a.den)) }
}
