import CSluice
import FrameModel
import Timeline

/// Samples that are ready to be painted, and where they lie. Borrowed memory.
struct Surface {
  enum Kind {
    /// The canvas's own format.
    case opaque
    /// Full resolution, alpha in the last plane, colours not multiplied by it, the canvas's depth.
    case straight
    /// As SLUICE_PIXELS_PREMULTIPLIED.
    case premultiplied
  }
  var kind: Kind
  var planes: Planes
  /// Canvas pixels; its corner is where the planes begin. On the chroma grid where opaque.
  var box: Box
  /// Opaque: coverage of each plane's samples as UInt16, placed like the planes. Empty: all of them are covered.
  var weights = Planes()
  /// Its chroma was full resolution from the start: it goes to chroma samples where those are sited, not to cells.
  var sited = false
}

/// What layers are painted on.
struct Target {
  /// Size, format and colour.
  let canvas: Canvas
  let planes: Planes
  /// Full resolution with alpha, as SLUICE_PIXELS_PREMULTIPLIED; else the canvas's own format, opaque.
  let isPremultiplied: Bool
}

/// A colour that a layer's own are mixed with.
struct Tint {
  let samples: [UInt16]
  let weight: UInt16

  /// nil when it changes nothing.
  init?(_ color: RGBA, canvas: Canvas) {
    let amount = color.alpha.isNaN ? 0 : min(max(color.alpha, 0), 1)
    weight = UInt16((amount * Double(Span.full)).rounded())
    guard weight > 0 else { return nil }
    samples = ColorRules.samples(RGBA(red: color.red, green: color.green, blue: color.blue), canvas: canvas)
  }
}

/// Surfaces with alpha in a canvas's samples.
extension PixelFormat {
  /// Full resolution, straight alpha, the canvas's depth.
  var straight: PixelFormat { PixelFormat(family ?? .yuv, depth: depth, alpha: true) }
  /// The format whose layout premultiplied surfaces have.
  var premultiplied: PixelFormat { PixelFormat(family ?? .yuv, depth: 16, alpha: true) }
}

/// What a layer does to the samples below it: everything but the samples themselves.
struct Stroke {
  /// Covered part of the canvas; edges between pixels cover in part.
  var visible: Rect
  var weight: UInt16
  var blend = BlendMode.normal
  var tint: Tint?
  /// The samples are moved, not made: moving whole ones is counted.
  var counts = false
}
