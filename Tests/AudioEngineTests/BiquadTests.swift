import SluiceBase
import Testing

@testable import AudioEngine

#if canImport(Glibc)
import Glibc
#endif

/// The specification's formulas, written down once more with the C library's functions.
struct ReferenceBiquad {
  var b: [Double]
  var a: [Double]

  init(_ type: BiquadFilterType, frequency: Double, detune: Double = 0, q: Double, gain: Double, rate: Double) {
    let w0 = 2 * Double.pi * frequency * Glibc.pow(2, detune / 1200) / rate
    let (s, c) = (Glibc.sin(w0), Glibc.cos(w0))
    let a40 = Glibc.pow(10, gain / 40)
    let alphaQ = s / (2 * q)
    let alphaQdB = s / (2 * Glibc.pow(10, q / 20))
    let alphaS = s / 2 * ((a40 + 1 / a40) * (1 / 1 - 1) + 2).squareRoot()
    let k = 2 * alphaS * a40.squareRoot()
    switch type {
    case .lowpass: (b, a) = ([(1 - c) / 2, 1 - c, (1 - c) / 2], [1 + alphaQdB, -2 * c, 1 - alphaQdB])
    case .highpass: (b, a) = ([(1 + c) / 2, -(1 + c), (1 + c) / 2], [1 + alphaQdB, -2 * c, 1 - alphaQdB])
    case .bandpass: (b, a) = ([alphaQ, 0, -alphaQ], [1 + alphaQ, -2 * c, 1 - alphaQ])
    case .notch: (b, a) = ([1, -2 * c, 1], [1 + alphaQ, -2 * c, 1 - alphaQ])
    case .allpass: (b, a) = ([1 - alphaQ, -2 * c, 1 + alphaQ], [1 + alphaQ, -2 * c, 1 - alphaQ])
    case .peaking: (b, a) = ([1 + alphaQ * a40, -2 * c, 1 - alphaQ * a40], [1 + alphaQ / a40, -2 * c, 1 - alphaQ / a40])
    case .lowshelf:
      b = [a40 * ((a40 + 1) - (a40 - 1) * c + k), 2 * a40 * ((a40 - 1) - (a40 + 1) * c), a40 * ((a40 + 1) - (a40 - 1) * c - k)]
      a = [(a40 + 1) + (a40 - 1) * c + k, -2 * ((a40 - 1) + (a40 + 1) * c), (a40 + 1) + (a40 - 1) * c - k]
    case .highshelf:
      b = [a40 * ((a40 + 1) + (a40 - 1) * c + k), -2 * a40 * ((a40 - 1) + (a40 + 1) * c), a40 * ((a40 + 1) + (a40 - 1) * c - k)]
      a = [(a40 + 1) - (a40 - 1) * c + k, 2 * ((a40 - 1) - (a40 + 1) * c), (a40 + 1) - (a40 - 1) * c - k]
    }
  }

  func response(_ w: Double) -> (re: Double, im: Double) {
    func at(_ c: [Double]) -> (re: Double, im: Double) {
      (
        c[0] + c[1] * Glibc.cos(w) + c[2] * Glibc.cos(2 * w),
        -c[1] * Glibc.sin(w) - c[2] * Glibc.sin(2 * w)
      )
    }
    let (top, bottom) = (at(b), at(a))
    let norm = bottom.re * bottom.re + bottom.im * bottom.im
    return ((top.re * bottom.re + top.im * bottom.im) / norm, (top.im * bottom.re - top.re * bottom.im) / norm)
  }
}

@Suite struct BiquadTests {
  /// What the running filter answers to one sample of 1.
  static func impulseResponse(
    _ type: BiquadFilterType, frequency: Double, detune: Double = 0, q: Double, gain: Double, rate: Double, frames: Int
  ) throws -> [Float] {
    let graph = try makeGraph(rate: rate, channels: 1)
    let filter = try graph.makeBiquadFilter(type, frequency: frequency, q: q, gain: gain)
    try filter.detune.setValue(detune)
    try graph.play([[1] + [Float](repeating: 0, count: frames - 1)]).connect(filter).connect(graph.destination)
    return try render(graph, frames)[0]
  }

  /// The Fourier transform of a signal at one angular frequency.
  static func transform(_ signal: [Float], _ w: Double) -> (re: Double, im: Double) {
    var re = 0.0, im = 0.0
    var (c, s) = (1.0, 0.0)
    let (stepC, stepS) = (Glibc.cos(w), Glibc.sin(w))
    for (n, value) in signal.enumerated() {
      if n % 256 == 0 { (c, s) = (Glibc.cos(w * Double(n)), Glibc.sin(w * Double(n))) }
      re += Double(value) * c
      im -= Double(value) * s
      (c, s) = (c * stepC - s * stepS, s * stepC + c * stepS)
    }
    return (re, im)
  }

  /// 0.01 dB is a relative difference of 0.00115; as a difference of complex numbers it bounds the phase too.
  @Test(arguments: BiquadFilterType.allCases, [44100.0, 48000, 96000])
  func runningFiltersHaveTheSpecificationsResponse(_ type: BiquadFilterType, _ rate: Double) throws {
    for (frequency, detune) in [(80.0, 0.0), (1000, -350), (9000, 120)] {
      for q in [0.5, 1, 8] {
        for gain in [-12.0, 0, 9] where gain == 0 || [.peaking, .lowshelf, .highshelf].contains(type) {
          let reference = ReferenceBiquad(type, frequency: frequency, detune: detune, q: q, gain: gain, rate: rate)
          let response = try Self.impulseResponse(
            type, frequency: frequency, detune: detune, q: q, gain: gain, rate: rate, frames: Int(rate))
          var worst = 0.0
          for index in 0..<50 {
            let f = 20 * Glibc.pow(rate * 0.45 / 20, Double(index) / 49)
            let w = 2 * Double.pi * f / rate
            let (measured, expected) = (Self.transform(response, w), reference.response(w))
            let error = Glibc.hypot(measured.re - expected.re, measured.im - expected.im)
            // Below -120 dB the float samples end.
            worst = max(worst, error / max(Glibc.hypot(expected.re, expected.im), 1e-6 / 0.00115 * 0.1))
          }
          #expect(worst < 0.00115, "\(type) \(frequency) Hz Q \(q) \(gain) dB at \(rate): \(worst)")
        }
      }
    }
  }

  @Test(arguments: BiquadFilterType.allCases)
  func getFrequencyResponseIsTheSame(_ type: BiquadFilterType) throws {
    let graph = try makeGraph()
    let filter = try graph.makeBiquadFilter(type, frequency: 1200, q: 2, gain: 7)
    try filter.detune.setValue(500)
    let reference = ReferenceBiquad(type, frequency: 1200, detune: 500, q: 2, gain: 7, rate: 48000)
    let frequencies: [Float] = [10, 100, 1000, 1601, 5000, 20000]
    let (magnitudes, phases) = filter.getFrequencyResponse(frequencies)
    for (index, frequency) in frequencies.enumerated() {
      let expected = reference.response(2 * Double.pi * Double(frequency) / 48000)
      #expect((Double(magnitudes[index]) - Glibc.hypot(expected.re, expected.im)).magnitude < 1e-5)
      let turn = Double(phases[index]) - Glibc.atan2(expected.im, expected.re)
      #expect(1 - Glibc.cos(turn) < 1e-9)
    }
    #expect(filter.getFrequencyResponse([-1, 24001]).magnitudes.allSatisfy { $0.isNaN })
  }

  @Test func limitsHaveTheValuesThatTheFormulasTendTo() throws {
    func settled(_ type: BiquadFilterType, _ frequency: Double, _ q: Double = 1) throws -> Float {
      let graph = try makeGraph(channels: 1)
      let filter = try graph.makeBiquadFilter(type, frequency: frequency, q: q, gain: 6)
      try graph.play([[Float](repeating: 1, count: 512)]).connect(filter).connect(graph.destination)
      return try render(graph, 512)[0][511]
    }
    #expect(try settled(.lowpass, 0) == 0)
    #expect(try settled(.lowpass, 24000) == 1)
    #expect(try settled(.lowpass, 99999) == 1)
    #expect(try settled(.highpass, 0) == 1)
    #expect(try settled(.highpass, 24000) == 0)
    #expect(try settled(.notch, 1000, 0) == 0)
    #expect(try settled(.allpass, 1000, 0) == -1)
    #expect(try settled(.bandpass, 1000, 0) == 1)
    #expect((try settled(.peaking, 1000, 0) - 1.9952623).magnitude < 1e-6)
    #expect((try settled(.highshelf, 0) - 1.9952623).magnitude < 1e-6)
  }

  /// Coefficients anew for every frame, in the specification's difference equation.
  @Test func movingParametersAreExactToTheFrame() throws {
    let graph = try makeGraph(channels: 2)
    let filter = try graph.makeBiquadFilter(.lowpass, frequency: 200, q: 6)
    try filter.frequency.exponentialRampToValueAtTime(8000, .frame(3000))
    try filter.q.setValueAtTime(2, .frame(1234))
    let input = noise(channels: 2, frames: 4000)
    try graph.play(input).connect(filter).connect(graph.destination)
    let output = try render(graph, 4000)
    for channel in 0..<2 {
      var expected: [Double] = []
      var (x1, x2, y1, y2) = (0.0, 0.0, 0.0, 0.0)
      for n in 0..<4000 {
        let frequency = n < 3000 ? 200 * Glibc.pow(40, Double(n) / 3000) : 8000
        let c = ReferenceBiquad(.lowpass, frequency: frequency, q: n < 1234 ? 6 : 2, gain: 0, rate: 48000)
        let x = Double(input[channel][n])
        let y = (c.b[0] * x + c.b[1] * x1 + c.b[2] * x2 - c.a[1] * y1 - c.a[2] * y2) / c.a[0]
        (x2, x1, y2, y1) = (x1, x, y1, y)
        expected.append(y)
      }
      #expect(difference(output[channel], expected) < 1e-6)
    }
  }

  @Test func tailsEndInSilenceAndWithoutDenormals() throws {
    let graph = try makeGraph(channels: 1)
    let filter = try graph.makeBiquadFilter(.lowpass, frequency: 300, q: 10)
    try graph.play([[1]]).connect(filter).connect(graph.destination)
    let output = try render(graph, 48000)[0]
    #expect(output.allSatisfy { $0 == 0 || $0.magnitude >= Float.leastNormalMagnitude })
    #expect(output.last == 0)
    try graph.renderQuantum { #expect($0.isSilent) }
  }
}
