import SluiceBase

/// The pools of all kinds.
final class NodePools {
  let sources: NodePool<SourceState>
  let constants: NodePool<ConstantState>
  let gains: NodePool<GainState>
  let panners: NodePool<PannerState>
  let biquads: NodePool<BiquadState>
  let delays: NodePool<DelayState>
  let compressors: NodePool<CompressorState>
  let limiters: NodePool<LimiterState>
  let mixers: NodePool<MixerState>
  let meters: NodePool<MeterState>

  init(_ configuration: AudioGraph.Configuration) {
    let channels = configuration.maximumChannels
    let delay = Int((configuration.maximumDelayTime * configuration.sampleRate).rounded(.up))
    let settings = NodeSettings(sampleRate: configuration.sampleRate, maximumChannels: channels, maximumDelayFrames: delay)
    func size(_ kind: NodeKind) -> Int { max(0, configuration.nodes[kind] ?? 0) }
    sources = NodePool(.source, capacity: size(.source), samplesPerNode: 0, settings: settings)
    constants = NodePool(.constant, capacity: size(.constant), samplesPerNode: 0, settings: settings)
    gains = NodePool(.gain, capacity: size(.gain), samplesPerNode: 0, settings: settings)
    panners = NodePool(.panner, capacity: size(.panner), samplesPerNode: 0, settings: settings)
    biquads = NodePool(.biquad, capacity: size(.biquad), samplesPerNode: 0, settings: settings)
    delays = NodePool(
      .delay, capacity: size(.delay),
      samplesPerNode: configuration.delayChannels * DelayState.lineFrames(maximumDelayFrames: delay),
      settings: settings)
    compressors = NodePool(
      .compressor, capacity: size(.compressor),
      samplesPerNode: channels * CompressorState.lineFrames(sampleRate: configuration.sampleRate), settings: settings)
    limiters = NodePool(
      .limiter, capacity: size(.limiter),
      samplesPerNode: LimiterState.samples(sampleRate: configuration.sampleRate, channels: channels), settings: settings)
    mixers = NodePool(.mixer, capacity: size(.mixer) + 1, samplesPerNode: 0, settings: settings)
    meters = NodePool(.meter, capacity: size(.meter), samplesPerNode: 0, settings: settings)
  }

  func acquire(_ kind: NodeKind) throws(SluiceError) -> Int32 {
    switch kind {
    case .source: try sources.acquire()
    case .constant: try constants.acquire()
    case .gain: try gains.acquire()
    case .panner: try panners.acquire()
    case .biquad: try biquads.acquire()
    case .delay: try delays.acquire()
    case .compressor: try compressors.acquire()
    case .limiter: try limiters.acquire()
    case .mixer: try mixers.acquire()
    case .meter: try meters.acquire()
    }
  }

  func release(_ kind: NodeKind, _ slot: Int32) {
    switch kind {
    case .source: sources.release(slot)
    case .constant: constants.release(slot)
    case .gain: gains.release(slot)
    case .panner: panners.release(slot)
    case .biquad: biquads.release(slot)
    case .delay: delays.release(slot)
    case .compressor: compressors.release(slot)
    case .limiter: limiters.release(slot)
    case .mixer: mixers.release(slot)
    case .meter: meters.release(slot)
    }
  }

  func parameter(_ kind: NodeKind, _ slot: Int32, _ index: Int) -> UnsafeMutablePointer<Parameter> {
    switch kind {
    case .source: sources.parameter(slot, index)
    case .constant: constants.parameter(slot, index)
    case .gain: gains.parameter(slot, index)
    case .panner: panners.parameter(slot, index)
    case .biquad: biquads.parameter(slot, index)
    case .delay: delays.parameter(slot, index)
    case .compressor: compressors.parameter(slot, index)
    case .limiter: limiters.parameter(slot, index)
    case .mixer: mixers.parameter(slot, index)
    case .meter: meters.parameter(slot, index)
    }
  }

  func reset(_ kind: NodeKind, _ slot: Int32) {
    switch kind {
    case .source: sources.state(slot).pointee.reset()
    case .constant: constants.state(slot).pointee.reset()
    case .gain: gains.state(slot).pointee.reset()
    case .panner: panners.state(slot).pointee.reset()
    case .biquad: biquads.state(slot).pointee.reset()
    case .delay: delays.state(slot).pointee.reset()
    case .compressor: compressors.state(slot).pointee.reset()
    case .limiter: limiters.state(slot).pointee.reset()
    case .mixer: break
    case .meter: meters.state(slot).pointee.reset()
    }
  }

  /// The state that a step works on, made ready for so many channels.
  func prepare(_ kind: NodeKind, _ slot: Int32, channels: Int) -> UnsafeMutableRawPointer {
    switch kind {
    case .source: return UnsafeMutableRawPointer(sources.state(slot))
    case .constant: return UnsafeMutableRawPointer(constants.state(slot))
    case .gain: return UnsafeMutableRawPointer(gains.state(slot))
    case .panner: return UnsafeMutableRawPointer(panners.state(slot))
    case .biquad: return UnsafeMutableRawPointer(biquads.state(slot))
    case .delay:
      delays.state(slot).pointee.use(channels: channels)
      return UnsafeMutableRawPointer(delays.state(slot))
    case .compressor:
      compressors.state(slot).pointee.use(channels: channels)
      return UnsafeMutableRawPointer(compressors.state(slot))
    case .limiter:
      limiters.state(slot).pointee.use(channels: channels)
      return UnsafeMutableRawPointer(limiters.state(slot))
    case .mixer: return UnsafeMutableRawPointer(mixers.state(slot))
    case .meter: return UnsafeMutableRawPointer(meters.state(slot))
    }
  }

  var capacity: Int {
    var total = 0
    for pool in statistics { total += pool.created }
    return total
  }

  var statistics: [PoolStatistics] {
    [
      sources.statistics, constants.statistics, gains.statistics, panners.statistics, biquads.statistics, delays.statistics,
      compressors.statistics, limiters.statistics, mixers.statistics, meters.statistics,
    ]
  }
}

/// A mixer is nothing but its sum, which the compiler makes.
struct MixerState: NodeState {
  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {}
  mutating func reset() {}
}
