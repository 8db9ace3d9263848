import Plan

/// A rectangle of whole pixels, x0 ..< x1 by y0 ..< y1.
public struct Box: Hashable {
  public var x0: Int
  public var y0: Int
  public var x1: Int
  public var y1: Int

  public init(x0: Int, y0: Int, x1: Int, y1: Int) {
    self.x0 = x0
    self.y0 = y0
    self.x1 = x1
    self.y1 = y1
  }

  /// The whole canvas.
  public init(_ canvas: Canvas) { self.init(x0: 0, y0: 0, x1: canvas.width, y1: canvas.height) }

  public var width: Int { x1 - x0 }
  public var height: Int { y1 - y0 }
  public var isEmpty: Bool { x1 <= x0 || y1 <= y0 }

  public func contains(_ other: Box) -> Bool { x0 <= other.x0 && y0 <= other.y0 && x1 >= other.x1 && y1 >= other.y1 }
  public func intersection(_ other: Box) -> Box {
    Box(x0: max(x0, other.x0), y0: max(y0, other.y0), x1: min(x1, other.x1), y1: min(y1, other.y1))
  }
  public func union(_ other: Box) -> Box {
    Box(x0: min(x0, other.x0), y0: min(y0, other.y0), x1: max(x1, other.x1), y1: max(y1, other.y1))
  }
  public func moved(x: Int, y: Int) -> Box { Box(x0: x0 + x, y0: y0 + y, x1: x1 + x, y1: y1 + y) }
  /// Grown to whole chroma samples.
  public func grown(log2Width: Int, log2Height: Int) -> Box {
    Box(
      x0: x0.aligned(down: log2Width), y0: y0.aligned(down: log2Height), x1: x1.aligned(up: log2Width),
      y1: y1.aligned(up: log2Height))
  }

  /// Appends the parts of this box outside `hole` to `parts`: at most four, none over another.
  public func subtract(_ hole: Box, into parts: inout [Box]) {
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
  /// The multiple of `1 << log2` at or below it.
  public func aligned(down log2: Int) -> Int { (self >> log2) << log2 }
  /// The multiple of `1 << log2` at or above it.
  public func aligned(up log2: Int) -> Int { ((self + (1 << log2) - 1) >> log2) << log2 }
}
