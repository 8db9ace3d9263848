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
  var isFull: Bool { first == Span.full && last == Span.full }
}

/// Where a layer lies on the canvas.
struct Placement: Hashable {
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
  init?(source: Rect, destination: Rect, canvas: Canvas) {
    let place = Rect(
      x: destination.x.snapped, y: destination.y.snapped, width: destination.maxX.snapped - destination.x.snapped,
      height: destination.maxY.snapped - destination.y.snapped)
    let visible = place.intersection(canvas.bounds)
    guard !visible.isEmpty, place.width.isFinite, place.height.isFinite else { return nil }
    self.visible = visible
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

  /// Samples that it covers wholly, in canvas pixels on the chroma grid (an odd canvas's edge counts as covered).
  func covered(in canvas: Canvas) -> Box {
    let cw = canvas.format.log2ChromaWidth
    let ch = canvas.format.log2ChromaHeight
    func inner(_ low: Double, _ high: Double, _ size: Int, _ log2: Int) -> (Int, Int) {
      (Int(low.rounded(.up)).aligned(up: log2), high == Double(size) ? size : Int(high.rounded(.down)).aligned(down: log2))
    }
    let (x0, x1) = inner(visible.x, visible.maxX, canvas.width, cw)
    let (y0, y1) = inner(visible.y, visible.maxY, canvas.height, ch)
    return Box(x0: x0, y0: y0, x1: x1, y1: y1)
  }
}

extension Double {
  /// The whole number that rounding errors of a plan's arithmetic left it beside.
  fileprivate var snapped: Double { abs(self - rounded()) < 1e-6 ? rounded() : self }
}
