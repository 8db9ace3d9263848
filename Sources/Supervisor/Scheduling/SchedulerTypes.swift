import CSluice
import FrameModel
import Timeline

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
  /// Deaths in a row after which what the worker was at is at fault.
  public var decoderDeaths = Int.max
  public var rendererDeaths = Int.max
  /// The same of each filter's workers, by name, and of those that are not named.
  public var filterDeaths: [String: Int] = [:]
  public var defaultFilterDeaths = Int.max
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
}

/// What happened, as far as the scheduler cares. Worker numbers are indices of the control bus.
public enum SchedulerEvent: Sendable {
  case workerReady(Int, role: UInt32)
  /// Dead, and waited for: it writes no more.
  case workerDied(Int)
  /// It is to go when it has done what it has: it gets no new work.
  case workerLeaving(Int)
  /// The slots of so many lanes are there.
  case room(lanes: Int)
  case published(worker: Int, handle: UInt32, slot: Int, generation: UInt32, first: Int64, count: Int64, held: Bool)
  case codecReleased(worker: Int, slot: Int, generation: UInt32)
  case streamEnded(worker: Int, handle: UInt32)
  /// The codec holds all slots of its stream and asks for one more.
  case needsSlot(worker: Int, handle: UInt32)
  case streamFailed(worker: Int, handle: UInt32, reason: String, code: Int32)
  case rendered(worker: Int, job: Int, slot: Int, generation: UInt32)
  case encoderReleased(worker: Int, slot: Int, generation: UInt32, count: Int)
  case segmentWritten(worker: Int, segment: Int, bytes: UInt64)
  /// A worker that filters; `serves`: key of the filter's name, or 0 for any.
  case filterReady(Int, serves: UInt64, credit: Int)
  case filtered(worker: Int, job: UInt32, slot: Int, generation: UInt32)
  /// It cannot filter a picture.
  case filterFailed(worker: Int, job: UInt32, reason: String, code: Int32)
  /// An encoder that was started for the sound.
  case soundEncoderReady(Int)
  /// `header`: what the slot says of itself.
  case soundFilled(worker: Int, slot: Int, generation: UInt32, header: SoundBlock?)
  case soundWritten(worker: Int, bytes: UInt64)
}

/// What is to be done, in this order.
public enum SchedulerAction: Sendable {
  case open(worker: Int, handle: UInt32, stream: Int, first: Int64, end: Int64)
  case grant(worker: Int, handle: UInt32, slot: Int, generation: UInt32)
  /// No further slot: the decoder helps itself with private memory.
  case deny(worker: Int, handle: UInt32)
  case close(worker: Int, handle: UInt32)
  case render(worker: Int, job: Int, sequence: UInt64, frame: Int64, slot: Int, generation: UInt32, inputs: [sluice_input])
  /// `stream`: record of the plan; nil: a whole frame.
  case filter(
    worker: Int, job: UInt32, filter: Int, stream: Int?, frame: Int64, input: (slot: Int, generation: UInt32),
    output: (slot: Int, generation: UInt32))
  case begin(worker: Int, segment: Segment)
  case encode(worker: Int, frame: Int64, slot: Int, generation: UInt32)
  case finish(worker: Int, segment: Segment)
  case fillSound(worker: Int, slot: Int, generation: UInt32, block: Int64)
  /// `alone`: straight into the output.
  case beginSound(worker: Int, alone: Bool)
  case encodeSound(worker: Int, slot: Int, generation: UInt32, block: Int64)
  case finishSound(worker: Int, blocks: Int64, alone: Bool)
  case soundDone(bytes: UInt64)
  /// It has done what it had, and may end.
  case dismiss(worker: Int)
  /// Its answer made no sense, or it failed a second time: end it.
  case kill(worker: Int, reason: String)
  case segmentDone(Segment, bytes: UInt64)
  case warn(String)
  case fail(String, code: Int32)
}

/// A slot as it is now: it means something only while the generation is the slot's.
struct SlotReference: Equatable, Sendable {
  var slot: Int
  var generation: UInt32
}

/// A run of equal frames that a stream delivered.
struct Delivery: Sendable {
  var slot: SlotReference
  var frames: Range<Int64>
  /// Where the frames end that it was delivered for, when it is held for those of a source that failed.
  var goodEnd: Int64? = nil
  /// Filters that the picture is through; `slot` is what came out of the last.
  var stage = 0
}

/// An open decode stream: a record of the plan, limited to what its lane needs.
struct StreamUse: Sendable {
  var handle: UInt32
  var record: Int
  /// nil: a still that all lanes share.
  var lane: Int?
  var ring: Int
  var quota: Int
  /// Slots on top of the quota, lent from the ring's reserve.
  var extra = 0
  /// Decoder that runs it; nil while none does (it died, and no other is ready).
  var worker: Int?
  var frames: Range<Int64>
  /// Where its decoder ends it.
  var end: Int64 = .max
  /// First frame not delivered yet.
  var next: Int64
  var deliveries: [Delivery] = []
  /// Slots granted to it or filled by it that are not free again.
  var owned = 0
  var ended = false
  /// Ended on purpose: what still comes is let go.
  var closing = false
  /// Closed in its decoder, to be opened again later.
  var parking = false
  var failed = false
  /// Its filters in the plan's table.
  var filters: Range<Int> = 0..<0
  var isStill: Bool { lane == nil }
  /// CLOSE was said: it gets nothing more, and END is waited for.
  var isClosed: Bool { closing || parking }

  func isAwaitingFilter(at frame: Int64) -> Bool {
    deliveries.first { $0.frames.contains(frame) }.map { $0.stage < filters.count } ?? false
  }

  /// nil also while the picture is not through its filters.
  func delivery(at frame: Int64) -> SlotReference? {
    deliveries.first { $0.frames.contains(frame) }.flatMap { $0.stage == filters.count ? $0.slot : nil }
  }
}

/// A frame between compositing and encoder.
struct OutputFrame: Sendable {
  var number: Int64
  var slot: SlotReference
  var ready: Bool
  /// Filters of the whole frame that it is through.
  var stage = 0
  /// The frame before it that it shows, when its own cannot be drawn: to a filter it is that one.
  var shown: Int64? = nil
  var filterFrame: Int64 { shown ?? number }
}

/// What a rendered frame was made from: equal to the next frame's means that its slot serves again.
struct FrameSignature: Equatable, Sendable {
  var layers: [Layer]
  var inputs: [SlotReference?]
}

struct RenderJob: Sendable {
  var sequence: UInt64
  var lane: Int
  var frame: Int64
  var slot: SlotReference
  /// nil: waits for a renderer.
  var worker: Int?
  var inputs: [sluice_input]
}

/// A run of segments in progress: decode streams, frames in order, an encoder.
struct Lane: Sendable {
  var segments: [Segment] = []
  /// Index into `segments` of the one being encoded.
  var current = 0
  var encoder: Int? = nil
  /// BEGIN was sent for the current segment; frames were sent to and are still held by the encoder.
  var begun = false
  var encoding = 0
  var nextEncode: Int64 = 0
  var nextCompose: Int64 = 0
  var window: [OutputFrame] = []
  var outputSlots = 0
  var previous: (slot: SlotReference, signature: FrameSignature)? = nil
  var previousHeld = false
  /// Streams of the plan before this one are open, done or not ours.
  var nextStream = 0
  /// Segments that are sent but not yet written.
  var writing: [Segment] = []

  var end: Int64 { segments.last?.frames.upperBound ?? 0 }
  /// All is written: it may begin another run.
  var isDone: Bool { current >= segments.count && writing.isEmpty }
  /// Segments at the end of which nothing is composed yet.
  var unstarted: Int {
    var count = 0
    for segment in segments.dropFirst(current + 1).reversed() {
      guard segment.frames.lowerBound >= nextCompose else { break }
      count += 1
    }
    return count
  }

  mutating func begin(_ run: [Segment]) {
    segments = run
    current = 0
    begun = false
    nextEncode = run.first?.frames.lowerBound ?? 0
    nextCompose = nextEncode
    nextStream = 0
  }
}
