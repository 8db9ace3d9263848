import FrameModel

/// How a value goes from the key before to this one. Curves are those of CSS `cubic-bezier`.
public enum Ease: Hashable, Sendable {
  case linear
  /// The value of the key before stays until this key.
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

/// A number that is constant, or changes with keyframes.
public enum Animatable: Hashable, Sendable {
  public struct Key: Hashable, Sendable {
    /// Seconds from the clip's start; rises strictly from key to key.
    public var time: Rational
    public var value: Rational
    /// How the value goes from the key before to this one.
    public var ease: Ease
    public init(time: Rational, value: Rational, ease: Ease = .linear) {
      self.time = time
      self.value = value
      self.ease = ease
    }
  }

  case constant(Rational)
  /// At least one key. The value is constant before the first and after the last.
  case keys([Key])

  public static let zero = Animatable.constant(.zero)
  public static let one = Animatable.constant(.one)

  public var constant: Rational? { if case .constant(let value) = self { value } else { nil } }

  /// The smallest and the largest value. nil when a curve may go beyond its keys.
  package var bounds: ClosedRange<Double>? {
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

  /// The same keys with every value changed by `change`.
  package func mapped(_ change: (Rational) -> Rational) -> Animatable {
    switch self {
    case .constant(let value): .constant(change(value))
    case .keys(let keys): .keys(keys.map { Key(time: $0.time, value: change($0.value), ease: $0.ease) })
    }
  }
}

extension Animatable: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self = .constant(Rational(value)) }
}
