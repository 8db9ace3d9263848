import FrameModel
import SluiceBase

/// A time as a user writes it: seconds, or a count of output frames whose length is known only with the canvas rate.
public enum TimeValue: Hashable, Sendable, CustomStringConvertible {
  case seconds(Rational)
  case frames(Int64)

  /// The longest time, in seconds (about 115 days), and the finest step: one nanosecond.
  public static let maximumSeconds: Int64 = 10_000_000
  static let maximumDenominator: Int64 = 1_000_000_000
  static let maximumFrames: Int64 = 10_000_000_000

  public static let zero = TimeValue.seconds(.zero)

  /// `12.5`, `6.7e-2`, `1001/30000`, `HH:MM:SS.mmm`, `MM:SS`, or `375f`, each with an optional minus sign. Exact down to
  /// nanoseconds; finer ones are rounded, as other programs write sums of binary fractions with all their digits.
  /// nil when it is none of these, or longer than `maximumSeconds`.
  public static func parse(_ text: String) -> TimeValue? {
    var body = Substring(text)
    let negative = body.first == "-"
    if negative { body = body.dropFirst() }
    if body.last == "f" {
      guard let count = DecimalText.integer(body.dropLast()), count <= maximumFrames else { return nil }
      return .frames(negative ? -count : count)
    }
    guard let value = clock(body) ?? fraction(body) ?? decimal(body) else { return nil }
    return seconds(rounding: negative ? -value : value)
  }

  /// To the nanosecond. nil when it is longer than `maximumSeconds`.
  static func seconds(rounding value: Rational) -> TimeValue? {
    guard value.magnitude <= Rational(maximumSeconds) else { return nil }
    let rounded = value.den <= maximumDenominator ? value : value.rounded(to: maximumDenominator)
    return .seconds(rounded)
  }

  /// As in JSON, without a sign in front.
  private static func decimal(_ text: Substring) -> Rational? {
    guard let first = text.utf8.first, first == UInt8(ascii: ".") || (0x30...0x39).contains(first), text != ".",
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || ".eE+-".utf8.contains($0) }),
      text.utf8.filter({ $0 == UInt8(ascii: ".") }).count <= 1
    else { return nil }
    return JSONNumber(text: String(text)).fraction.map { Rational(nearest: $0.num, $0.den) }
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
    guard parts.count == 2 || parts.count == 3, let last = parts.last, !last.utf8.contains(where: { "eE".utf8.contains($0) }),
      let written = decimal(last), written < Rational(60)
    else { return nil }
    let seconds = written.rounded(to: maximumDenominator)
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
