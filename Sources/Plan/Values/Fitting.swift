import FrameModel

/// How a picture is put into a box of the canvas. Pure geometry.
package struct Fitting {
  /// Size of the upright picture in pixels, and the shape of one of them relative to a canvas pixel.
  package let width: Double
  package let height: Double
  package let aspect: Double

  package init(width: Double, height: Double, aspect: Double) {
    self.width = width
    self.height = height
    self.aspect = aspect
  }

  package init(_ video: MediaInfo.Video, canvas: Canvas) {
    let turned = video.rotation % 2 == 1
    let shape = video.sampleAspect.double
    self.init(
      width: Double(turned ? video.height : video.width), height: Double(turned ? video.width : video.height),
      aspect: (turned ? 1 / shape : shape) / canvas.sampleAspect.double)
  }

  /// The exact place, which may lie between pixels and beyond the canvas.
  package func place(crop: Rect?, box: Rect, fit: Fit) -> Placed {
    let whole = crop ?? Rect(x: 0, y: 0, width: width, height: height)
    let shown = Size(width: whole.width * aspect, height: whole.height)
    switch fit {
    case .stretch: return Placed(source: whole, destination: box, clip: box)
    case .contain:
      let place = box.centered(shown.scaled(min(box.width / shown.width, box.height / shown.height)))
      return Placed(source: whole, destination: place, clip: place)
    case .none: return Placed(source: whole, destination: box.centered(shown), clip: box)
    case .cover:
      let scale = max(box.width / shown.width, box.height / shown.height)
      let part = Size(width: box.width / scale / aspect, height: box.height / scale)
      return Placed(source: whole.centered(part).intersection(whole), destination: box, clip: box)
    }
  }

  struct Size {
    var width: Double
    var height: Double
    func scaled(_ factor: Double) -> Size { Size(width: width * factor, height: height * factor) }
  }
}

extension Placed {
  package var rounded: Placed { Placed(source: source, destination: destination.rounded, clip: clip.rounded) }

  /// The part inside `bounds` and the clip; nil when nothing is left.
  package func clipped(to bounds: Rect) -> Placed? {
    let visible = destination.intersection(clip).intersection(bounds)
    guard !visible.isEmpty, !source.isEmpty else { return nil }
    if visible == destination { return Placed(source: source, destination: visible, clip: visible) }
    let scaleX = source.width / destination.width, scaleY = source.height / destination.height
    return Placed(
      source: Rect(
        x: source.x + (visible.x - destination.x) * scaleX, y: source.y + (visible.y - destination.y) * scaleY,
        width: visible.width * scaleX, height: visible.height * scaleY),
      destination: visible, clip: visible)
  }
}

extension Rect {
  /// The rectangle with its edges on whole pixels. Neighbours that shared an edge still share it. Halves are rounded up, also those
  /// that a scale made a little smaller because it is no binary fraction (3/4 by 4/3).
  package var rounded: Rect {
    func edge(_ value: Double) -> Double { (value + 0.5 + 1e-9).rounded(.down) }
    let left = edge(x), top = edge(y)
    return Rect(x: left, y: top, width: edge(maxX) - left, height: edge(maxY) - top)
  }

  fileprivate func centered(_ size: Fitting.Size) -> Rect {
    Rect(x: x + (width - size.width) / 2, y: y + (height - size.height) / 2, width: size.width, height: size.height)
  }

  /// Grown to whole samples of planes that are subsampled by these powers of two.
  package func grown(log2Width: Int, log2Height: Int) -> Rect {
    let w = Double(1 << log2Width), h = Double(1 << log2Height)
    let left = (x / w).rounded(.down) * w, top = (y / h).rounded(.down) * h
    return Rect(
      x: left, y: top, width: (maxX / w).rounded(.up) * w - left, height: (maxY / h).rounded(.up) * h - top)
  }
}
