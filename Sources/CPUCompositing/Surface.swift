import CSluice
import Compositing
import FrameModel
import Plan

/// Samples that are ready to be painted, with their place on the canvas. Borrowed memory.
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
  /// Its place in canvas pixels; the planes begin at its corner. On the chroma grid if opaque.
  var box: Box
  /// For opaque surfaces, the coverage of each plane's samples as UInt16, placed like the planes. Empty when all of them are covered.
  var weights = Planes()
  /// Its chroma had full resolution from the start, so it goes to chroma samples by their siting, not by cells.
  var sited = false
}

/// The planes that layers are painted on.
struct Target {
  /// Size, format and colour.
  let canvas: Canvas
  let planes: Planes
  /// Full resolution with alpha, as SLUICE_PIXELS_PREMULTIPLIED; else the canvas's own format, opaque.
  let isPremultiplied: Bool
}
