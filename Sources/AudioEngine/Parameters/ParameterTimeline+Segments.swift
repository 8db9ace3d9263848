extension ParameterTimeline {
  /// The course of the value as segments that can be evaluated one by one, and the value curves by index of their segment.
  var segments: ([Segment], [Int: [Float]]) {
    var out = [Segment.constant(initial, from: -.infinity)]
    var curves: [Int: [Float]] = [:]
    /// Where a ramp begins: the end of the event before.
    var begin = 0.0
    var afterTarget = false

    func valueNow(at time: Double) -> Double {
      let last = out[out.count - 1]
      if let values = curves[out.count - 1] { return SegmentStorage([last], curves: [0: values]).value(at: time) }
      return last.value(at: time)
    }

    for event in events {
      switch event {
      case .setValue(let value, let time):
        out.append(.constant(value, from: time))
      case .linearRamp(let value, let time), .exponentialRamp(let value, let time):
        // A ramp behind a target takes its place, and starts where it would have.
        if afterTarget { out.removeLast() }
        let from = valueNow(at: begin)
        if time > begin { out.append(Self.ramp(event, from: from, at: begin, to: value, at: time)) }
        out.append(.constant(value, from: time))
      case .setTarget(let value, let time, let timeConstant):
        if timeConstant == 0 {
          out.append(.constant(value, from: time))
        } else {
          var segment = Segment.between(.target, valueNow(at: time), at: time, value, at: .infinity)
          segment.a = 1 / timeConstant
          out.append(segment)
        }
      case .setValueCurve(let values, let time, let duration):
        out.append(.between(.valueCurve, Double(values[0]), at: time, Double(values[values.count - 1]), at: time + duration))
        curves[out.count - 1] = values
        out.append(.constant(Double(values[values.count - 1]), from: time + duration))
      }
      begin = event.end
      if case .setTarget = event { afterTarget = true } else { afterTarget = false }
    }
    return (out, curves)
  }

  /// An exponential ramp between values of different signs, or from 0, stays where it was until its end.
  private static func ramp(_ event: ParameterEvent, from: Double, at begin: Double, to value: Double, at time: Double) -> Segment
  {
    guard case .exponentialRamp = event else { return .between(.linear, from, at: begin, value, at: time) }
    guard from * value > 0 else { return .constant(from, from: begin) }
    var segment = Segment.between(.exponential, from, at: begin, value, at: time)
    segment.a = PortableMath.log(value / from)
    return segment
  }
}
