/// GainNode: `out = in * gain`.
struct GainState: NodeState {
  let gain: UnsafeMutablePointer<Parameter>

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {
    gain = parameters
  }

  mutating func reset() {}

  /// Returns whether the output is silent; it is written in any case.
  mutating func process(_ input: Signal, _ silent: Bool, _ output: Signal, _ frame: Int64, _ scratch: Scratch) -> Bool {
    let constant = gain.pointee.values(at: frame, scratch.values(0))
    if silent || constant == 0 {
      output.clear()
      return true
    }
    for channel in 0..<output.channels {
      let from = input.plane(channel), to = output.plane(channel)
      if let constant {
        Self.scale(from, Float(constant), to)
      } else {
        Self.multiply(from, scratch.values(0), to)
      }
    }
    return false
  }

  private static func scale(_ from: UnsafeMutablePointer<Float>, _ gain: Float, _ to: UnsafeMutablePointer<Float>) {
    for i in 0..<Quantum.frames { to[i] = from[i] * gain }
  }

  private static func multiply(
    _ from: UnsafeMutablePointer<Float>, _ gains: UnsafeMutablePointer<Double>, _ to: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<Quantum.frames { to[i] = from[i] * Float(gains[i]) }
  }
}
