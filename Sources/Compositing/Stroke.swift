import Plan

/// How a layer's samples are put over those below them: everything but the samples themselves.
public struct Stroke {
  /// The covered part of the canvas. Edges between pixels cover a pixel in part.
  public var visible: Rect
  /// Opacity; `Span.full` is 1.
  public var weight: UInt16
  public var blend = BlendMode.normal
  public var tint: Tint?
  /// The samples are moved, not computed: bytes of whole ones count as copied.
  public var counts = false

  public init(visible: Rect, weight: UInt16, blend: BlendMode = .normal, tint: Tint? = nil) {
    self.visible = visible
    self.weight = weight
    self.blend = blend
    self.tint = tint
  }
}

/// A colour that is mixed into a layer's colours.
public struct Tint {
  /// Code values in the canvas's planes.
  public let samples: [UInt16]
  /// Its share of the mix; `Span.full` is all of it.
  public let weight: UInt16

  /// nil when it changes nothing.
  public init?(_ color: RGBA, canvas: Canvas) {
    let amount = color.alpha.isNaN ? 0 : min(max(color.alpha, 0), 1)
    weight = UInt16((amount * Double(Span.full)).rounded())
    guard weight > 0 else { return nil }
    samples = ColorRules.samples(RGBA(red: color.red, green: color.green, blue: color.blue), canvas: canvas)
  }
}
