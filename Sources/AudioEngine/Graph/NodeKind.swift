/// The kinds of nodes, each a pool of its own.
public enum NodeKind: String, Sendable, CaseIterable {
  case source, constant, gain, panner, biquad, delay, compressor, limiter, mixer, meter

  /// Its parameters in their order, with Web Audio's defaults and nominal ranges.
  var parameters: [ParameterDescription] {
    switch self {
    case .source, .mixer, .meter: []
    case .constant: [ParameterDescription("offset", 1)]
    case .gain: [ParameterDescription("gain", 1)]
    case .panner: [ParameterDescription("pan", 0, -1, 1)]
    case .biquad:
      [
        ParameterDescription("frequency", 350, 0, .infinity), ParameterDescription("detune", 0, -153_600, 153_600),
        ParameterDescription("Q", 1), ParameterDescription("gain", 0, -.infinity, 1541),
      ]
    case .delay: [ParameterDescription("delayTime", 0, 0, .infinity), ParameterDescription("feedback", 0, -1, 1)]
    case .compressor:
      [
        ParameterDescription("threshold", -24, -100, 0), ParameterDescription("knee", 30, 0, 40),
        ParameterDescription("ratio", 12, 1, 20), ParameterDescription("attack", 0.003, 0, 1),
        ParameterDescription("release", 0.25, 0, 1),
      ]
    case .limiter: [ParameterDescription("ceiling", -1, -100, 0), ParameterDescription("release", 0.1, 0, 10)]
    }
  }

  var hasInput: Bool { self != .source && self != .constant }
}

struct ParameterDescription {
  let name: String
  let initial: Double
  let low: Double
  let high: Double
  init(_ name: String, _ initial: Double, _ low: Double = -.infinity, _ high: Double = .infinity) {
    self.name = name
    self.initial = initial
    self.low = low
    self.high = high
  }
}
