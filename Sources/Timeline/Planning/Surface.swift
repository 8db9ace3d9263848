import FrameModel
import Plan

/// Where a timeline's canvas lies on the canvas that is drawn on: the output's, or a group's.
struct Surface {
  enum Lie {
    /// The two canvases are the same.
    case same
    case resting(Placed)
    /// Placed by the motion of this index.
    case moving(Int)
  }

  /// The canvas that is drawn on.
  let bounds: Rect
  var lie = Lie.same

  var isSame: Bool { if case .same = lie { true } else { false } }
  var moves: Bool { if case .moving = lie { true } else { false } }

  /// Whether the timeline's pixels have another shape here than on its own canvas.
  var isDistorted: Bool {
    guard case .resting(let placed) = lie else { return moves }
    let x = placed.destination.width / placed.source.width, y = placed.destination.height / placed.source.height
    return (x / y - 1).magnitude > 1e-3
  }

  /// Where a part of the timeline's canvas lies on the canvas that is drawn on. Not for a timeline that moves.
  func map(_ rect: Rect) -> Rect {
    guard case .resting(let placed) = lie else { return rect }
    return placed.map(Placed(source: rect, destination: rect, clip: rect)).destination
  }

  /// The motion that places the timeline's canvas; nil when the two canvases are the same.
  func motion(_ context: PlanContext, width: Int, height: Int) -> Int? {
    switch lie {
    case .same: return nil
    case .moving(let index): return index
    case .resting(let placed):
      func number(_ value: Double) -> Animatable { .constant(Rational(approximating: value)) }
      func box(_ rect: Rect) -> AnimatableRect {
        AnimatableRect(x: number(rect.x), y: number(rect.y), width: number(rect.width), height: number(rect.height))
      }
      return context.add(
        Motion(
          time: TimeMap(offset: .zero, speed: .zero), width: Double(width), height: Double(height), aspect: 1, fit: .stretch,
          crop: box(placed.source), place: box(placed.destination), rotation: .zero, opacity: .one, parent: nil))
    }
  }
}
