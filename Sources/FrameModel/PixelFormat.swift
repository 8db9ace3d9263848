import CSchema

/// How samples of a planar picture are stored: the format word of `sluice_ipc.h`. Packed, paletted and float formats
/// never enter a slot; a decoder turns them into the planar format that holds them without loss.
public struct PixelFormat: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public enum Family: UInt32, Sendable { case gray = 0, yuv = 1, rgb = 2 }

  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public init(_ family: Family, depth: Int, log2ChromaWidth: Int = 0, log2ChromaHeight: Int = 0, alpha: Bool = false) {
    rawValue =
      family.rawValue | UInt32(depth) << 4 | UInt32(log2ChromaWidth) << 10 | UInt32(log2ChromaHeight) << 12
      | (alpha ? 1 << 14 : 0)
  }

  public static let yuv420p = PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1, log2ChromaHeight: 1)
  public static let yuv420p10 = PixelFormat(.yuv, depth: 10, log2ChromaWidth: 1, log2ChromaHeight: 1)

  /// nil for a word that a hostile or newer peer wrote.
  public var family: Family? { Family(rawValue: rawValue & 15) }
  public var depth: Int { Int(rawValue >> 4 & 63) }
  public var log2ChromaWidth: Int { Int(rawValue >> 10 & 3) }
  public var log2ChromaHeight: Int { Int(rawValue >> 12 & 3) }
  public var hasAlpha: Bool { rawValue >> 14 & 1 != 0 }
  public var bytesPerSample: Int { depth > 8 ? 2 : 1 }
  /// Planes in slot order: Y U V A, R G B A, or gray A.
  public var planeCount: Int { (family == .gray ? 1 : 3) + (hasAlpha ? 1 : 0) }
  /// A word that names a format of this ABI.
  public var isValid: Bool {
    family != nil && (1...16).contains(depth) && rawValue >> 15 == 0
      && (family == .yuv || (log2ChromaWidth == 0 && log2ChromaHeight == 0))
  }
  public func isChroma(plane: Int) -> Bool { family == .yuv && (plane == 1 || plane == 2) }
  /// Samples of `plane` for a picture of `width` × `height` (chroma rounds up).
  public func planeSize(_ plane: Int, width: Int, height: Int) -> (width: Int, height: Int) {
    guard isChroma(plane: plane) else { return (width, height) }
    let w = 1 << log2ChromaWidth, h = 1 << log2ChromaHeight
    return ((width + w - 1) / w, (height + h - 1) / h)
  }

  /// FFmpeg's name for it: `yuv420p`, `yuva444p10le`, `gbrp`, `gray16le`.
  public var description: String {
    let suffix = depth > 8 ? "\(depth)le" : ""
    switch family {
    case .gray: return hasAlpha ? (depth > 8 ? "ya\(suffix)" : "ya8") : "gray\(suffix)"
    case .rgb: return (hasAlpha ? "gbrap" : "gbrp") + suffix
    case .yuv:
      let sub =
        switch (log2ChromaWidth, log2ChromaHeight) {
        case (1, 1): "420"
        case (1, 0): "422"
        case (0, 0): "444"
        case (2, 0): "411"
        case (2, 2): "410"
        case (0, 1): "440"
        default: "?"
        }
      return "yuv\(hasAlpha ? "a" : "")\(sub)p\(suffix)"
    case nil: return "format 0x\(String(rawValue, radix: 16))"
    }
  }
}
