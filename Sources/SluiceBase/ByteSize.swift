/// Reads sizes in bytes as users write them.
public enum ByteSize {
  /// Takes `512MiB`, `1GiB`, `1.5GB`, `512M` (binary, as with coreutils) and `4096`. Returns nil for a text that is no size and
  /// for a size that does not fit.
  public static func parse(_ text: String) -> UInt64? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let value = Double(digits), value >= 0 else { return nil }
    let factor: Double
    switch text.dropFirst(digits.count).lowercased() {
    case "", "b": factor = 1
    case "k", "kib": factor = 1024
    case "m", "mib": factor = 1_048_576
    case "g", "gib": factor = 1_073_741_824
    case "t", "tib": factor = 1_099_511_627_776
    case "kb": factor = 1e3
    case "mb": factor = 1e6
    case "gb": factor = 1e9
    case "tb": factor = 1e12
    default: return nil
    }
    let bytes = value * factor
    return bytes < 1e18 ? UInt64(bytes) : nil
  }
}
