/// BiquadFilterNode: the specification's difference equation, state in double precision, coefficients anew for every frame in which a
/// parameter moves.
struct BiquadState: NodeState {
  static let maximumPairs = 4
  let parameters: UnsafeMutablePointer<Parameter>
  private let sampleRate: Double
  var type = BiquadFilterType.lowpass
  private var coefficients = BiquadCoefficients.gain(1)
  /// What `coefficients` were made of: type, frequency, detune, Q, gain.
  private var made: (BiquadFilterType, SIMD4<Double>) = (.lowpass, SIMD4(repeating: .nan))
  private var pairs = (Memory(), Memory(), Memory(), Memory())
  private var settled = true

  /// The two last inputs and outputs of two channels.
  struct Memory: BitwiseCopyable {
    var x1 = SIMD2<Double>.zero
    var x2 = SIMD2<Double>.zero
    var y1 = SIMD2<Double>.zero
    var y2 = SIMD2<Double>.zero
  }

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {
    self.parameters = parameters
    sampleRate = settings.sampleRate
  }

  mutating func reset() {
    pairs = (Memory(), Memory(), Memory(), Memory())
    settled = true
  }

  mutating func process(_ input: Signal, _ silent: Bool, _ output: Signal, _ frame: Int64, _ scratch: Scratch) -> Bool {
    if silent && settled {
      output.clear()
      return true
    }
    let frequency = parameters[0].values(at: frame, scratch.values(0))
    let detune = parameters[1].values(at: frame, scratch.values(1))
    let q = parameters[2].values(at: frame, scratch.values(2))
    let gain = parameters[3].values(at: frame, scratch.values(3))
    if let frequency, let detune, let q, let gain {
      update(SIMD4(frequency, detune, q, gain))
      filterAll(input, output)
    } else {
      fill(frequency, scratch.values(0))
      fill(detune, scratch.values(1))
      fill(q, scratch.values(2))
      fill(gain, scratch.values(3))
      filterVarying(input, output, scratch)
    }
    settle()
    return false
  }

  private func fill(_ constant: Double?, _ out: UnsafeMutablePointer<Double>) {
    if let constant { out.update(repeating: constant, count: Quantum.frames) }
  }

  private mutating func update(_ values: SIMD4<Double>) {
    guard made.1 != values || made.0 != type else { return }
    made = (type, values)
    let frequency = values.y == 0 ? values.x : values.x * PortableMath.exp(values.y * 5.776226504666211e-04)
    coefficients = BiquadCoefficients(type, frequency: frequency, q: values.z, gain: values.w, sampleRate: sampleRate)
  }

  private mutating func filterAll(_ input: Signal, _ output: Signal) {
    let coefficients = coefficients
    withUnsafeMutablePointer(to: &pairs) { pairs in
      pairs.withMemoryRebound(to: Memory.self, capacity: Self.maximumPairs) { pairs in
        for first in stride(from: 0, to: output.channels, by: 2) {
          let second = min(first + 1, output.channels - 1)
          Self.filter(
            &pairs[first / 2], coefficients, input.plane(first), input.plane(second), output.plane(first), output.plane(second))
        }
      }
    }
  }

  /// Two channels at once; a single one is both.
  private static func filter(
    _ memory: inout Memory, _ c: BiquadCoefficients, _ in0: UnsafeMutablePointer<Float>, _ in1: UnsafeMutablePointer<Float>,
    _ out0: UnsafeMutablePointer<Float>, _ out1: UnsafeMutablePointer<Float>
  ) {
    var m = memory
    for i in 0..<Quantum.frames {
      let x = SIMD2(Double(in0[i]), Double(in1[i]))
      let y = step(&m, c, x)
      out0[i] = Float(y.x)
      out1[i] = Float(y.y)
    }
    memory = m
  }

  @inline(__always)
  private static func step(_ m: inout Memory, _ c: BiquadCoefficients, _ x: SIMD2<Double>) -> SIMD2<Double> {
    let y = ((x * c.b0 + m.x1 * c.b1 + m.x2 * c.b2) - m.y2 * c.a2) - m.y1 * c.a1
    m.x2 = m.x1
    m.x1 = x
    m.y2 = m.y1
    m.y1 = y
    return y
  }

  private mutating func filterVarying(_ input: Signal, _ output: Signal, _ scratch: Scratch) {
    let rows = (scratch.values(0), scratch.values(1), scratch.values(2), scratch.values(3))
    for i in 0..<Quantum.frames {
      update(SIMD4(rows.0[i], rows.1[i], rows.2[i], rows.3[i]))
      let coefficients = coefficients
      withUnsafeMutablePointer(to: &pairs) { pairs in
        pairs.withMemoryRebound(to: Memory.self, capacity: Self.maximumPairs) { pairs in
          for first in stride(from: 0, to: output.channels, by: 2) {
            let second = min(first + 1, output.channels - 1)
            let x = SIMD2(Double(input.plane(first)[i]), Double(input.plane(second)[i]))
            let y = Self.step(&pairs[first / 2], coefficients, x)
            output.plane(first)[i] = Float(y.x)
            output.plane(second)[i] = Float(y.y)
          }
        }
      }
    }
  }

  /// A tail below -400 dB is over: its numbers would become denormal, which are slow, and never end.
  private mutating func settle() {
    settled = Self.quiet(&pairs.0) && Self.quiet(&pairs.1) && Self.quiet(&pairs.2) && Self.quiet(&pairs.3)
  }

  private static func quiet(_ m: inout Memory) -> Bool {
    let limit = SIMD2<Double>(repeating: 1e-20)
    let low = pointwiseMin(pointwiseMin(m.x1, m.x2), pointwiseMin(m.y1, m.y2))
    let high = pointwiseMax(pointwiseMax(m.x1, m.x2), pointwiseMax(m.y1, m.y2))
    guard all(low .> -limit .& high .< limit) else { return false }
    m = Memory()
    return true
  }
}
