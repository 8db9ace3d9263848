import SluiceBase

/// Nodes out of the pools. Each throws when its pool is empty.
extension AudioGraph {
  /// Keeps `provider` until the node is released.
  public func makeSource(_ provider: SampleProvider) throws(SluiceError) -> SourceNode {
    let node = SourceNode(graph: self, id: try acquire(.source))
    update(node.id) { $0.provider = provider }
    pools.sources.state(node.slot).pointee.provider = Unmanaged.passUnretained(provider)
    return node
  }

  public func makeConstantSource(offset: Double = 1) throws(SluiceError) -> ConstantSourceNode {
    let node = ConstantSourceNode(graph: self, id: try acquire(.constant))
    try node.offset.setValue(offset)
    return node
  }

  public func makeGain(_ gain: Double = 1) throws(SluiceError) -> GainNode {
    let node = GainNode(graph: self, id: try acquire(.gain))
    try node.gain.setValue(gain)
    return node
  }

  public func makeStereoPanner(pan: Double = 0) throws(SluiceError) -> StereoPannerNode {
    let node = StereoPannerNode(graph: self, id: try acquire(.panner))
    try node.pan.setValue(pan)
    return node
  }

  public func makeBiquadFilter(
    _ type: BiquadFilterType = .lowpass, frequency: Double = 350, q: Double = 1, gain: Double = 0
  ) throws(SluiceError) -> BiquadFilterNode {
    let node = BiquadFilterNode(graph: self, id: try acquire(.biquad))
    node.setType(type)
    try node.frequency.setValue(frequency)
    try node.q.setValue(q)
    try node.gain.setValue(gain)
    return node
  }

  /// - Parameters:
  ///   - delayTime: seconds, up to the maximum.
  ///   - maximumDelayTime: seconds that it ever delays; nil, or more: the configuration's maximum.
  public func makeDelay(_ delayTime: Double = 0, feedback: Double = 0, maximumDelayTime: Double? = nil) throws(SluiceError)
    -> DelayNode
  {
    let node = DelayNode(graph: self, id: try acquire(.delay))
    let limit = max(0, min(maximumDelayTime ?? .infinity, configuration.maximumDelayTime))
    pools.delays.state(node.slot).pointee.limit(maximumDelayFrames: Int((limit * configuration.sampleRate).rounded(.up)))
    if configuration.delayChannels < configuration.maximumChannels {
      try node.setChannels(configuration.delayChannels, .clampedMax)
    }
    try node.delayTime.setValue(delayTime)
    try node.feedback.setValue(feedback)
    return node
  }

  public func makeDynamicsCompressor() throws(SluiceError) -> DynamicsCompressorNode {
    DynamicsCompressorNode(graph: self, id: try acquire(.compressor))
  }

  public func makeLimiter(ceiling: Double = -1) throws(SluiceError) -> LimiterNode {
    let node = LimiterNode(graph: self, id: try acquire(.limiter))
    try node.ceiling.setValue(ceiling)
    return node
  }

  public func makeMixer() throws(SluiceError) -> MixerNode { MixerNode(graph: self, id: try acquire(.mixer)) }
  public func makeMeter() throws(SluiceError) -> MeterNode { MeterNode(graph: self, id: try acquire(.meter)) }
}
