import SluiceBase

/// A node in use: a handle that is used on its graph's thread, and not after its release.
public protocol AudioNode {
  var graph: AudioGraph { get }
  var id: NodeID { get }
}

extension AudioNode {
  /// Adds this node to what `target` hears; returns the target, for chains.
  @discardableResult
  public func connect<Target: AudioNode>(_ target: Target) throws(SluiceError) -> Target {
    try graph.connect(self, target)
    return target
  }

  /// How many channels its input has, together with `channelCountMode`.
  public func setChannels(_ count: Int, _ mode: ChannelCountMode, _ interpretation: ChannelInterpretation = .speakers)
    throws(SluiceError)
  {
    let record = graph.record(id)
    let most = graph.configuration.maximumChannels
    let limit = record.kind == .panner ? 2 : record.kind == .delay ? graph.configuration.delayChannels : most
    guard 1...limit ~= count, !(limit < most && mode == .max) else {
      throw SluiceError(.software, "a \(record.kind.rawValue) node cannot have \(count) channels (\(mode.rawValue))")
    }
    graph.update(id) {
      $0.channelCount = count
      $0.mode = mode
      $0.interpretation = interpretation
    }
  }

  func parameter(_ index: Int) -> AudioParam { AudioParam(graph: graph, node: id, index: index) }
  var slot: Int32 { graph.record(id).slot }
}

/// Plays what a provider has.
public struct SourceNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID

  /// Plays from `frame` of the graph on, beginning with `offset` of the provider.
  public func start(_ frame: Int64, offset: Int64 = 0) {
    precondition(offset >= 0, "a source starts at its frame \(offset)")
    let state = graph.pools.sources.state(slot)
    state.pointee.start = frame
    state.pointee.offset = offset
  }

  /// Silent from this frame of the graph on.
  public func stop(_ frame: Int64) { graph.pools.sources.state(slot).pointee.stop = frame }

  /// Frames that the provider owed and did not have in time.
  public var starvedFrames: Int64 { graph.pools.sources.state(slot).pointee.starvedFrames }
}

public struct ConstantSourceNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
  public var offset: AudioParam { parameter(0) }
  public func start(_ frame: Int64) { graph.pools.constants.state(slot).pointee.start = frame }
  public func stop(_ frame: Int64) { graph.pools.constants.state(slot).pointee.stop = frame }
}

public struct GainNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
  public var gain: AudioParam { parameter(0) }
}

public struct StereoPannerNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
  /// -1 (left) to 1 (right).
  public var pan: AudioParam { parameter(0) }
}

public struct BiquadFilterNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
  /// Hz.
  public var frequency: AudioParam { parameter(0) }
  /// Cents.
  public var detune: AudioParam { parameter(1) }
  /// Web Audio's `Q`: decibels for lowpass and highpass.
  public var q: AudioParam { parameter(2) }
  /// Decibels; shelves and peaking.
  public var gain: AudioParam { parameter(3) }

  public var type: BiquadFilterType { graph.pools.biquads.state(slot).pointee.type }
  public func setType(_ type: BiquadFilterType) { graph.pools.biquads.state(slot).pointee.type = type }

  /// Of the parameters as they are now; NaN for frequencies below 0 or above Nyquist.
  public func getFrequencyResponse(_ frequencies: [Float]) -> (magnitudes: [Float], phases: [Float]) {
    let rate = graph.configuration.sampleRate
    let coefficients = BiquadCoefficients(
      type, frequency: frequency.value * PortableMath.exp(detune.value * 5.776226504666211e-04), q: q.value, gain: gain.value,
      sampleRate: rate)
    var magnitudes: [Float] = [], phases: [Float] = []
    for frequency in frequencies {
      let known = frequency >= 0 && Double(frequency) <= rate / 2
      let response = known ? coefficients.response(at: Double(frequency) / rate) : (.nan, .nan)
      magnitudes.append(Float(response.magnitude))
      phases.append(Float(response.phase))
    }
    return (magnitudes, phases)
  }
}

public struct DelayNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
  /// Seconds, up to the node's maximum.
  public var delayTime: AudioParam { parameter(0) }
  /// Share of the output that goes into the line again, -1 to 1. Not of Web Audio, where it takes a cycle.
  public var feedback: AudioParam { parameter(1) }
}

public struct DynamicsCompressorNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
  /// Decibels.
  public var threshold: AudioParam { parameter(0) }
  /// Decibels.
  public var knee: AudioParam { parameter(1) }
  public var ratio: AudioParam { parameter(2) }
  /// Seconds.
  public var attack: AudioParam { parameter(3) }
  /// Seconds.
  public var release: AudioParam { parameter(4) }
  /// Decibels: the gain of the last frame.
  public var reduction: Double { graph.pools.compressors.state(slot).pointee.reduction }
  /// Its output is so late.
  public var latencyFrames: Int { graph.pools.compressors.state(slot).pointee.delayFrames }
}

public struct LimiterNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
  /// Decibels that no sample is above.
  public var ceiling: AudioParam { parameter(0) }
  /// Seconds, the time constant.
  public var release: AudioParam { parameter(1) }
  /// Its output is so late.
  public var latencyFrames: Int { graph.pools.limiters.state(slot).pointee.latencyFrames }
}

/// Sums its inputs; with `setChannels(_:.explicit)` it changes their number.
public struct MixerNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID
}

public struct MeterNode: AudioNode {
  public let graph: AudioGraph
  public let id: NodeID

  public var reading: MeterReading {
    let state = graph.pools.meters.state(slot).pointee
    var reading = MeterReading(frames: state.frames, peaks: [], rms: [])
    for channel in 0..<state.channels {
      reading.peaks.append(state.peaks[channel])
      reading.rms.append(state.frames == 0 ? 0 : (state.squares[channel] / Double(state.frames)).squareRoot())
    }
    return reading
  }

  public func reset() { graph.pools.meters.state(slot).pointee.reset() }
}
