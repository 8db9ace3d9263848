/// Elementary functions from IEEE additions, multiplications and divisions alone, so that a sample has the same bits on every
/// machine: a C library picks its variant (with or without fused multiply-add) by the processor. Within 2e-15 of the true value
/// over the ranges that sound needs.
enum PortableMath {
  /// Adding and subtracting it rounds a double of less than 2^51 to an integer, halves to even.
  private static let roundingMagic = 6_755_399_441_055_744.0
  private static let ln2High = 6.93147180369123816490e-01
  private static let ln2Low = 1.90821492927058770002e-10
  private static let halfPiHigh = 1.57079632673412561417
  private static let halfPiLow = 6.07710050650619224932e-11

  /// e^x; 0 below -700, infinite above 700.
  static func exp(_ x: Double) -> Double {
    if x > 700 { return .infinity }
    if x < -700 { return 0 }
    if x.isNaN { return x }
    let k = (x * 1.4426950408889634 + roundingMagic) - roundingMagic
    let r = (x - k * ln2High) - k * ln2Low
    var p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 0.0001984126984126984
    p = p * r + 0.001388888888888889
    p = p * r + 0.008333333333333333
    p = p * r + 0.041666666666666664
    p = p * r + 0.16666666666666666
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    return p * Double(bitPattern: UInt64(bitPattern: Int64(k) + 1023) << 52)
  }

  /// Natural logarithm; -infinity at zero, NaN below.
  static func log(_ value: Double) -> Double {
    if value == 0 { return -.infinity }
    guard value > 0 else { return .nan }
    guard value < .infinity else { return value }
    var x = value
    var exponent = 0.0
    if x < Double.leastNormalMagnitude {
      x *= 18_014_398_509_481_984
      exponent = -54
    }
    let bits = x.bitPattern
    exponent += Double(Int64(bits >> 52) - 1023)
    var m = Double(bitPattern: bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
    if m > 1.4142135623730951 {
      m *= 0.5
      exponent += 1
    }
    let f = m - 1
    let s = f / (2 + f)
    let z = s * s
    var p = 1.0 / 23
    p = p * z + 1.0 / 21
    p = p * z + 1.0 / 19
    p = p * z + 1.0 / 17
    p = p * z + 1.0 / 15
    p = p * z + 1.0 / 13
    p = p * z + 1.0 / 11
    p = p * z + 1.0 / 9
    p = p * z + 1.0 / 7
    p = p * z + 1.0 / 5
    p = p * z + 1.0 / 3
    return exponent * ln2High + (2 * s + (2 * s * z * p + exponent * ln2Low))
  }

  /// Sine and cosine of an angle of less than a million.
  static func sincos(_ x: Double) -> (sin: Double, cos: Double) {
    let k = (x * 0.6366197723675814 + roundingMagic) - roundingMagic
    let r = (x - k * halfPiHigh) - k * halfPiLow
    let z = r * r
    var s = -7.647163731819816e-13
    s = s * z + 1.6059043836821613e-10
    s = s * z - 2.505210838544172e-08
    s = s * z + 2.7557319223985893e-06
    s = s * z - 0.0001984126984126984
    s = s * z + 0.008333333333333333
    s = s * z - 0.16666666666666666
    s = r + r * z * s
    var c = 4.779477332387385e-14
    c = c * z - 1.1470745597729725e-11
    c = c * z + 2.08767569878681e-09
    c = c * z - 2.755731922398589e-07
    c = c * z + 2.48015873015873e-05
    c = c * z - 0.001388888888888889
    c = c * z + 0.041666666666666664
    c = 1 - (0.5 * z - z * z * c)
    switch Int64(k) & 3 {
    case 0: return (s, c)
    case 1: return (c, -s)
    case 2: return (-s, -c)
    default: return (-c, s)
    }
  }

  /// base^exponent for a positive base.
  static func pow(_ base: Double, _ exponent: Double) -> Double { exp(exponent * log(base)) }
  /// 10^(decibels / 20).
  static func gain(decibels: Double) -> Double { exp(decibels * 0.11512925464970229) }
  /// 20 log10 of a gain; -infinity for zero.
  static func decibels(gain: Double) -> Double { log(gain) * 8.685889638065037 }
}

extension PortableMath {
  /// Angle of (x, y) in -π...π, to 1e-15.
  static func atan2(_ y: Double, _ x: Double) -> Double {
    if x == 0 && y == 0 { return 0 }
    if y.magnitude > x.magnitude { return (y > 0 ? Double.pi / 2 : -Double.pi / 2) - atan(x / y) }
    if x > 0 { return atan(y / x) }
    return atan(y / x) + (y >= 0 ? Double.pi : -Double.pi)
  }

  /// For -1...1: the angle is halved three times, then a series.
  private static func atan(_ x: Double) -> Double {
    var t = x
    for _ in 0..<3 { t /= 1 + (1 + t * t).squareRoot() }
    let z = t * t
    var p = 0.0
    for n in stride(from: 21.0, through: 1, by: -2) { p = 1 / n - z * p }
    return 8 * t * p
  }
}
