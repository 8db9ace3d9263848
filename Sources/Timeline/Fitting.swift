import FrameModel

/// How a picture is put into a box of the canvas. Pure geometry.
struct Fitting {
  /// Upright picture: pixels, and the shape of one (relative to a canvas pixel).
  let width: Double
  let height: Double
  let aspect: Double

  init(_ video: MediaInfo.Video, canvas: Canvas) {
    let turned = video.rotation % 2 == 1
    width = Double(turned ? video.height : video.width)
    height = Double(turned ? video.width : video.height)
    let shape = video.sampleAspect.double
    aspect = (turned ? 1 / shape : shape) / canvas.sampleAspect.double
  }

  /// Source and destination of a static place: the destination lies inside the canvas on whole pixels. nil when
  /// nothing of it is on the canvas.
  func place(crop: Rect?, box: Rect, fit: Project.Fit, canvas: Canvas) -> (source: Rect, destination: Rect)? {
    let whole = crop ?? Rect(x: 0, y: 0, width: width, height: height)
    let shown = Size(width: whole.width * aspect, height: whole.height)
    switch fit {
    case .stretch:
      return Self.clipped(whole, box.rounded, to: canvas.bounds)
    case .contain:
      let scale = min(box.width / shown.width, box.height / shown.height)
      return Self.clipped(whole, box.centered(shown.scaled(scale)).rounded, to: canvas.bounds)
    case .none:
      return Self.clipped(whole, box.centered(shown).rounded, to: canvas.bounds.intersection(box.rounded))
    case .cover:
      let scale = max(box.width / shown.width, box.height / shown.height)
      let part = Size(width: box.width / scale / aspect, height: box.height / scale)
      return Self.clipped(whole.centered(part).intersection(whole), box.rounded, to: canvas.bounds)
    }
  }

  struct Size {
    var width: Double
    var height: Double
    func scaled(_ factor: Double) -> Size { Size(width: width * factor, height: height * factor) }
  }

  /// The part of a placed picture that lies inside `bounds`.
  static func clipped(_ source: Rect, _ destination: Rect, to bounds: Rect) -> (source: Rect, destination: Rect)? {
    let visible = destination.intersection(bounds)
    guard !visible.isEmpty, !source.isEmpty else { return nil }
    if visible == destination { return (source, destination) }
    let scaleX = source.width / destination.width, scaleY = source.height / destination.height
    return (
      Rect(
        x: source.x + (visible.x - destination.x) * scaleX, y: source.y + (visible.y - destination.y) * scaleY,
        width: visible.width * scaleX, height: visible.height * scaleY), visible
    )
  }
}

extension Rect {
  /// Edges on whole pixels: neighbours that shared an edge still share it.
  var rounded: Rect {
    func edge(_ value: Double) -> Double { (value + 0.5).rounded(.down) }
    let left = edge(x), top = edge(y)
    return Rect(x: left, y: top, width: edge(maxX) - left, height: edge(maxY) - top)
  }

  fileprivate func centered(_ size: Fitting.Size) -> Rect {
    Rect(x: x + (width - size.width) / 2, y: y + (height - size.height) / 2, width: size.width, height: size.height)
  }

  /// Grown to whole samples of planes that are subsampled by these powers of two.
  func grown(log2Width: Int, log2Height: Int) -> Rect {
    let w = Double(1 << log2Width), h = Double(1 << log2Height)
    let left = (x / w).rounded(.down) * w, top = (y / h).rounded(.down) * h
    return Rect(
      x: left, y: top, width: (maxX / w).rounded(.up) * w - left, height: (maxY / h).rounded(.up) * h - top)
  }
}

extension Project.Box {
  var rect: Rect { Rect(x: x.double, y: y.double, width: width.double, height: height.double) }
}

extension Project.Place {
  func box(on canvas: Canvas) -> Rect {
    Rect(
      x: x.double, y: y.double, width: width?.double ?? Double(canvas.width), height: height?.double ?? Double(canvas.height))
  }
}
