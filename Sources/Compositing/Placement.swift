import FrameModel
import Plan

/// Where a layer lies on the canvas that is turned by right angles at most.
public struct Placement: Hashable {
  /// The rectangle of its whole picture.
  public let place: Rect
  /// The part of the canvas that shows it.
  public let visible: Rect
  /// `visible` grown to whole chroma samples, which is what is scaled. It reaches beyond an odd canvas by less than a sample.
  public let box: Box
  /// The part of the picture under `box`, in pixels of the upright picture. It reaches beyond `Layer.source` where the box was
  /// grown.
  public let region: Rect
  /// The box is covered to its edges.
  public let isWhole: Bool

  /// nil when nothing of it is visible. `source` may be empty for a fill.
  public init?(source: Rect, destination: Rect, clip: Rect, canvas: Canvas) {
    let place = destination.snapped
    let visible = place.intersection(clip.snapped).intersection(canvas.bounds)
    guard !visible.isEmpty, place.width.isFinite, place.height.isFinite else { return nil }
    self.visible = visible
    self.place = place
    let cw = canvas.format.log2ChromaWidth
    let ch = canvas.format.log2ChromaHeight
    box = Box(
      x0: Int(visible.x.rounded(.down)).aligned(down: cw), y0: Int(visible.y.rounded(.down)).aligned(down: ch),
      x1: Int(visible.maxX.rounded(.up)).aligned(up: cw), y1: Int(visible.maxY.rounded(.up)).aligned(up: ch))
    let scaleX = source.width / place.width
    let scaleY = source.height / place.height
    region = Rect(
      x: (source.x + (Double(box.x0) - place.x) * scaleX).snapped,
      y: (source.y + (Double(box.y0) - place.y) * scaleY).snapped,
      width: Double(box.width) * scaleX, height: Double(box.height) * scaleY)
    isWhole =
      visible.x == Double(box.x0) && visible.y == Double(box.y0) && visible.maxX == Double(box.x1)
      && visible.maxY == Double(box.y1)
  }

  /// The size of its whole picture is in whole pixels.
  public var isOfWholeSize: Bool { place.width == place.width.rounded() && place.height == place.height.rounded() }
}
