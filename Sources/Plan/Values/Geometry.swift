import FrameModel

/// A rectangle in pixels; y grows downwards.
public struct Rect: Hashable, Sendable {
  public var x: Double
  public var y: Double
  public var width: Double
  public var height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  public var maxX: Double { x + width }
  public var maxY: Double { y + height }
  public var isEmpty: Bool { !(width > 0 && height > 0) }

  public func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x), top = max(y, other.y)
    return Rect(x: left, y: top, width: min(maxX, other.maxX) - left, height: min(maxY, other.maxY) - top)
  }

  public func contains(_ other: Rect) -> Bool {
    x <= other.x && y <= other.y && maxX >= other.maxX && maxY >= other.maxY
  }
}

/// A colour in the canvas's own primaries and transfer: non-linear R'G'B' and straight alpha, 0...1 each.
public struct RGBA: Hashable, Sendable {
  public var red: Double
  public var green: Double
  public var blue: Double
  public var alpha: Double

  public init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }

  public static let black = RGBA(red: 0, green: 0, blue: 0)
  public static let clear = RGBA(red: 0, green: 0, blue: 0, alpha: 0)

  /// `#rrggbb` or `#rrggbbaa`; nil for anything else.
  public init?(hex: String) {
    guard let color = KeyColor(hex: hex) else { return nil }
    self.init(
      red: Double(color.red) / 255, green: Double(color.green) / 255, blue: Double(color.blue) / 255,
      alpha: Double(color.alpha) / 255)
  }

  /// `#rrggbb`, or `#rrggbbaa` when it is not opaque.
  public var hex: String {
    func part(_ value: Double) -> String {
      let byte = Int((min(max(value, 0), 1) * 255).rounded())
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "#" + part(red) + part(green) + part(blue) + (alpha < 1 ? part(alpha) : "")
  }
}
