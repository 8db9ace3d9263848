import AudioEngine
import FrameModel
import Plan
import SluiceBase

/// The course of a parameter: a number, or keys at output frames.
enum ParameterSpec: Hashable {
  struct Key: Hashable {
    /// Seconds after output frame `frame`.
    var seconds: Rational
    var frame: Int64
    var value: Double
    var ease: CurveEase
  }

  case constant(Double)
  case keys([Key], ParameterCurve.Unit)

  /// Keys count seconds from output frame `origin`, which may lie `offset` seconds from 0 of theirs.
  init(_ value: Animatable, unit: ParameterCurve.Unit = .linear, origin: Int64, offset: Rational = .zero) {
    switch value {
    case .constant(let number):
      self = .constant(number.double)
    case .keys(let keys):
      self = .keys(
        keys.map { Key(seconds: $0.time - offset, frame: origin, value: $0.value.double, ease: CurveEase($0.ease)) }, unit)
    }
  }

  /// Linear from 0 to 1 or back by a fade's curve.
  static func fade(_ curve: FadeCurve, from: Int64, to: Int64, out: Bool) -> [Key] {
    [
      Key(seconds: .zero, frame: from, value: out ? 1 : 0, ease: .hold),
      Key(seconds: .zero, frame: to, value: out ? 0 : 1, ease: .fade(curve)),
    ]
  }

  var values: [Double] {
    switch self {
    case .constant(let value): [value]
    case .keys(let keys, _): keys.map(\.value)
    }
  }

  /// One minus it.
  var complement: ParameterSpec {
    switch self {
    case .constant(let value): return .constant(1 - value)
    case .keys(var keys, let unit):
      for index in keys.indices { keys[index].value = 1 - keys[index].value }
      return .keys(keys, unit)
    }
  }

  /// Sets a parameter of a graph whose frame is the output frame plus `shift`.
  func apply(_ parameter: AudioParam, rate: Int, shift: Int64) throws(SluiceError) {
    switch self {
    case .constant(let value): try parameter.setValue(value)
    case .keys(let keys, let unit):
      try parameter.setCurve(
        ParameterCurve(
          keys.map { key in
            let frame = key.frame + shift
            if key.seconds == .zero { return ParameterCurve.Key(.frame(frame), key.value, key.ease) }
            let num = Int128(key.seconds.num) * Int128(rate) + Int128(frame) * Int128(key.seconds.den)
            let time = Rational(reducing: num, Int128(key.seconds.den) * Int128(rate))
            return ParameterCurve.Key(time.map { .exact($0) } ?? .seconds(Double(num) / Double(rate)), key.value, key.ease)
          }, unit: unit))
    }
  }
}

extension CurveEase {
  init(_ ease: Ease) {
    switch ease {
    case .linear: self = .linear
    case .hold: self = .hold
    case .bezier(let x1, let y1, let x2, let y2): self = .bezier(x1: x1, y1: y1, x2: x2, y2: y2)
    }
  }
}

extension FadeCurve {
  init(_ curve: SoundPlan.Curve) {
    switch curve {
    case .linear: self = .linear
    case .equalPower: self = .equalPower
    case .exponential: self = .exponential
    case .sCurve: self = .sCurve
    }
  }
}

/// One operation of a chain, before there are nodes for it.
enum NodeSpec: Hashable {
  case gain(ParameterSpec)
  case pan(ParameterSpec)
  case biquad(BiquadFilterType, [String: ParameterSpec])
  case delay([String: ParameterSpec])
  case compressor([String: ParameterSpec])
  case limiter([String: ParameterSpec])

  init?(_ effect: SoundPlan.Effect, origin: Int64, offset: Rational) {
    var parameters: [String: ParameterSpec] = [:]
    for parameter in effect.parameters {
      parameters[parameter.name] = ParameterSpec(parameter.value, origin: origin, offset: offset)
    }
    switch effect.kind {
    case .biquad(let type): self = .biquad(BiquadFilterType.allCases[Int(type.rawValue)], parameters)
    case .delay: self = .delay(parameters)
    case .compressor: self = .compressor(parameters)
    case .limiter: self = .limiter(parameters)
    case .avfilter: return nil
    }
  }

  /// Nodes of each kind that it takes.
  var nodes: [NodeKind: Int] {
    switch self {
    case .gain: [.gain: 1]
    case .pan: [.panner: 1]
    case .biquad: [.biquad: 1]
    case .delay(let parameters): parameters["mix"] == nil ? [.delay: 1] : [.delay: 1, .gain: 2, .mixer: 1]
    case .compressor: [.compressor: 1]
    case .limiter: [.limiter: 1]
    }
  }

  /// Frames that its output is late.
  func latency(_ rate: Int) -> Int64 {
    switch self {
    case .compressor: Int64(NodeTimes.compressorLatency(sampleRate: Double(rate)))
    case .limiter: Int64(NodeTimes.limiterLatency(sampleRate: Double(rate)))
    case .gain, .pan, .biquad, .delay: 0
    }
  }

  /// Frames that it rings on behind its input, as far as they are heard (120 dB), `limit` at most.
  func tail(_ rate: Int, limit: Int) -> Int {
    func values(_ parameters: [String: ParameterSpec], _ name: String, _ initial: Double) -> [Double] {
      parameters[name]?.values ?? [initial]
    }
    switch self {
    case .gain, .pan, .compressor, .limiter: return 0
    case .delay(let parameters):
      let time = values(parameters, "delayTime", 0).max() ?? 0
      let feedback = values(parameters, "feedback", 0).map(\.magnitude).max() ?? 0
      return NodeTimes.delayTail(time, feedback: feedback, sampleRate: Double(rate), limit: limit)
    case .biquad(let type, let parameters):
      var longest = 0
      let detune = values(parameters, "detune", 0).min() ?? 0
      for frequency in values(parameters, "frequency", 350) {
        for q in Set([values(parameters, "Q", 1).min() ?? 1, values(parameters, "Q", 1).max() ?? 1]) {
          for gain in Set([values(parameters, "gain", 0).min() ?? 0, values(parameters, "gain", 0).max() ?? 0]) {
            let detuned = frequency * NodeTimes.factor(cents: detune)
            longest = max(
              longest,
              NodeTimes.biquadTail(type, frequency: detuned, q: q, gain: gain, sampleRate: Double(rate), limit: limit))
          }
        }
      }
      return longest
    }
  }

  /// Seconds that its delay line must hold.
  var delayTime: Double {
    guard case .delay(let parameters) = self else { return 0 }
    return parameters["delayTime"]?.values.max() ?? 0
  }
}
