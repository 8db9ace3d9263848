/// Numbers as decimal text: exact fractions both ways, and floating point with a fixed number of decimals.
public enum DecimalText {
  /// Digits only, at most 18 of them.
  public static func integer(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.count <= 18, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }

  /// `12`, `12.5`, `.5`: unsigned, no exponent.
  public static func rational(_ text: Substring) -> Rational? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = integer(parts[0]) ?? (parts[0].isEmpty && parts.count == 2 ? 0 : nil) else { return nil }
    guard parts.count == 2 else { return Rational(whole) }
    guard let part = integer(parts[1]) else { return parts[1].isEmpty && !parts[0].isEmpty ? Rational(whole) : nil }
    var den: Int128 = 1
    for _ in parts[1].utf8 { den *= 10 }
    return Rational(reducing: Int128(whole) * den + Int128(part), den)
  }

  /// The shortest exact text: a decimal where there is a finite one, else `num/den`.
  public static func text(_ value: Rational) -> String {
    var scale: Int64 = 1
    var digits = 0
    while digits < 18, scale % value.den != 0 {
      scale *= 10
      digits += 1
    }
    guard scale % value.den == 0 else { return value.description }
    if digits == 0 { return "\(value.num)" }
    let scaled = Int128(value.num) * Int128(scale / value.den)
    let whole = "\(scaled.magnitude / UInt128(scale))"
    let part = "\(scaled.magnitude % UInt128(scale))"
    return (scaled < 0 ? "-" : "") + whole + "." + String(repeating: "0", count: digits - part.count) + part
  }

  /// `640/3`, `-1/7`; nil for anything else.
  public static func fraction(_ text: String) -> Rational? {
    var body = Substring(text)
    let negative = body.first == "-"
    if negative { body = body.dropFirst() }
    let parts = body.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let num = integral(parts[0]), let den = integral(parts[1]) else { return nil }
    return Rational(reducing: negative ? -num : num, den)
  }

  /// Digits only, at most 19 of them: any numerator and denominator of a `Rational`.
  private static func integral(_ text: Substring) -> Int128? {
    guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int128(text)
  }

  /// `value` with this many decimals, a half away from zero. What is not finite, or 1e15 and more, is 0.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return fixed(0, decimals) }
    let scale = (0..<decimals).reduce(1) { product, _ in product * 10 }
    let scaled = Int64((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled != 0 ? "-" : ""
    let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let digits = String(fraction)
    return "\(sign)\(whole)." + String(repeating: "0", count: decimals - digits.count) + digits
  }

  /// Seconds for people, to the millisecond and without a unit: `12.500`.
  public static func seconds(_ seconds: Double) -> String { fixed(seconds, 3) }
}
