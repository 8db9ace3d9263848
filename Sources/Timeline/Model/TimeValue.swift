import FrameModel

/// A time as a user writes it: seconds, or a count of output frames whose length is known only with the canvas rate.
public enum TimeValue: Hashable, Sendable, CustomStringConvertible {
  case seconds(Rational)
  case frames(Int64)

  /// Longest time that is taken, in seconds (about 115 days), and the finest: one nanosecond.
  public static let maximumSeconds: Int64 = 10_000_000
  static let maximumDenominator: Int64 = 1_000_000_000
  static let maximumFrames: Int64 = 10_000_000_000
  /// Output frames of one plan: the longest start plus the longest clip.
  static let maximumPlanFrames: Int64 = 20_000_000_000

  public static let zero = TimeValue.seconds(.zero)

  /// `12.5`, `1001/30000`, `HH:MM:SS.mmm`, `MM:SS`, or `375f`, each with an optional minus sign. Decimals are exact.
  /// nil when it is none of these, finer than a nanosecond, or longer than `maximumSeconds`.
  public static func parse(_ text: String) -> TimeValue? {
    var body = Substring(text)
    let negative = body.first == "-"
    if negative { body = body.dropFirst() }
    if body.last == "f" {
      guard let count = DecimalText.integer(body.dropLast()), count <= maximumFrames else { return nil }
      return .frames(negative ? -count : count)
    }
    guard let value = clock(body) ?? fraction(body) ?? DecimalText.rational(body), accepts(value) else { return nil }
    return .seconds(negative ? -value : value)
  }

  /// Seconds at `fps` frames a second.
  public func resolve(fps: Rational) -> Rational {
    switch self {
    case .seconds(let value): value
    case .frames(let count): Rational(count) / fps
    }
  }

  public var isNegative: Bool {
    switch self {
    case .seconds(let value): value < .zero
    case .frames(let count): count < 0
    }
  }

  /// Text that `parse` reads back to the same value: `12.5`, `1001/30000`, `375f`.
  public var description: String {
    switch self {
    case .seconds(let value): DecimalText.text(value)
    case .frames(let count): "\(count)f"
    }
  }

  static func accepts(_ value: Rational) -> Bool {
    value.den <= maximumDenominator && value <= Rational(maximumSeconds) && value >= Rational(-maximumSeconds)
  }

  private static func clock(_ text: Substring) -> Rational? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let last = parts.last, let seconds = DecimalText.rational(last),
      seconds < Rational(60), seconds.den <= maximumDenominator
    else { return nil }
    var minutes: Int64 = 0
    for (index, part) in parts.dropLast().enumerated() {
      guard let value = DecimalText.integer(part), value <= maximumSeconds, index == 0 || value < 60 else { return nil }
      minutes = minutes * 60 + value
    }
    return Rational(minutes * 60) + seconds
  }

  private static func fraction(_ text: Substring) -> Rational? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let num = DecimalText.integer(parts[0]), let den = DecimalText.integer(parts[1]) else { return nil }
    return Rational(reducing: Int128(num), Int128(den))
  }
}

/// Decimal numbers as exact fractions, both ways.
enum DecimalText {
  /// Digits only, at most 18 of them.
  static func integer(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.count <= 18, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }

  /// `12`, `12.5`, `.5`: unsigned, no exponent.
  static func rational(_ text: Substring) -> Rational? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = integer(parts[0]) ?? (parts[0].isEmpty && parts.count == 2 ? 0 : nil) else { return nil }
    guard parts.count == 2 else { return Rational(whole) }
    guard let part = integer(parts[1]) else { return parts[1].isEmpty && !parts[0].isEmpty ? Rational(whole) : nil }
    var den: Int128 = 1
    for _ in parts[1].utf8 { den *= 10 }
    return Rational(reducing: Int128(whole) * den + Int128(part), den)
  }

  /// The shortest exact text: a decimal where there is a finite one, else `num/den`.
  static func text(_ value: Rational) -> String {
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
}
