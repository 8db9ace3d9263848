import FrameModel
import Plan
import SlotLedger

/// Decides who does what next: a pure value driven by events, without I/O, clocks or pixels, so that it is tested by the
/// million. `handle` takes an event, `advance` does all that has become possible, `takeActions` gives what is to be done.
///
/// The parts are values too: `SlotAccounts` (the ledger and its owners), `Lanes`, `Decoding`, `Composing`, `Filtering`, `SoundFlow`,
/// `FaultTracker`. Order and bounds: a lane's frames are composed and encoded in order, and every queue is bounded by slots.
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

    public init() {}
  }

  var run: RunState
  var decoding = Decoding()
  var composing: Composing
  var filtering: Filtering
  var sound: SoundFlow?

  /// Owner of an output slot whose job waits for a renderer.
  public static let unassigned = 62
  /// Workers of a run; some numbers are kept for successors.
  public static let mostWorkers = unassigned - 8
  /// Word that stands for the sound where a stream's handle would stand.
  public static let soundStream = SlotAccounts.sound

  public init(plan: PlanView, setup: SchedulerSetup, describe: @escaping @Sendable (Int) -> FrameDescription?) {
    run = RunState(SlotAccounts(plan: plan, setup: setup, describe: describe))
    composing = Composing(jobs: setup.jobCount)
    filtering = Filtering(plan)
    sound = setup.sound.map(SoundFlow.init)
  }

  public mutating func takeActions() -> [SchedulerAction] { run.out.take() }

  /// Slots that changed since the last call, possibly repeated.
  public mutating func takeChangedSlots() -> [Int] { run.slots.ledger.takeChanged() }

  public mutating func handle(_ event: SchedulerEvent) {
    guard !run.out.hasFailed else { return }
    switch event {
    case .workerReady(let worker, let role): workerReady(worker, role)
    case .workerDied(let worker, let cause): workerDied(worker, cause)
    case .workerLeaving(let worker): workerLeaving(worker)
    case .room(let lanes): makeRoom(lanes)
    case .published(let worker, let handle, let slot, let generation, let first, let count, let held):
      decoding.published(
        worker, handle, SlotReference(slot: slot, generation: generation), first: first, count: count, held: held, &run)
    case .codecReleased(let worker, let slot, let generation): run.slots.codecReleased(worker, slot, generation)
    case .streamEnded(let worker, let handle): decoding.streamEnded(worker, handle, &run.slots)
    case .needsSlot(let worker, let handle): run.slots.needsSlot(worker, handle)
    case .streamFailed(let worker, let handle, let reason, let code):
      decoding.streamFailed(worker, handle, reason, code, &run)
    case .rendered(let worker, let job, let slot, let generation):
      composing.rendered(worker, job, SlotReference(slot: slot, generation: generation), &run)
    case .encoderReleased(let worker, let slot, let generation, let count):
      encoderReleased(worker, SlotReference(slot: slot, generation: generation), count)
    case .segmentWritten(let worker, let segment, let bytes): run.segmentWritten(worker, segment, bytes)
    case .filterReady(let worker, let key, let credit):
      filtering.workerReady(worker, serves: key, credit: credit, &run.out)
    case .filtered(let worker, let job, let slot, let generation):
      filtering.filtered(worker, job, SlotReference(slot: slot, generation: generation), &run)
    case .filterFailed(let worker, let job, let reason, let code): filtering.failed(worker, job, reason, code, &run)
    case .soundFilled(let worker, let slot, let generation, let header):
      sound?.filled(worker, SlotReference(slot: slot, generation: generation), header, &run)
    case .soundWritten(let worker, let bytes):
      if sound?.written(worker, bytes, &run.out) == nil { run.out.nonsense(worker, "the sound is not being written") }
    }
  }

  /// Does all that has become possible. Call it after a batch of events.
  public mutating func advance() {
    guard !run.out.hasFailed else { return }
    rewindHeld()
    arrangeLanes()
    for lane in run.lanes.indices { run.slots.openStreams(lane, &run.lanes[lane]) }
    decoding.placeStreams(&run)
    for lane in run.lanes.indices { compose(lane) }
    composing.dispatchJobs(&run)
    _ = filtering.start(&run)
    sound?.advance(&run)
    for lane in run.lanes.indices { run.encode(lane, sound) }
    // What the encoder has now counts as kept, and makes room for filters; what they pass on at once is encoded at once.
    while filtering.start(&run) { for lane in run.lanes.indices { run.encode(lane, sound) } }
    sound?.advance(&run)
    for handle in run.slots.handles { run.slots.topUp(handle) }
  }

  private mutating func compose(_ lane: Int) {
    while composing.composeNext(lane, &run) {
      run.slots.dropPassed(lane, run.lanes)
      run.slots.openStreams(lane, &run.lanes[lane])
      decoding.placeStreams(&run)
    }
  }

  /// Frames before `frame` may be begun.
  public mutating func allow(before frame: Int64) { composing.allow(before: frame) }

  private mutating func encoderReleased(_ worker: Int, _ slot: SlotReference, _ count: Int) {
    guard run.slots.isSlot(slot.slot) else { return run.out.nonsense(worker, "slot \(slot.slot) is out of range") }
    if run.slots.ledger[slot.slot].stream == SlotAccounts.sound {
      sound?.encoderReleased(worker, slot, count, &run.slots)
    } else {
      run.encoderReleased(worker, slot.slot, slot.generation, count)
    }
  }
}
