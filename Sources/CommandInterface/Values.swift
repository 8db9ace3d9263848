import FrameModel
import Plan
import SluiceBase

/// Reading and writing of the values that options and displays share.
public enum Values {
  /// Bytes: a number with an optional unit. K, M, G, T and KiB… are powers of 1024; KB… powers of 1000, as in coreutils.
  public static func size(_ text: String) -> UInt64? {
    let unit = text.reversed().prefix { $0.isLetter }.reversed().map { $0.lowercased() }.joined()
    let factors: [String: Int64] = [
      "": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1000, "m": 1 << 20, "mib": 1 << 20, "mb": 1_000_000,
      "g": 1 << 30, "gib": 1 << 30, "gb": 1_000_000_000, "t": 1 << 40, "tib": 1 << 40, "tb": 1_000_000_000_000,
    ]
    var digits = text.dropLast(unit.count)
    while digits.last == " " { digits.removeLast() }
    guard let factor = factors[unit], let number = decimal(String(digits)),
      let bytes = Rational(reducing: Int128(number.num) * Int128(factor), Int128(number.den)), bytes.floor > 0
    else { return nil }
    return UInt64(bytes.floor)
  }

  /// `1920x1080`, each from 1 to 65536.
  public static func canvas(_ text: String) -> (width: Int, height: Int)? {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = digits(parts[0]), let height = digits(parts[1]),
      (1...65536).contains(width), (1...65536).contains(height)
    else { return nil }
    return (Int(width), Int(height))
  }

  /// Frames a second: `30`, `29.97`, `30000/1001`; 23.976, 29.97, 59.94 and 119.88 mean their fractions over 1001.
  public static func rate(_ text: String) -> Rational? {
    let broadcast: [String: Int64] = ["23.976": 24, "23.98": 24, "29.97": 30, "59.94": 60, "119.88": 120]
    if let nominal = broadcast[text] { return Rational(nominal * 1000, 1001) }
    let value: Rational?
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2 {
      guard let num = digits(parts[0]), let den = digits(parts[1]) else { return nil }
      value = Rational(reducing: Int128(num), Int128(den))
    } else {
      value = decimal(text)
    }
    guard let value, value > .zero, value <= Rational(1000) else { return nil }
    return value
  }

  public static func count(_ text: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = digits(text[...]), let count = Int(exactly: value), range.contains(count) else { return nil }
    return count
  }

  /// `yes`, `true`, `on`, `1` and their opposites.
  public static func flag(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "yes", "true", "on", "1", "": true
    case "no", "false", "off", "0": false
    default: nil
    }
  }

  /// A number without exponent, exactly. At most 12 digits before and 6 after the point.
  public static func decimal(_ text: String) -> Rational? {
    let negative = text.hasPrefix("-")
    let parts = text.dropFirst(negative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts[0].utf8.count <= 12, let whole = digits(parts[0]) else { return nil }
    var value = Rational(whole)
    if parts.count == 2 {
      guard parts[1].utf8.count <= 6, let fraction = digits(parts[1]) else { return nil }
      value = value + Rational(fraction, parts[1].utf8.reduce(1) { scale, _ in scale * 10 })
    }
    return negative ? -value : value
  }

  /// 183000000 as `174.5 MiB`.
  public static func sizeText(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1023.95, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return (unit == 0 ? "\(bytes)" : DecimalText.fixed(value, value < 99.95 ? 1 : 0)) + " " + units[unit]
  }

  /// `1:02:03` or `2:03`: whole seconds for displays.
  public static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 360_000_000 else { return "--:--" }
    let total = Int(max(0, seconds).rounded())
    let hours = total / 3600
    let minutes = total / 60 % 60
    let rest = two(total % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(rest)" : "\(minutes):\(rest)"
  }

  private static func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }

  private static func digits(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }
}
