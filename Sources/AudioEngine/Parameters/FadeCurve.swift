/// Shape of a fade, and of a cross-fade: one side goes in while the other goes out.
public enum FadeCurve: String, Sendable, CaseIterable {
  /// In and out add up to one: for equal sounds.
  case linear
  /// The squares of in and out add up to one: for different sounds.
  case equalPower
  /// Even in decibels over 60 dB, then exactly to silence.
  case exponential
  /// Smooth at both ends; in and out add up to one.
  case sCurve

  /// Gain of what comes in, at progress 0...1.
  public func fadeIn(_ progress: Double) -> Double {
    let x = min(max(progress, 0), 1)
    return switch self {
    case .linear: x
    case .equalPower: x == 1 ? 1 : PortableMath.sincos(x * (Double.pi / 2)).sin
    case .exponential: x == 1 ? 1 : (PortableMath.exp(x * 6.907755278982137) - 1) / 999
    case .sCurve: x * x * (3 - 2 * x)
    }
  }

  /// Gain of what goes out: the same curve backwards.
  public func fadeOut(_ progress: Double) -> Double { fadeIn(1 - progress) }
}
