import SluiceBase

/// What a node keeps from quantum to quantum: a plain value without references, at a fixed place in its pool.
protocol NodeState: BitwiseCopyable {
  /// - Parameters:
  ///   - parameters: its parameters, in the order of the kind.
  ///   - samples: memory of its own, of the size that the pool was made with; zeroed.
  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings)
  /// Forgets all sound, as after a seek.
  mutating func reset()
}

/// What all nodes of a graph share.
struct NodeSettings {
  var sampleRate: Double
  var maximumChannels: Int
  var maximumDelayFrames: Int
}

/// Nodes of one kind, made once. Owned by the graph's thread.
final class NodePool<State: NodeState> {
  let name: String
  let capacity: Int
  private let states: UnsafeMutablePointer<State>
  private let memory: SampleMemory
  private let parameters: UnsafeMutablePointer<Parameter>
  private let parametersPerNode: Int
  private let samplesPerNode: Int
  private let settings: NodeSettings
  private var free: [Int32]
  private var peak = 0
  private var acquired = 0

  init(_ kind: NodeKind, capacity: Int, samplesPerNode: Int, settings: NodeSettings) {
    self.name = kind.rawValue
    self.capacity = capacity
    self.samplesPerNode = samplesPerNode
    self.settings = settings
    parametersPerNode = kind.parameters.count
    memory = SampleMemory(count: capacity * samplesPerNode)
    parameters = .allocate(capacity: max(1, capacity * parametersPerNode))
    parameters.initialize(repeating: Parameter(), count: capacity * parametersPerNode)
    states = .allocate(capacity: max(1, capacity))
    free = (0..<Int32(capacity)).reversed()
  }

  deinit {
    states.deallocate()
    parameters.deallocate()
  }

  func acquire() throws(SluiceError) -> Int32 {
    guard let slot = free.popLast() else {
      throw SluiceError(.unavailable, "all \(capacity) \(name) nodes of the audio graph are in use", advice: "configure more")
    }
    acquired += 1
    peak = max(peak, capacity - free.count)
    let own = memory.base + Int(slot) * samplesPerNode
    (states + Int(slot)).initialize(to: State(parameters: parameter(slot, 0), samples: own, settings: settings))
    return slot
  }

  func release(_ slot: Int32) { free.append(slot) }

  func state(_ slot: Int32) -> UnsafeMutablePointer<State> { states + Int(slot) }
  func parameter(_ slot: Int32, _ index: Int) -> UnsafeMutablePointer<Parameter> {
    parameters + (Int(slot) * parametersPerNode + index)
  }

  var statistics: PoolStatistics {
    PoolStatistics(
      name: name, created: capacity, inUse: capacity - free.count, peakInUse: peak, acquired: acquired,
      bytes: capacity * (MemoryLayout<State>.stride + parametersPerNode * MemoryLayout<Parameter>.stride)
        + memory.count * MemoryLayout<Float>.stride)
  }
}
