import FrameModel

/// How a value goes from the key before to this one. The curves are those of CSS `cubic-bezier`.
public enum Ease: Hashable, Sendable {
  case linear
  /// Stays at the key before until this one.
  case hold
  /// From (0, 0) to (1, 1) with these control points; x in 0...1.
  case bezier(x1: Double, y1: Double, x2: Double, y2: Double)

  public static let easeIn = Ease.bezier(x1: 0.42, y1: 0, x2: 1, y2: 1)
  public static let easeOut = Ease.bezier(x1: 0, y1: 0, x2: 0.58, y2: 1)
  public static let easeInOut = Ease.bezier(x1: 0.42, y1: 0, x2: 0.58, y2: 1)

  /// Progress of the value (0 at the key before, 1 at this one; beyond where the curve overshoots) at progress
  /// `x` in 0...1 of the time.
  public func progress(_ x: Double) -> Double {
    switch self {
    case .linear: x
    case .hold: x < 1 ? 0 : 1
    case .bezier(let x1, let y1, let x2, let y2): CubicBezier(x1: x1, y1: y1, x2: x2, y2: y2).y(at: x)
    }
  }
}

/// A number that is the same all the time, or keyframes.
public enum Animatable: Hashable, Sendable {
  public struct Key: Hashable, Sendable {
    /// Seconds from the clip's start; rises strictly from key to key.
    public var time: Rational
    public var value: Rational
    /// Of the way to this key from the one before.
    public var ease: Ease
    public init(time: Rational, value: Rational, ease: Ease = .linear) {
      self.time = time
      self.value = value
      self.ease = ease
    }
  }

  case constant(Rational)
  /// At least one. Before the first key and after the last the value stays.
  case keys([Key])

  public static let zero = Animatable.constant(.zero)
  public static let one = Animatable.constant(.one)

  public var constant: Rational? { if case .constant(let value) = self { value } else { nil } }

  /// The largest and the smallest value it ever has; nil where a curve overshoots its keys.
  var bounds: ClosedRange<Double>? {
    switch self {
    case .constant(let value): return value.double...value.double
    case .keys(let keys):
      for key in keys {
        if case .bezier(_, let y1, _, let y2) = key.ease, !(0...1 ~= y1 && 0...1 ~= y2) { return nil }
      }
      let values = keys.map(\.value.double)
      guard let low = values.min(), let high = values.max() else { return nil }
      return low...high
    }
  }

  /// Every value mapped.
  func mapped(_ change: (Rational) -> Rational) -> Animatable {
    switch self {
    case .constant(let value): .constant(change(value))
    case .keys(let keys): .keys(keys.map { Key(time: $0.time, value: change($0.value), ease: $0.ease) })
    }
  }
}

extension Animatable: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self = .constant(Rational(value)) }
}

/// A cubic Bézier curve from (0, 0) to (1, 1). Its x rises with its parameter, so that every x has one y.
struct CubicBezier {
  let x1: Double
  let y1: Double
  let x2: Double
  let y2: Double

  private static func point(_ t: Double, _ a: Double, _ b: Double) -> Double {
    let u = 1 - t
    return 3 * u * u * t * a + 3 * u * t * t * b + t * t * t
  }

  /// By bisection: always the same bits, whatever the machine.
  func y(at x: Double) -> Double {
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
