import AudioEngine
import SluiceBase

/// Nodes of a chain in a graph: made of its specs, given back as a whole.
struct ChainNodes {
  private(set) var nodes: [any AudioNode] = []

  /// Appends `spec` behind `last` and returns what is last now. The graph's frame is the output's plus `shift` at its input.
  mutating func append(
    _ spec: NodeSpec, to last: any AudioNode, in graph: AudioGraph, rate: Int, shift: Int64
  ) throws(SluiceError) -> any AudioNode {
    func set(_ parameters: [String: ParameterSpec], _ name: String, _ parameter: AudioParam) throws(SluiceError) {
      try parameters[name]?.apply(parameter, rate: rate, shift: shift)
    }
    switch spec {
    case .gain(let value):
      let node = try add(graph.makeGain())
      try value.apply(node.gain, rate: rate, shift: shift)
      try graph.connect(last, node)
      return node
    case .pan(let value):
      let node = try add(graph.makeStereoPanner())
      try value.apply(node.pan, rate: rate, shift: shift)
      try graph.connect(last, node)
      return node
    case .biquad(let type, let parameters):
      let node = try add(graph.makeBiquadFilter(type))
      try set(parameters, "frequency", node.frequency)
      try set(parameters, "detune", node.detune)
      try set(parameters, "Q", node.q)
      try set(parameters, "gain", node.gain)
      try graph.connect(last, node)
      return node
    case .delay(let parameters):
      let node = try add(graph.makeDelay(maximumDelayTime: spec.delayTime))
      try set(parameters, "delayTime", node.delayTime)
      try set(parameters, "feedback", node.feedback)
      try graph.connect(last, node)
      guard let mix = parameters["mix"] else { return node }
      let wet = try add(graph.makeGain()), dry = try add(graph.makeGain()), sum = try add(graph.makeMixer())
      try mix.apply(wet.gain, rate: rate, shift: shift)
      try mix.complement.apply(dry.gain, rate: rate, shift: shift)
      try graph.connect(node, wet)
      try graph.connect(last, dry)
      try graph.connect(dry, sum)
      try graph.connect(wet, sum)
      return sum
    case .compressor(let parameters):
      let node = try add(graph.makeDynamicsCompressor())
      try set(parameters, "threshold", node.threshold)
      try set(parameters, "knee", node.knee)
      try set(parameters, "ratio", node.ratio)
      try set(parameters, "attack", node.attack)
      try set(parameters, "release", node.release)
      try graph.connect(last, node)
      return node
    case .limiter(let parameters):
      let node = try add(graph.makeLimiter())
      try set(parameters, "ceiling", node.ceiling)
      try set(parameters, "release", node.release)
      try graph.connect(last, node)
      return node
    }
  }

  mutating func add<Node: AudioNode>(_ node: Node) -> Node {
    nodes.append(node)
    return node
  }

  mutating func release(_ graph: AudioGraph) {
    for node in nodes { graph.release(node) }
    nodes = []
  }
}
