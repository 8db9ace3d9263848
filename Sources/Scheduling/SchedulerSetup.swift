import Plan

/// What the scheduler may count on; values of one run.
public struct SchedulerSetup: Sendable {
  /// What is to be rendered: contiguous runs of segments, in order.
  public var runs: [[Segment]]
  /// Lanes at first, and how many there may be once `room` says so.
  public var lanes: Int
  /// Ring of each decode stream of the plan, and the ring of output frames.
  public var streamRings: [Int]
  public var outputRing: Int
  /// Slots of each ring.
  public var rings: [Int]
  /// What `lanes` lanes may use of them, and each lane more; the stream rings are shared out evenly.
  public var sizes: [LaneSizes]
  /// Output slots of each lane.
  public var outputSlotsPerLane: Int
  /// Slots that each moving stream gets beyond its need, so that its decoder can run ahead.
  public var slack = 0
  /// Frames that an encoder may keep until it gets the next ones. Less than its credit, and than a lane's output slots.
  public var encoderKeeps = 0
  /// Frames before its first that a stream is opened.
  public var lookAhead: Int64 = 12
  /// Jobs that a renderer may have at once, frames that an encoder may.
  public var renderCredit = 2
  public var encodeCredit = 4
  public var jobCount = 16
  /// For a live preview: when the encoder takes no more, the oldest finished frame that waits for it is given up.
  public var dropsOldest = false
  /// Each source is decoded by a worker of its own, as far as there are so many.
  public var decoderPerSource = false
  /// Go on with the last good picture when a source cannot be decoded.
  public var holdOnError = false
  public var faultLimits = FaultLimits()
  public var filters = FilterSetup()
  /// nil: the run makes no sound.
  public var sound: SoundSetup? = nil

  public init(runs: [[Segment]], memory: MemoryPlan) {
    self.runs = runs
    lanes = memory.lanes
    streamRings = memory.streamRings
    outputRing = memory.outputRing
    rings = memory.rings.map(\.slotCount)
    sizes = memory.sizes
    outputSlotsPerLane = memory.outputSlotsPerLane
    lookAhead = memory.lookAhead
    slack = memory.slack
    encoderKeeps = memory.encoderKeeps
    filters = memory.filters
    sound = memory.sound
    jobCount = max(8, memory.laneCapacity * memory.outputSlotsPerLane + 4)
  }

  /// Frames of a lane that may wait for its encoder.
  var longestWindow: Int { dropsOldest ? 2 : outputSlotsPerLane + encodeCredit }
}

/// Deaths in a row over a piece of work, at which it is quarantined.
public struct FaultLimits: Sendable {
  public var decoder = Int.max
  public var renderer = Int.max
  public var audio = Int.max
  /// Of each filter's workers, by name, and of filters that are not named.
  public var filters: [String: Int] = [:]
  public var otherFilters = Int.max

  public init() {}

  func filter(_ name: String) -> Int { filters[name] ?? otherFilters }
}
