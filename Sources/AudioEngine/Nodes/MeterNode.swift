/// Lets sound through and measures it.
struct MeterState: NodeState {
  static let maximumChannels = 8
  private(set) var channels = 0
  private(set) var peaks = SIMD8<Float>.zero
  private(set) var squares = SIMD8<Double>.zero
  private(set) var frames: Int64 = 0

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {}

  mutating func reset() {
    peaks = .zero
    squares = .zero
    frames = 0
  }

  mutating func process(_ input: Signal, _ silent: Bool, _ output: Signal) -> Bool {
    channels = output.channels
    frames += Int64(Quantum.frames)
    if silent {
      output.clear()
      return true
    }
    for channel in 0..<output.channels {
      let from = input.plane(channel), to = output.plane(channel)
      var peak = peaks[channel]
      // In order, one after the other: the sum has the same bits everywhere.
      var sum = squares[channel]
      for i in 0..<Quantum.frames {
        let value = from[i]
        to[i] = value
        peak = max(peak, value.magnitude)
        sum += Double(value) * Double(value)
      }
      peaks[channel] = peak
      squares[channel] = sum
    }
    return false
  }
}

/// What a meter measured since it was last reset.
public struct MeterReading: Sendable, Equatable {
  public var frames: Int64
  /// Largest magnitude, one a channel.
  public var peaks: [Float]
  /// Root of the mean square, one a channel.
  public var rms: [Double]
}
