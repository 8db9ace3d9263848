import CSluice
import FrameModel
import SharedRing
import Timeline

/// Decides who does what next: a pure value driven by events, without I/O, clocks or pixels, so that it is tested by the
/// million. It owns the ledger. `handle` takes an event; `takeActions` gives what is to be done because of it.
///
/// Order and bounds: a lane's frames are composed and encoded in order; the output slot is granted with the render job, in
/// frame order, so the oldest frame always owns one and the window cannot deadlock. Every queue is bounded by slots.
public struct Scheduler: Sendable {
  public struct Counts: Sendable {
    public var framesEncoded: Int64 = 0
    public var rendered: UInt64 = 0
    public var bypassed: UInt64 = 0
    public var reused: UInt64 = 0
    public var streamsOpened = 0
    public var nonsense = 0
    /// Finished frames that were given up, because nobody took them in time.
    public var dropped: Int64 = 0
    public var filtered: UInt64 = 0
    /// Output frames that equal the one before and took its filtered picture.
    public var filterReused: UInt64 = 0
  }

  let plan: PlanView
  let setup: SchedulerSetup
  public internal(set) var ledger: Ledger
  var lanes: [Lane]
  /// Runs that no lane has taken yet, in order.
  var pool: [[Segment]]
  /// Lanes that the slots suffice for; slots of each ring, and its reserve, for so many.
  var laneLimit: Int
  var rings: [Int]
  var reserve: [Int]
  let segmentCount: Int
  var uses: [UInt32: StreamUse] = [:]
  /// Handle of the open stream of (lane, record); lane -1 for stills.
  var open: [StreamKey: UInt32] = [:]
  /// Slots of each ring's reserve that are lent.
  var lent: [Int]
  var jobs: [RenderJob?]
  var decoders: [Int] = []
  var renderers: [Int] = []
  var encoders: [Int] = []
  /// Workers that get nothing new, and renderers of them that were told to go.
  var leaving: Set<Int> = []
  var dismissed: Set<Int> = []
  var filtering: FilterState
  var sound: SoundState?
  /// Frames from here on are not begun yet: a preview keeps to real time.
  var horizon = Int64.max
  var actions: [SchedulerAction] = []
  var nextHandle: UInt32 = 1
  var nextSequence: UInt64 = 1
  var failed = false
  /// A stream's last good picture stands in for those that could not be decoded.
  var hasFailedStream = false
  /// Work that was in the hands of workers when they died, and how often since it last came on; what was quarantined for it.
  var suspects: [StreamPlace: Int] = [:]
  var trial: Trial?
  var suspectFrames: [Int64: Int] = [:]
  var poisoned: [Int: Int64] = [:]
  var heldFrames: Set<Int64> = []
  var rewindLater: Set<Int> = []
  var quarantines = 0
  /// How the worker ended whose death is handled next, for the words about what was quarantined for it.
  public var ending = ""
  /// Of the same worker: it was ended for what is not its work's fault.
  public var endedBlameless = false
  public internal(set) var counts = Counts()
  /// Looks at a slot's frame header: nil when it does not hold. The one thing that comes from outside.
  let describe: @Sendable (Int) -> FrameDescription?
  let canvas: Canvas
  private var layers: [Layer] = []
  private var layersFrame: Int64 = -1

  struct StreamKey: Hashable, Sendable {
    var lane: Int
    var index: Int
  }

  public init(plan: PlanView, setup: SchedulerSetup, describe: @escaping @Sendable (Int) -> FrameDescription?) {
    self.plan = plan
    self.setup = setup
    self.describe = describe
    canvas = plan.canvas
    rings = setup.sizes[0].slots
    reserve = setup.sizes[0].reserve
    ledger = Ledger(rings: setup.rings, active: rings)
    filtering = FilterState(plan)
    sound = setup.sound.map(SoundState.init)
    lent = Array(repeating: 0, count: setup.rings.count)
    pool = setup.runs
    segmentCount = setup.runs.reduce(0) { $0 + $1.count }
    laneLimit = setup.lanes
    lanes = Array(repeating: Lane(), count: min(setup.lanes, max(1, segmentCount)))
    jobs = Array(repeating: nil, count: setup.jobCount)
    shareOut()
  }

  public var isDone: Bool { pool.isEmpty && lanes.allSatisfy(\.isDone) && sound?.isDone ?? true }
  /// Some frame shows another picture than the plan says, because its own could not be had.
  public var hasHeld: Bool { hasFailedStream || !heldFrames.isEmpty || !poisoned.isEmpty }
  public var framesInFlight: Int { lanes.reduce(0) { $0 + $1.window.count } }
  public var openStreams: Int { uses.count }

  public mutating func takeActions() -> [SchedulerAction] {
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  public mutating func handle(_ event: SchedulerEvent) {
    guard !failed else { return }
    switch event {
    case .workerReady(let worker, let role): workerReady(worker, role)
    case .workerDied(let worker): workerDied(worker)
    case .workerLeaving(let worker): workerLeaving(worker)
    case .room(let lanes): room(lanes: lanes)
    case .published(let worker, let handle, let slot, let generation, let first, let count, let held):
      published(worker, handle, slot, generation, first, count, held)
    case .codecReleased(let worker, let slot, let generation): codecReleased(worker, slot, generation)
    case .streamEnded(let worker, let handle): streamEnded(worker, handle)
    case .needsSlot(let worker, let handle): needsSlot(worker, handle)
    case .streamFailed(let worker, let handle, let reason, let code): streamFailed(worker, handle, reason, code)
    case .rendered(let worker, let job, let slot, let generation): rendered(worker, job, slot, generation)
    case .encoderReleased(let worker, let slot, let generation, let count):
      encoderReleased(worker, slot, generation, count)
    case .filterReady(let worker, let key, let credit): filterReady(worker, serves: key, credit: credit)
    case .filtered(let worker, let job, let slot, let generation): filtered(worker, job, slot, generation)
    case .filterFailed(let worker, let job, let reason, let code): filterFailed(worker, job, reason, code)
    case .segmentWritten(let worker, let segment, let bytes): segmentWritten(worker, segment, bytes)
    case .soundEncoderReady(let worker): soundEncoderReady(worker)
    case .soundFilled(let worker, let slot, let generation, let header): soundFilled(worker, slot, generation, header)
    case .soundWritten(let worker, let bytes): soundWritten(worker, bytes)
    }
  }

  /// Does all that has become possible. Call it after a batch of events.
  public mutating func advance() {
    guard !failed else { return }
    rewindHeld()
    arrangeLanes()
    for lane in lanes.indices { openStreams(lane) }
    placeStreams()
    for lane in lanes.indices { compose(lane) }
    dispatchJobs()
    _ = startFilters()
    advanceSound()
    for lane in lanes.indices { encode(lane) }
    // What the encoder has now counts as kept, and makes room for filters; what they pass on at once is encoded at once.
    while startFilters() { for lane in lanes.indices { encode(lane) } }
    advanceSound()
    for handle in uses.keys.sorted() { topUp(handle) }
  }

  mutating func fail(_ text: String, code: Int32) {
    failed = true
    actions.append(.fail(text, code: code))
  }

  /// A worker said what cannot be: counted, and the worker is ended.
  mutating func nonsense(_ worker: Int, _ text: String) {
    counts.nonsense += 1
    actions.append(.kill(worker: worker, reason: text))
  }

  private mutating func workerReady(_ worker: Int, _ role: UInt32) {
    guard !decoders.contains(worker), !renderers.contains(worker), !encoders.contains(worker) else {
      return nonsense(worker, "it said twice that it is ready")
    }
    switch role {
    case SLUICE_ROLE_DECODER.rawValue: decoders.append(worker)
    case SLUICE_ROLE_RENDERER.rawValue: renderers.append(worker)
    case SLUICE_ROLE_ENCODER.rawValue: encoders.append(worker)
    case SLUICE_ROLE_AUDIO.rawValue: soundWorkerReady(worker)
    default: break
    }
  }

  /// Gives back one use of a slot, and the slot to its stream when it became free.
  mutating func release(_ slot: Int, by holder: Int) {
    let stream = ledger[slot].stream
    if ledger.release(slot, by: holder) { becameFree(slot, stream: stream) }
  }

  /// A slot went from its stream (or from the output frames of lane `stream & 0xff`) back to the ring.
  mutating func becameFree(_ slot: Int, stream: UInt32) {
    if stream == Scheduler.filteredStream { return filteredSlotFreed(slot) }
    if stream == Scheduler.soundStream { return }
    if let lane = Scheduler.outputLane(stream) {
      lanes[lane].outputSlots -= 1
      return
    }
    guard var use = uses[stream] else { return }
    use.owned -= 1
    uses[stream] = use
    topUp(stream)
    retireIfIdle(stream)
  }

  /// Output slots carry their lane in the stream field.
  static func outputStream(lane: Int) -> UInt32 { 0xffff_ff00 | UInt32(lane) }
  static func outputLane(_ stream: UInt32) -> Int? { stream >= 0xffff_ff00 ? Int(stream & 0xff) : nil }

  /// Layers of a frame, evaluated once while its lane waits at it.
  mutating func layers(at frame: Int64) -> [Layer] {
    if layersFrame != frame {
      plan.layers(at: frame, into: &layers)
      layersFrame = frame
    }
    return layers
  }
}
