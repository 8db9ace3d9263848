import CSluice
import Plan

/// A rectangle that is turned around its centre by any angle.
public struct Spin {
  /// The rectangle before it was turned.
  public let place: Rect
  public let turn: sluice_spin

  /// The smallest rectangle of whole pixels around it.
  public var bounds: Rect {
    let x = abs(turn.c) * turn.half_width + abs(turn.s) * turn.half_height
    let y = abs(turn.s) * turn.half_width + abs(turn.c) * turn.half_height
    let left = (turn.cx - x).rounded(.down)
    let top = (turn.cy - y).rounded(.down)
    return Rect(x: left, y: top, width: (turn.cx + x).rounded(.up) - left, height: (turn.cy + y).rounded(.up) - top)
  }

  /// A point of the canvas, counted in pixels from the corner of the rectangle before it was turned.
  public func inside(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let dx = x - turn.cx
    let dy = y - turn.cy
    return (dx * turn.c + dy * turn.s + turn.half_width, dy * turn.c - dx * turn.s + turn.half_height)
  }
}
