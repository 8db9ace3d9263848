/// A cubic Bézier curve from (0, 0) to (1, 1), as CSS `cubic-bezier` has it. The control points' x lie in 0...1, so that the
/// curve has one y for every x.
public struct CubicBezier: Hashable, Sendable {
  public let x1: Double
  public let y1: Double
  public let x2: Double
  public let y2: Double

  public init(x1: Double, y1: Double, x2: Double, y2: Double) {
    self.x1 = x1
    self.y1 = y1
    self.x2 = x2
    self.y2 = y2
  }

  /// One coordinate of the curve at parameter `t`; `a` and `b` are that coordinate of the control points.
  private static func point(_ t: Double, _ a: Double, _ b: Double) -> Double {
    let u = 1 - t
    return 3 * u * u * t * a + 3 * u * t * t * b + t * t * t
  }

  /// The curve's y at `x`; 0 before the curve and 1 behind it. The parameter is found by bisection with additions and
  /// multiplications alone, so that every machine gives the same bits.
  public func y(at x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    var low = 0.0, high = 1.0
    for _ in 0..<52 {
      let middle = (low + high) / 2
      if Self.point(middle, x1, x2) < x { low = middle } else { high = middle }
    }
    return Self.point((low + high) / 2, y1, y2)
  }
}
