/// DynamicsCompressorNode: the specification's algorithm ("Processing", 1.19.3) with its look-ahead of 6 ms and its makeup gain. Left to
/// the implementation there, and chosen here: the knee is a parabola in decibels; the gain falls by 10 dB in `attack` towards silence and
/// rises by 10 dB in `release`, both exponential; the detector falls at once and rises with 2.5 ms. Parameters are read once a quantum.
/// The detector hears the loudest channel, and its average starts at 1: at 0, as written there, it would duck the first milliseconds.
struct CompressorState: NodeState {
  static let lookAhead = 0.006
  let parameters: UnsafeMutablePointer<Parameter>
  private let sampleRate: Double
  private let samples: UnsafeMutablePointer<Float>
  let delayFrames: Int
  private let detectorRate: Double
  private var channels = 0
  private var position = 0
  private var quietFrames: Int
  private var detectorAverage = 1.0
  private var gain = 1.0
  /// Gain change of the last frame in decibels, makeup included, as the specification's `reduction`.
  private(set) var reduction = 0.0
  private var curve = CompressionCurve(threshold: -24, knee: 30, ratio: 12)

  static func lineFrames(sampleRate: Double) -> Int { Int((lookAhead * sampleRate).rounded()) }

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {
    self.parameters = parameters
    self.samples = samples
    sampleRate = settings.sampleRate
    delayFrames = Self.lineFrames(sampleRate: sampleRate)
    detectorRate = 1 - PortableMath.exp(-1 / (0.0025 * sampleRate))
    quietFrames = delayFrames
  }

  mutating func reset() {
    samples.update(repeating: 0, count: channels * delayFrames)
    position = 0
    quietFrames = delayFrames
    detectorAverage = 1
    gain = 1
    reduction = 0
  }

  mutating func use(channels: Int) {
    for channel in self.channels..<max(self.channels, channels) {
      (samples + channel * delayFrames).update(repeating: 0, count: delayFrames)
    }
    self.channels = max(self.channels, channels)
  }

  mutating func process(_ input: Signal, _ silent: Bool, _ output: Signal, _ frame: Int64, _ scratch: Scratch) -> Bool {
    let quiet = silent && quietFrames >= delayFrames
    if quiet && gain > 0.999999 && detectorAverage > 0.999999 {
      (gain, detectorAverage, reduction) = (1, 1, PortableMath.decibels(gain: curve.makeup))
      output.clear()
      return true
    }
    quietFrames = silent ? min(delayFrames, quietFrames + Quantum.frames) : 0
    curve.update(
      threshold: parameters[0].value(at: frame), knee: parameters[1].value(at: frame), ratio: parameters[2].value(at: frame))
    envelope(
      input, attackFrames: parameters[3].value(at: frame) * sampleRate,
      releaseFrames: parameters[4].value(at: frame) * sampleRate,
      scratch.values(0))
    delay(input, output, scratch.values(0))
    return quiet
  }

  /// The gain of every frame.
  private mutating func envelope(
    _ input: Signal, attackFrames: Double, releaseFrames: Double, _ out: UnsafeMutablePointer<Double>
  ) {
    let attackRate = attackFrames > 0 ? 1 - PortableMath.exp(-1.151292546497023 / attackFrames) : 1
    let releaseRate = releaseFrames > 0 ? PortableMath.exp(1.151292546497023 / releaseFrames) : .infinity
    for i in 0..<Quantum.frames {
      var level: Float = 0
      for channel in 0..<input.channels { level = max(level, input.plane(channel)[i].magnitude) }
      let attenuation = level < 0.0001 ? 1 : curve.shaped(Double(level)) / Double(level)
      let rate = attenuation > detectorAverage ? detectorRate : 1
      detectorAverage = min(detectorAverage + (attenuation - detectorAverage) * rate, 1)
      if attenuation > gain {
        gain = min(gain * releaseRate, 1)
      } else {
        gain += (detectorAverage - gain) * attackRate
      }
      out[i] = gain * curve.makeup
    }
    reduction = PortableMath.decibels(gain: out[Quantum.frames - 1])
  }

  private mutating func delay(_ input: Signal, _ output: Signal, _ gains: UnsafeMutablePointer<Double>) {
    for channel in 0..<output.channels {
      let line = samples + channel * delayFrames
      let from = input.plane(channel), to = output.plane(channel)
      var at = position
      for i in 0..<Quantum.frames {
        let delayed = line[at]
        line[at] = from[i]
        to[i] = delayed * Float(gains[i])
        at += 1
        if at == delayFrames { at = 0 }
      }
    }
    position = (position + Quantum.frames) % delayFrames
  }
}

/// The curve of a compressor: the identity up to the threshold, 1/ratio in decibels above the knee.
struct CompressionCurve: BitwiseCopyable {
  private var threshold: Double
  private var knee: Double
  private var ratio: Double
  private var linearThreshold = 0.0
  /// The gain that makes up for the reduction of full scale, to the power of 0.6.
  private(set) var makeup = 1.0

  init(threshold: Double, knee: Double, ratio: Double) {
    (self.threshold, self.knee, self.ratio) = (threshold, knee, ratio)
    derive()
  }

  mutating func update(threshold: Double, knee: Double, ratio: Double) {
    guard threshold != self.threshold || knee != self.knee || ratio != self.ratio else { return }
    self = CompressionCurve(threshold: threshold, knee: knee, ratio: ratio)
  }

  private mutating func derive() {
    linearThreshold = PortableMath.gain(decibels: threshold)
    makeup = PortableMath.pow(1 / shaped(1), 0.6)
  }

  /// Decibels in, decibels out.
  func decibels(_ level: Double) -> Double {
    let over = level - threshold
    if over <= 0 { return level }
    let slope = 1 / ratio - 1
    if over < knee { return level + slope * over * over / (2 * knee) }
    return level + slope * (over - knee / 2)
  }

  func shaped(_ value: Double) -> Double {
    value <= linearThreshold ? value : PortableMath.gain(decibels: decibels(PortableMath.decibels(gain: value)))
  }
}
