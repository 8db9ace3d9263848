import SluiceBase

/// A graph of audio nodes that is pulled quantum by quantum.
///
/// Nodes come from pools that are made with the graph; acquiring, connecting and automating happens between quanta. The first quantum
/// after a change compiles the graph into a flat list of steps (that may allocate); every other one allocates nothing, takes no lock,
/// makes no system call and counts no reference. What it renders has the same bits however it is pulled and wherever it runs.
/// Used by one thread at a time. Nodes that do not reach the destination are not rendered. Cycles are refused: an echo is the delay node's
/// own `feedback`.
public final class AudioGraph {
  /// What a graph is made for: nothing is created later.
  public struct Configuration: Sendable {
    public var sampleRate: Double
    /// Of the destination: 1 to `maximumChannels`.
    public var channels: Int
    /// Of any signal within, 1 to 8.
    public var maximumChannels: Int
    /// Quantum buffers: as many as signals are alive at the same time; a chain needs two, a sum one more.
    public var buffers: Int
    /// Nodes of each kind; kinds that are not named have none, mixers the destination's.
    public var nodes: [NodeKind: Int]
    /// Seconds, of every delay node.
    public var maximumDelayTime: Double
    /// That a delay node keeps, 1 to `maximumChannels`; it mixes down what has more.
    public var delayChannels: Int

    public init(
      sampleRate: Double = 48000, channels: Int = 2, maximumChannels: Int = 6, buffers: Int = 64, nodes: [NodeKind: Int] = [:],
      maximumDelayTime: Double = 1, delayChannels: Int? = nil
    ) {
      self.sampleRate = sampleRate
      self.channels = channels
      self.maximumChannels = maximumChannels
      self.buffers = buffers
      self.nodes = nodes
      self.maximumDelayTime = maximumDelayTime
      self.delayChannels = delayChannels ?? maximumChannels
    }
  }

  public let configuration: Configuration
  /// The frame that is rendered next; always on the grid of quanta.
  public private(set) var currentFrame: Int64 = 0
  /// Times that the graph was compiled.
  public private(set) var compilations = 0

  let buffers: BufferPool
  let pools: NodePools
  private var records: [NodeRecord]
  private var freeRecords: [Int32]
  private let scratch: UnsafeMutablePointer<Double>
  private var program: Program?
  private var renderer: Renderer?
  private var destinationID = NodeID(index: 0, generation: 1)

  /// - Throws: where the configuration makes no graph.
  public init(_ configuration: Configuration) throws(SluiceError) {
    guard configuration.sampleRate.isFinite, 3000...768_000 ~= configuration.sampleRate else {
      throw SluiceError(.software, "an audio graph of \(configuration.sampleRate) Hz", advice: "from 3000 to 768000 it can be")
    }
    guard 1...8 ~= configuration.maximumChannels, 1...configuration.maximumChannels ~= configuration.channels,
      configuration.buffers > 0, 0...600 ~= configuration.maximumDelayTime,
      1...configuration.maximumChannels ~= configuration.delayChannels
    else { throw SluiceError(.software, "an audio graph cannot be made so: \(configuration)") }
    self.configuration = configuration
    buffers = BufferPool(capacity: configuration.buffers, channels: configuration.maximumChannels)
    pools = NodePools(configuration)
    let total = pools.capacity
    records = Array(repeating: NodeRecord(), count: total)
    freeRecords = (0..<Int32(total)).reversed()
    scratch = .allocate(capacity: Scratch.rows * Quantum.frames)
    scratch.initialize(repeating: 0, count: Scratch.rows * Quantum.frames)
    destinationID = try acquire(.mixer)
    records[Int(destinationID.index)].mode = .explicit
    records[Int(destinationID.index)].channelCount = configuration.channels
  }

  deinit { scratch.deallocate() }

  /// What is heard: a mixer of `configuration.channels`.
  public var destination: MixerNode { MixerNode(graph: self, id: destinationID) }

  // MARK: Nodes

  func acquire(_ kind: NodeKind) throws(SluiceError) -> NodeID {
    let slot = try pools.acquire(kind)
    guard let index = freeRecords.popLast() else { preconditionFailure("a pool has more nodes than the graph has records") }
    let generation = records[Int(index)].generation &+ 1
    var record = NodeRecord(generation: generation, inUse: true, kind: kind, slot: slot)
    if kind == .panner || kind == .compressor { record.mode = .clampedMax }
    let descriptions = kind.parameters
    for (index, description) in descriptions.enumerated() {
      record.timelines.append(ParameterTimeline(initial: description.initial))
      record.storages.append(nil)
      pools.parameter(kind, slot, index).pointee = Parameter(
        value: description.initial, range: ParameterRange(description.low, description.high))
    }
    records[Int(index)] = record
    return NodeID(index: index, generation: generation)
  }

  /// Gives a node back to its pool and undoes its connections. The destination stays.
  public func release(_ node: some AudioNode) {
    let id = node.id
    precondition(id != destinationID, "the destination of an audio graph is not released")
    let record = record(id)
    pools.release(record.kind, record.slot)
    for index in records.indices where records[index].inUse { records[index].inputs.removeAll { $0 == id } }
    records[Int(id.index)] = NodeRecord(generation: record.generation)
    freeRecords.append(id.index)
    changed()
  }

  /// Traps for a node that was released.
  func record(_ id: NodeID) -> NodeRecord {
    precondition(isInUse(id), "an audio node is used after its release")
    return records[Int(id.index)]
  }

  func update(_ id: NodeID, _ body: (inout NodeRecord) -> Void) {
    precondition(isInUse(id), "an audio node is used after its release")
    body(&records[Int(id.index)])
    changed()
  }

  /// The storage before is freed only now, when nothing renders it any more.
  func setStorage(_ id: NodeID, _ index: Int, _ storage: SegmentStorage?, _ timeline: ParameterTimeline) {
    records[Int(id.index)].timelines[index] = timeline
    records[Int(id.index)].storages[index] = storage
  }

  private func isInUse(_ id: NodeID) -> Bool {
    records[Int(id.index)].inUse && records[Int(id.index)].generation == id.generation
  }

  private func changed() {
    renderer = nil
  }

  // MARK: Connections

  /// Adds `source` to what `target` hears. Connections are summed in the order in which they were made; a second one of the same two changes
  /// nothing.
  /// - Throws: when it would close a cycle, or the target has no input.
  public func connect(_ source: some AudioNode, _ target: some AudioNode) throws(SluiceError) {
    precondition(source.graph === self && target.graph === self, "nodes of different audio graphs are connected")
    let record = record(target.id)
    guard record.kind.hasInput else { throw SluiceError(.software, "a \(record.kind.rawValue) node has no input to connect to") }
    if record.inputs.contains(source.id) { return }
    guard source.id != target.id, !reaches(source.id, target.id) else {
      throw SluiceError(
        .software, "this connection would close a cycle in the audio graph", advice: "use the feedback of a delay node")
    }
    update(target.id) { $0.inputs.append(source.id) }
  }

  /// Undoes it. Nothing happens where there is none.
  public func disconnect(_ source: some AudioNode, _ target: some AudioNode) {
    update(target.id) { record in record.inputs.removeAll { $0 == source.id } }
  }

  /// Whether `target` is heard in `node`.
  private func reaches(_ node: NodeID, _ target: NodeID) -> Bool {
    var seen: Set<NodeID> = [node]
    var open = [node]
    while let next = open.popLast() {
      for input in record(next).inputs where seen.insert(input).inserted {
        if input == target { return true }
        open.append(input)
      }
    }
    return false
  }

  // MARK: Rendering

  /// Compiles what was changed: to have it done before the first quantum.
  /// - Throws: when the pools are too small for what is connected.
  public func prepare() throws(SluiceError) {
    if renderer != nil { return }
    let program = try GraphCompiler.compile(self)
    self.program = program
    compilations += 1
    renderer = Renderer(
      steps: program.steps, count: program.count, buffers: buffers.base, stride: buffers.stride, silent: buffers.silent,
      scratch: Scratch(base: scratch))
  }

  /// Renders the next quantum and lends it: planes of 128 frames, valid within `body`.
  public func renderQuantum<R>(_ body: (RenderedQuantum) -> R) throws(SluiceError) -> R {
    try prepare()
    guard let renderer, let program else { preconditionFailure("prepare made no program") }
    renderer.render(currentFrame)
    currentFrame += Int64(Quantum.frames)
    let output = Int(program.output)
    return body(
      RenderedQuantum(
        channels: configuration.channels, isSilent: buffers.silent[output], base: buffers.base + output * buffers.stride))
  }

  /// Goes on at another frame (of the grid of quanta) as if nothing had been heard before: a seek. Automation stays.
  public func reset(to frame: Int64 = 0) {
    precondition(frame >= 0 && frame % Int64(Quantum.frames) == 0, "an audio graph cannot begin at frame \(frame)")
    currentFrame = frame
    for record in records where record.inUse {
      pools.reset(record.kind, record.slot)
      for index in record.timelines.indices { pools.parameter(record.kind, record.slot, index).pointee.cursor = 0 }
    }
  }

  func prepare(_ record: NodeRecord, channels: Int) -> UnsafeMutableRawPointer {
    pools.prepare(record.kind, record.slot, channels: channels)
  }

  // MARK: Statistics

  /// Of the buffers, then of every kind of node.
  public var poolStatistics: [PoolStatistics] { [buffers.statistics] + pools.statistics }
  /// Of the fullest pool; of those that are made for nodes at all.
  public var poolPressure: PoolPressure {
    var highest = PoolPressure.low
    for pool in pools.statistics where pool.created > 1 { highest = max(highest, pool.pressure) }
    return max(highest, PoolPressure(inUse: buffers.statistics.peakInUse, of: configuration.buffers))
  }
}

/// A quantum that was just rendered.
public struct RenderedQuantum {
  public let channels: Int
  /// All zero.
  public let isSilent: Bool
  let base: UnsafeMutablePointer<Float>

  public subscript(channel: Int) -> UnsafeBufferPointer<Float> {
    precondition(channel >= 0 && channel < channels, "no channel \(channel) of \(channels)")
    return UnsafeBufferPointer(start: base + channel * Quantum.frames, count: Quantum.frames)
  }
}
