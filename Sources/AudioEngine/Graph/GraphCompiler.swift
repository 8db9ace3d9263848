import SluiceBase

/// Puts the nodes that are heard into an order in which each comes after its inputs, branch by branch, so that few buffers are alive at
/// once: what goes into a sum is added as soon as it is there.
struct GraphCompiler {
  private struct Output {
    var buffer: Int32
    var channels: Int
    /// Connections that have not read it yet.
    var readers: Int
  }

  private let graph: AudioGraph
  private var steps: [Step] = []
  private var tapLists: [[MixTap]] = []
  private var outputs: [Int32: Output] = [:]
  private var readers: [Int32: Int] = [:]
  /// Of outputs, as far as they were asked for.
  private var channelCounts: [Int32: Int] = [:]
  /// Sums that are being made.
  private var buffers: [Int32] = []

  static func compile(_ graph: AudioGraph) throws(SluiceError) -> Program {
    var compiler = GraphCompiler(graph: graph)
    do throws(SluiceError) {
      let program = try compiler.program()
      compiler.giveBack()
      return program
    } catch {
      compiler.giveBack()
      throw error
    }
  }

  private init(graph: AudioGraph) { self.graph = graph }

  private mutating func program() throws(SluiceError) -> Program {
    let root = graph.destination.id
    count(root)
    let mixed = try input(of: root)
    return Program(steps, tapLists: tapLists, output: mixed.buffer)
  }

  /// Buffers go back to the pool at once: between quanta nothing lives in them, and a program has the pool for itself.
  private func giveBack() {
    for output in outputs.values where output.readers > 0 { graph.buffers.release(output.buffer) }
    for buffer in buffers { graph.buffers.release(buffer) }
  }

  /// How many connections read each node that is heard.
  private mutating func count(_ node: NodeID) {
    for input in graph.record(node).inputs {
      readers[input.index, default: 0] += 1
      if readers[input.index] == 1 { count(input) }
    }
  }

  private struct Input {
    var buffer: Int32
    var channels: Int
    /// The node whose output it is, or nil: a sum in a buffer of its own.
    var of: NodeID?
  }

  /// The mixed input of a node. Every input it has is compiled now.
  private mutating func input(of node: NodeID) throws(SluiceError) -> Input {
    let record = graph.record(node)
    var connected = 0
    for input in record.inputs { connected = max(connected, channels(input)) }
    let channels = record.mode.channels(connected: connected, channelCount: record.channelCount)
    guard channels <= graph.configuration.maximumChannels else {
      throw SluiceError(
        .software, "a signal of \(channels) channels in an audio graph for \(graph.configuration.maximumChannels)")
    }
    if record.inputs.count == 1 {
      let only = try output(of: record.inputs[0])
      if only.channels == channels { return Input(buffer: only.buffer, channels: channels, of: record.inputs[0]) }
    }
    let sum = try graph.buffers.acquire()
    buffers.append(sum)
    for (index, source) in record.inputs.enumerated() {
      let output = try output(of: source)
      mix(output.buffer, output.channels, to: sum, channels, record.interpretation, first: index == 0)
      read(source)
    }
    if record.inputs.isEmpty { mix(-1, 0, to: sum, channels, record.interpretation, first: true) }
    return Input(buffer: sum, channels: channels, of: nil)
  }

  private mutating func mix(
    _ input: Int32, _ inputChannels: Int, to output: Int32, _ channels: Int, _ interpretation: ChannelInterpretation, first: Bool
  ) {
    steps.append(
      Step(
        operation: .mix, input: input, output: output, inputChannels: Int32(inputChannels), outputChannels: Int32(channels),
        first: first))
    tapLists.append(inputChannels == 0 ? [] : ChannelMixing.taps(from: inputChannels, to: channels, interpretation))
  }

  /// One connection has read it; after the last its buffer is free.
  private mutating func read(_ node: NodeID) {
    guard var output = outputs[node.index] else { return }
    output.readers -= 1
    outputs[node.index] = output
    if output.readers == 0 { graph.buffers.release(output.buffer) }
  }

  private mutating func finished(_ input: Input) {
    if let node = input.of {
      read(node)
    } else {
      buffers.removeAll { $0 == input.buffer }
      graph.buffers.release(input.buffer)
    }
  }

  /// Channels of a node's output, before it is compiled.
  private mutating func channels(_ node: NodeID) -> Int {
    if let known = channelCounts[node.index] { return known }
    let record = graph.record(node)
    let count: Int
    switch record.kind {
    case .source: count = record.provider?.channels ?? 1
    case .constant: count = 1
    case .panner: count = 2
    default:
      var connected = 0
      for input in record.inputs { connected = max(connected, channels(input)) }
      count = record.mode.channels(connected: connected, channelCount: record.channelCount)
    }
    channelCounts[node.index] = count
    return count
  }

  private mutating func output(of node: NodeID) throws(SluiceError) -> (buffer: Int32, channels: Int) {
    if let known = outputs[node.index] { return (known.buffer, known.channels) }
    let record = graph.record(node)
    guard record.kind.hasInput else { return try emit(node, record, input: nil) }
    let input = try input(of: node)
    if record.kind == .mixer {
      // A mixer is its sum. Where there was nothing to sum it hands on what it reads.
      if input.of == nil {
        buffers.removeAll { $0 == input.buffer }
        outputs[node.index] = Output(buffer: input.buffer, channels: input.channels, readers: readers[node.index] ?? 0)
        return (input.buffer, input.channels)
      }
      let copy = try graph.buffers.acquire()
      mix(input.buffer, input.channels, to: copy, input.channels, .discrete, first: true)
      finished(input)
      outputs[node.index] = Output(buffer: copy, channels: input.channels, readers: readers[node.index] ?? 0)
      return (copy, input.channels)
    }
    return try emit(node, record, input: input)
  }

  private mutating func emit(_ node: NodeID, _ record: NodeRecord, input: Input?) throws(SluiceError) -> (
    buffer: Int32, channels: Int
  ) {
    let channels = input == nil || record.kind == .panner ? self.channels(node) : input?.channels ?? 1
    guard channels <= graph.configuration.maximumChannels else {
      throw SluiceError(
        .software, "a signal of \(channels) channels in an audio graph for \(graph.configuration.maximumChannels)")
    }
    let buffer = try graph.buffers.acquire()
    guard let operation = Step.Operation(record.kind) else { preconditionFailure("a mixer has no step") }
    steps.append(
      Step(
        operation: operation, input: input?.buffer ?? -1, output: buffer, inputChannels: Int32(input?.channels ?? 0),
        outputChannels: Int32(channels), state: graph.prepare(record, channels: channels)))
    if let input { finished(input) }
    outputs[node.index] = Output(buffer: buffer, channels: channels, readers: readers[node.index] ?? 0)
    return (buffer, channels)
  }
}

extension Step.Operation {
  init?(_ kind: NodeKind) {
    switch kind {
    case .source: self = .source
    case .constant: self = .constant
    case .gain: self = .gain
    case .panner: self = .panner
    case .biquad: self = .biquad
    case .delay: self = .delay
    case .compressor: self = .compressor
    case .limiter: self = .limiter
    case .meter: self = .meter
    case .mixer: return nil
    }
  }
}
