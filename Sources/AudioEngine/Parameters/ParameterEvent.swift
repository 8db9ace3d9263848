/// One automation event of Web Audio's AudioParam. Times in frames.
enum ParameterEvent: Equatable, Sendable {
  case setValue(Double, at: Double)
  case linearRamp(Double, at: Double)
  case exponentialRamp(Double, at: Double)
  case setTarget(Double, at: Double, timeConstant: Double)
  case setValueCurve([Float], at: Double, duration: Double)

  /// What events are sorted by: a ramp's is its end.
  var time: Double {
    switch self {
    case .setValue(_, let time), .linearRamp(_, let time), .exponentialRamp(_, let time): time
    case .setTarget(_, let time, _), .setValueCurve(_, let time, _): time
    }
  }

  /// From when on it no longer changes the value by itself; a target is never done.
  var end: Double {
    if case .setValueCurve(_, let time, let duration) = self { time + duration } else { time }
  }

  var isRamp: Bool {
    switch self {
    case .linearRamp, .exponentialRamp: true
    default: false
    }
  }
}
