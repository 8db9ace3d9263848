import Timeline

/// A rectangle of whole pixels, x0 ..< x1 by y0 ..< y1.
struct Box: Hashable {
  var x0: Int
  var y0: Int
  var x1: Int
  var y1: Int

  var width: Int { x1 - x0 }
  var height: Int { y1 - y0 }
  var isEmpty: Bool { x1 <= x0 || y1 <= y0 }

  func contains(_ other: Box) -> Bool { x0 <= other.x0 && y0 <= other.y0 && x1 >= other.x1 && y1 >= other.y1 }
  func intersection(_ other: Box) -> Box {
    Box(x0: max(x0, other.x0), y0: max(y0, other.y0), x1: min(x1, other.x1), y1: min(y1, other.y1))
  }
  func union(_ other: Box) -> Box {
    Box(x0: min(x0, other.x0), y0: min(y0, other.y0), x1: max(x1, other.x1), y1: max(y1, other.y1))
  }
  func moved(x: Int, y: Int) -> Box { Box(x0: x0 + x, y0: y0 + y, x1: x1 + x, y1: y1 + y) }
  /// Grown to whole chroma samples.
  func grown(log2Width: Int, log2Height: Int) -> Box {
    Box(
      x0: x0.aligned(down: log2Width), y0: y0.aligned(down: log2Height), x1: x1.aligned(up: log2Width),
      y1: y1.aligned(up: log2Height))
  }

  /// Parts of this box outside `hole`, at most four, appended to `parts`.
  func subtract(_ hole: Box, into parts: inout [Box]) {
    let cut = Box(x0: max(x0, hole.x0), y0: max(y0, hole.y0), x1: min(x1, hole.x1), y1: min(y1, hole.y1))
    guard !cut.isEmpty else {
      parts.append(self)
      return
    }
    if y0 < cut.y0 { parts.append(Box(x0: x0, y0: y0, x1: x1, y1: cut.y0)) }
    if x0 < cut.x0 { parts.append(Box(x0: x0, y0: cut.y0, x1: cut.x0, y1: cut.y1)) }
    if cut.x1 < x1 { parts.append(Box(x0: cut.x1, y0: cut.y0, x1: x1, y1: cut.y1)) }
    if cut.y1 < y1 { parts.append(Box(x0: x0, y0: cut.y1, x1: x1, y1: y1)) }
  }
}

extension Int {
  func aligned(down log2: Int) -> Int { (self >> log2) << log2 }
  func aligned(up log2: Int) -> Int { ((self + (1 << log2) - 1) >> log2) << log2 }
}

/// Which samples of a plane an interval of the canvas covers along one axis, and how much of each. Only the first and
/// the last can be covered in part.
struct Span: Equatable {
  static let full: UInt16 = 65535

  var start: Int
  var count: Int
  var first: UInt16
  var last: UInt16

  /// `low ..< high` in canvas pixels (inside 0 ..< size); a sample stands for `1 << log2` pixels, fewer at the end of
  /// an odd canvas.
  init(low: Double, high: Double, size: Int, log2: Int) {
    let cell = Double(1 << log2)
    start = Int((low / cell).rounded(.down))
    count = max(0, Int((high / cell).rounded(.up)) - start)
    func weight(_ index: Int) -> UInt16 {
      let from = Double(index << log2)
      let to = Double(min((index + 1) << log2, size))
      return UInt16(((min(high, to) - max(low, from)) / (to - from) * 65535).rounded())
    }
    first = count > 0 ? weight(start) : 0
    last = count > 0 ? weight(start + count - 1) : 0
  }

  func weight(_ index: Int) -> UInt16 { index == 0 ? first : index == count - 1 ? last : Span.full }
  /// The part of it within samples low ..< high.
  func cut(_ low: Int, _ high: Int) -> Span {
    var part = self
    part.start = max(start, low)
    part.count = max(0, min(start + count, high) - part.start)
    part.first = weight(part.start - start)
    part.last = weight(part.start + part.count - 1 - start)
    return part
  }
  var isFull: Bool { first == Span.full && last == Span.full }
}

/// Where a layer that is not turned lies on the canvas.
struct Placement: Hashable {
  /// Where its whole picture lies.
  let place: Rect
  /// Part of the canvas that shows it.
  let visible: Rect
  /// `visible` grown to whole chroma samples: what is scaled. Reaches beyond an odd canvas by less than a sample.
  let box: Box
  /// What of the picture lies under `box`, in pixels of the upright picture; reaches beyond `Layer.source` where the
  /// box was grown.
  let region: Rect
  /// The box is covered to its edges.
  let isWhole: Bool

  /// nil when nothing of it is visible. `source` may be empty for a fill.
  init?(source: Rect, destination: Rect, clip: Rect, canvas: Canvas) {
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

  /// Its whole picture has whole pixels.
  var isOfWholeSize: Bool { place.width == place.width.rounded() && place.height == place.height.rounded() }
}

extension Rect {
  /// The smallest box of whole pixels around it.
  var outside: Box {
    Box(x0: Int(x.rounded(.down)), y0: Int(y.rounded(.down)), x1: Int(maxX.rounded(.up)), y1: Int(maxY.rounded(.up)))
  }

  /// Samples of a canvas that it covers wholly, in canvas pixels on the chroma grid (an odd canvas's edge counts as covered).
  func covered(in canvas: Canvas) -> Box {
    func inner(_ low: Double, _ high: Double, _ size: Int, _ log2: Int) -> (Int, Int) {
      (Int(low.rounded(.up)).aligned(up: log2), high == Double(size) ? size : Int(high.rounded(.down)).aligned(down: log2))
    }
    let (x0, x1) = inner(x, maxX, canvas.width, canvas.format.log2ChromaWidth)
    let (y0, y1) = inner(y, maxY, canvas.height, canvas.format.log2ChromaHeight)
    return Box(x0: x0, y0: y0, x1: x1, y1: y1)
  }

  /// Edges that rounding errors of a plan's arithmetic left beside whole numbers, on them.
  var snapped: Rect {
    Rect(x: x.snapped, y: y.snapped, width: maxX.snapped - x.snapped, height: maxY.snapped - y.snapped)
  }

  /// Turned clockwise by quarters around its middle.
  func turned(_ quarters: Int) -> Rect {
    quarters & 1 == 0 ? self : Rect(x: x + (width - height) / 2, y: y + (height - width) / 2, width: height, height: width)
  }

  /// The same part of a picture of `size` after that was turned clockwise by quarters.
  func turned(_ quarters: Int, within size: (width: Double, height: Double)) -> Rect {
    switch quarters & 3 {
    case 1: Rect(x: size.height - maxY, y: x, width: height, height: width)
    case 2: Rect(x: size.width - maxX, y: size.height - maxY, width: width, height: height)
    case 3: Rect(x: y, y: size.width - maxX, width: height, height: width)
    default: self
    }
  }
}

extension Double {
  /// The whole number that rounding errors of a plan's arithmetic left it beside.
  var snapped: Double { abs(self - rounded()) < 1e-6 ? rounded() : self }
}
