/// The kinds of filter of Web Audio's BiquadFilterNode.
public enum BiquadFilterType: String, Sendable, CaseIterable, BitwiseCopyable {
  case lowpass, highpass, bandpass, lowshelf, highshelf, peaking, notch, allpass
}

/// Coefficients of a second-order filter with a0 = 1, by the formulas of the Web Audio specification ("Filters Characteristics").
struct BiquadCoefficients: BitwiseCopyable, Equatable {
  var b0: Double
  var b1: Double
  var b2: Double
  var a1: Double
  var a2: Double

  /// Nothing but a gain.
  static func gain(_ gain: Double) -> Self { Self(b0: gain, b1: 0, b2: 0, a1: 0, a2: 0) }

  /// - Parameters:
  ///   - frequency: Hz, detune included; held to 0...Nyquist.
  ///   - q: decibels for lowpass and highpass; not used by the shelves.
  ///   - gain: decibels, of the shelves and of peaking.
  init(_ type: BiquadFilterType, frequency: Double, q: Double, gain: Double, sampleRate: Double) {
    let normalized = min(max(frequency / (sampleRate / 2), 0), 1)
    let a = PortableMath.exp(gain * 0.05756462732485115)
    if let limit = Self.limit(type, normalized: normalized, q: q, a: a) {
      self = .gain(limit)
      return
    }
    let (sin, cos) = PortableMath.sincos(Double.pi * normalized)
    switch type {
    case .lowpass, .highpass:
      let alpha = sin / (2 * PortableMath.gain(decibels: q))
      let side = type == .lowpass ? (1 - cos) / 2 : (1 + cos) / 2
      self.init(side, type == .lowpass ? 1 - cos : -(1 + cos), side, 1 + alpha, -2 * cos, 1 - alpha)
    case .bandpass:
      let alpha = sin / (2 * q)
      self.init(alpha, 0, -alpha, 1 + alpha, -2 * cos, 1 - alpha)
    case .notch:
      let alpha = sin / (2 * q)
      self.init(1, -2 * cos, 1, 1 + alpha, -2 * cos, 1 - alpha)
    case .allpass:
      let alpha = sin / (2 * q)
      self.init(1 - alpha, -2 * cos, 1 + alpha, 1 + alpha, -2 * cos, 1 - alpha)
    case .peaking:
      let alpha = sin / (2 * q)
      self.init(1 + alpha * a, -2 * cos, 1 - alpha * a, 1 + alpha / a, -2 * cos, 1 - alpha / a)
    case .lowshelf:
      let s = sin * 0.5.squareRoot() * 2 * a.squareRoot()
      self.init(
        a * ((a + 1) - (a - 1) * cos + s), 2 * a * ((a - 1) - (a + 1) * cos), a * ((a + 1) - (a - 1) * cos - s),
        (a + 1) + (a - 1) * cos + s, -2 * ((a - 1) + (a + 1) * cos), (a + 1) + (a - 1) * cos - s)
    case .highshelf:
      let s = sin * 0.5.squareRoot() * 2 * a.squareRoot()
      self.init(
        a * ((a + 1) + (a - 1) * cos + s), -2 * a * ((a - 1) + (a + 1) * cos), a * ((a + 1) + (a - 1) * cos - s),
        (a + 1) - (a - 1) * cos + s, 2 * ((a - 1) - (a + 1) * cos), (a + 1) - (a - 1) * cos - s)
    }
  }

  private init(b0: Double, b1: Double, b2: Double, a1: Double, a2: Double) {
    (self.b0, self.b1, self.b2, self.a1, self.a2) = (b0, b1, b2, a1, a2)
  }

  private init(_ b0: Double, _ b1: Double, _ b2: Double, _ a0: Double, _ a1: Double, _ a2: Double) {
    let scale = 1 / a0
    self.init(b0: b0 * scale, b1: b1 * scale, b2: b2 * scale, a1: a1 * scale, a2: a2 * scale)
  }

  /// What the formulas tend to where they have no value themselves: at 0 Hz, at Nyquist, and with a Q of 0 or below.
  private static func limit(_ type: BiquadFilterType, normalized: Double, q: Double, a: Double) -> Double? {
    switch type {
    case .lowpass: return normalized <= 0 ? 0 : normalized >= 1 ? 1 : nil
    case .highpass: return normalized <= 0 ? 1 : normalized >= 1 ? 0 : nil
    case .bandpass: return normalized <= 0 || normalized >= 1 ? 0 : q <= 0 ? 1 : nil
    case .notch: return normalized <= 0 || normalized >= 1 ? 1 : q <= 0 ? 0 : nil
    case .allpass: return normalized <= 0 || normalized >= 1 ? 1 : q <= 0 ? -1 : nil
    case .peaking: return normalized <= 0 || normalized >= 1 ? 1 : q <= 0 ? a * a : nil
    case .lowshelf: return normalized <= 0 ? 1 : normalized >= 1 ? a * a : nil
    case .highshelf: return normalized <= 0 ? a * a : normalized >= 1 ? 1 : nil
    }
  }

  /// Magnitude (a factor) and phase (radians) at a frequency given as a fraction of the sample rate.
  func response(at normalized: Double) -> (magnitude: Double, phase: Double) {
    let (s1, c1) = PortableMath.sincos(2 * Double.pi * normalized)
    let (s2, c2) = PortableMath.sincos(4 * Double.pi * normalized)
    let top = (b0 + b1 * c1 + b2 * c2, -(b1 * s1 + b2 * s2))
    let bottom = (1 + a1 * c1 + a2 * c2, -(a1 * s1 + a2 * s2))
    let norm = bottom.0 * bottom.0 + bottom.1 * bottom.1
    let re = (top.0 * bottom.0 + top.1 * bottom.1) / norm
    let im = (top.1 * bottom.0 - top.0 * bottom.1) / norm
    return ((re * re + im * im).squareRoot(), PortableMath.atan2(im, re))
  }
}
