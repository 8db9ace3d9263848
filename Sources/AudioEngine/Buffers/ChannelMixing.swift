/// How the channels of an input become those of a node.
public enum ChannelInterpretation: String, Sendable {
  /// By the meaning of mono, stereo, quad and 5.1; other layouts as `discrete`.
  case speakers
  /// Channel by channel; what is missing is silent, what is too much is dropped.
  case discrete
}

/// How many channels a node's input has, given those that are connected to it.
public enum ChannelCountMode: String, Sendable {
  /// The most of any connection.
  case max
  /// The same, but not more than `channelCount`.
  case clampedMax
  /// Always `channelCount`.
  case explicit

  func channels(connected: Int, channelCount: Int) -> Int {
    switch self {
    case .max: Swift.max(1, connected)
    case .clampedMax: Swift.max(1, min(connected, channelCount))
    case .explicit: channelCount
    }
  }
}

/// One addition of a mix: `output += input * gain`.
struct MixTap: BitwiseCopyable, Equatable {
  var output: Int32
  var input: Int32
  var gain: Float
}

/// Web Audio's up- and down-mixing ("Channel Up-Mixing and Down-Mixing"), channels in its order: L R C LFE SL SR.
enum ChannelMixing {
  static func taps(from inputs: Int, to outputs: Int, _ interpretation: ChannelInterpretation) -> [MixTap] {
    func direct(_ pairs: [(Int, Int, Double)]) -> [MixTap] {
      pairs.map { MixTap(output: Int32($0.0), input: Int32($0.1), gain: Float($0.2)) }
    }
    let half = 0.5.squareRoot()
    switch (interpretation, inputs, outputs) {
    case (.speakers, 1, 2), (.speakers, 1, 4): return direct([(0, 0, 1), (1, 0, 1)])
    case (.speakers, 1, 6): return direct([(2, 0, 1)])
    case (.speakers, 2, 4), (.speakers, 2, 6): return direct([(0, 0, 1), (1, 1, 1)])
    case (.speakers, 4, 6): return direct([(0, 0, 1), (1, 1, 1), (4, 2, 1), (5, 3, 1)])
    case (.speakers, 2, 1): return direct([(0, 0, 0.5), (0, 1, 0.5)])
    case (.speakers, 4, 1): return direct([(0, 0, 0.25), (0, 1, 0.25), (0, 2, 0.25), (0, 3, 0.25)])
    case (.speakers, 6, 1): return direct([(0, 0, half), (0, 1, half), (0, 2, 1), (0, 4, 0.5), (0, 5, 0.5)])
    case (.speakers, 4, 2): return direct([(0, 0, 0.5), (0, 2, 0.5), (1, 1, 0.5), (1, 3, 0.5)])
    case (.speakers, 6, 2): return direct([(0, 0, 1), (0, 2, half), (0, 4, half), (1, 1, 1), (1, 2, half), (1, 5, half)])
    case (.speakers, 6, 4): return direct([(0, 0, 1), (0, 2, half), (1, 1, 1), (1, 2, half), (2, 4, 1), (3, 5, 1)])
    default: return direct((0..<min(inputs, outputs)).map { ($0, $0, 1) })
    }
  }

  /// Adds one tap's share of a quantum.
  static func add(_ input: UnsafeMutablePointer<Float>, times gain: Float, to output: UnsafeMutablePointer<Float>) {
    for i in 0..<Quantum.frames {
      output[i] += input[i] * gain
    }
  }
}
