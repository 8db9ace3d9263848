import Plan
import SlotLedger

/// What others want to know of the scheduler.
extension Scheduler {
  public var plan: PlanView { run.plan }
  public var ledger: Ledger { run.slots.ledger }
  public var counts: Counts { run.out.counts }
  public var laneCount: Int { run.lanes.count }
  public var laneLimit: Int { run.lanes.limit }
  public var isDone: Bool { run.lanes.isDone && sound?.isDone ?? true }
  /// Some frame shows another picture than the plan says, because its own could not be had.
  public var hasHeld: Bool { !run.held.isEmpty || !decoding.quarantined.isEmpty }
  public var openStreams: Int { run.slots.uses.count }
  /// Whether one more encoder would have something to do, if it had room.
  public var hasWorkForAnotherLane: Bool { run.lanes.hasWorkForAnother }
  /// Slots that a stream's decoder gets in all, at first.
  public func quota(_ handle: UInt32) -> UInt32 { UInt32(run.slots.uses[handle]?.quota ?? 0) }
  /// Jobs that a renderer has, with their output slots.
  public func jobs(of worker: Int) -> [(job: Int, slot: Int, generation: UInt32)] { composing.jobs(of: worker) }

  // MARK: filters

  public func hasFilter(_ key: UInt64) -> Bool { filtering.table.contains { key == 0 || $0.key == key } }
  /// nil for the key of any filter.
  public func filterName(_ key: UInt64) -> String? { filtering.table.first { $0.key == key }?.name }
  /// Filters that pictures wait for and that no worker serves, by name.
  public var missingFilters: [String] { filtering.missing(run) }
  /// Filter jobs of a worker, with their slots.
  public func filterJobs(of worker: Int) -> [(job: UInt32, slot: Int, generation: UInt32)] { filtering.jobs(of: worker) }

  // MARK: encoders and sound

  public func isWriting(_ segment: Int, _ worker: Int) -> Bool {
    run.lanes.contains { $0.encoder == worker && $0.writing.contains { $0.index == segment } }
  }

  /// How far an encoder has come in its segment: frames that it let go of. nil when it has none.
  public func reach(of encoder: Int) -> (segment: Int, frame: Int64)? {
    guard let lane = run.lanes.first(where: { $0.encoder == encoder && !$0.isDone }) else { return nil }
    let segment = lane.writing.first ?? lane.segments[lane.current]
    return (segment.index, lane.nextEncode - Int64(lane.encoding))
  }

  /// There is sound to be made.
  public var needsSound: Bool { sound?.isWritten == false }
  /// Slots that the audio worker is to fill.
  public func soundGrants(of worker: Int) -> [(slot: Int, generation: UInt32)] {
    sound?.grants(of: worker).map { ($0.slot, $0.generation) } ?? []
  }
  /// Blocks that the encoder of the sound has let go of.
  public var soundReach: Int64 { sound?.reach ?? 0 }
  /// Output frames' worth of sound that its encoder has.
  public var soundProgress: Int64 {
    guard let sound, sound.setup.blocks > 0 else { return 0 }
    return plan.frameCount * sound.nextEncode / sound.setup.blocks
  }

  // MARK: what is waited for

  /// Stage that the oldest frame of the first unfinished lane waits for; empty when none can be named.
  public var waitingFor: String {
    guard let lane = run.lanes.first(where: { !$0.isDone }) else {
      return sound.map { $0.isDone ? "" : $0.window.first?.ready == false ? "audio" : "encode" } ?? ""
    }
    if lane.nextCompose >= lane.end { return "encode" }
    guard let first = lane.window.first else {
      return run.slots.uses.values.contains { $0.isAwaitingFilter(at: lane.nextCompose) } ? "filter" : "decode"
    }
    if !first.ready { return "render" }
    if sound?.isAhead(of: first.number, lane: 0, run.canvas.rate) == false { return "audio" }
    return first.stage < run.outputStages ? "filter" : "encode"
  }

  /// What a worker was at, for the message about its death: the file and the frame.
  public func workDescription(of worker: Int) -> String {
    if let use = run.slots.uses.values.filter({ $0.worker == worker && !$0.ended }).min(by: { $0.next < $1.next }) {
      return "while it decoded \(plan.source(plan.stream(use.record).source).place) for frame \(use.next)"
    }
    if let work = filtering.work(of: worker, run.place) { return "at the \(work)" }
    if let sound, sound.worker == worker, let block = sound.nextToFill { return "while it mixed \(run.place.block(block))" }
    if let sound, sound.encoder == worker, !sound.isWritten {
      return "while it encoded the sound up to \(sound.sent.clock)"
    }
    if let job = composing.jobs.lazy.compactMap({ $0 }).first(where: { $0.worker == worker }) {
      return "while it rendered frame \(job.frame)"
    }
    if let lane = run.lanes.first(where: { $0.encoder == worker && !$0.isDone }) {
      return "while it encoded from frame \(lane.segments[min(lane.current, lane.segments.count - 1)].frames.lowerBound)"
    }
    return ""
  }
}
