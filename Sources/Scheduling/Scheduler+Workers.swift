import SlotLedger

/// Workers come and go. What a death costs: the dead worker's grants and holds are taken back exactly, its work is issued again.
extension Scheduler {
  mutating func workerReady(_ worker: Int, _ role: WorkerRole) {
    guard !run.roster.contains(worker) else { return run.out.nonsense(worker, "it said twice that it is ready") }
    switch role {
    case .decoder: run.roster.decoders.append(worker)
    case .renderer: run.roster.renderers.append(worker)
    case .encoder:
      run.roster.encoders.append(worker)
      run.slots.encoders |= 1 << UInt64(worker)
    case .soundEncoder:
      if sound?.encoderReady(worker, &run.out) == nil { run.out.nonsense(worker, "one encoder of sound is enough") }
    case .audio:
      if sound?.workerReady(worker, &run.slots) == nil { run.out.nonsense(worker, "one audio worker is enough") }
    case .filter: filtering.workerReady(worker, serves: 0, credit: 1, &run.out)
    }
  }

  mutating func workerDied(_ worker: Int, _ cause: WorkerEnd) {
    let roster = run.roster
    let wasLeaving = run.roster.remove(worker)
    if sound?.workerDied(worker, cause, &run) == true { return }
    if roster.decoders.contains(worker) {
      // One that was let go ends with its streams under way, and nothing is to blame for it.
      decoding.decoderDied(worker, wasLeaving || !cause.suspectsWork ? nil : cause, &run)
    } else if roster.renderers.contains(worker) {
      composing.rendererDied(worker, cause, &run)
      rewindHeld()
    } else if roster.encoders.contains(worker) {
      encoderDied(worker)
    } else {
      filtering.workerDied(worker, cause, &run)
      rewindHeld()
    }
  }

  /// A segment is encoded from its first frame again, by a fresh encoder: the same bytes.
  private mutating func encoderDied(_ worker: Int) {
    run.slots.reclaimAll(from: worker)
    run.slots.encoders &= ~(1 << UInt64(worker))
    guard let lane = run.lanes.index(ofEncoder: worker) else { return }
    run.lanes[lane].encoder = nil
    if !run.lanes[lane].isDone { rewind(lane) }
  }

  /// What a worker has is finished, or begun elsewhere; nothing new comes to it.
  mutating func workerLeaving(_ worker: Int) {
    guard run.roster.leave(worker) else { return }
    if run.roster.renderers.contains(worker) { return composing.dismissIdle(&run) }
    if filtering.contains(worker) { return filtering.dismissIdle(&run) }
    // An encoder is dismissed when its lane is done.
    if let lane = run.lanes.index(ofEncoder: worker) { return run.lanes.giveBackUnstarted(lane) }
    // A decoder's streams go on elsewhere once it has ended, at the first picture that is missing.
    run.out.actions.append(.dismiss(worker: worker))
  }

  /// An attached encoder's lane needs slots of its own.
  mutating func makeRoom(_ count: Int) {
    let setup = run.setup
    run.lanes.raiseLimit(to: min(count, setup.lanes + setup.sizes.count - 1))
    run.slots.activate(setup.sizes[run.lanes.limit - setup.lanes])
  }

  // MARK: lanes

  /// Finished lanes get new runs, lanes without an encoder get one; what has become possible by an attach or a detach is done.
  mutating func arrangeLanes() {
    for lane in run.lanes.indices where run.lanes[lane].isDone { endRun(lane) }
    run.lanes.assign(run.roster.encoders, isLeaving: run.roster.isLeaving)
  }

  /// An encoder has ended its segment, or has none: it may have to go, and what its lane still held is let go.
  private mutating func endRun(_ lane: Int) {
    run.forgetPrevious(lane)
    filtering.forgetMemos(lane, &run.slots)
    // Streams that reach further than the run did, because its rear was taken away.
    for handle in run.slots.handles(lane: lane) { run.slots.close(handle) }
    guard let encoder = run.lanes[lane].encoder, run.roster.isLeaving(encoder) else { return }
    run.lanes[lane].encoder = nil
    run.out.actions.append(.dismiss(worker: encoder))
  }

  /// After the jobs of a worker that ended went back: lanes that have no encoder to be ended begin again at once.
  mutating func rewindHeld() {
    for lane in run.held.takeLanesToRewind() where !run.lanes[lane].isDone { rewind(lane) }
  }

  /// Drops everything between the lane's streams and its encoder, and begins again at the segment that was not written.
  private mutating func rewind(_ lane: Int) {
    for frame in run.lanes[lane].window where frame.ready { run.slots.release(frame.slot.slot, by: Ledger.queue) }
    run.lanes[lane].window.removeAll()
    run.forgetPrevious(lane)
    filtering.forgetMemos(lane, &run.slots)
    composing.dropJobs(lane: lane, &run.slots)
    for handle in run.slots.handles(lane: lane) { run.slots.close(handle) }
    run.out.counts.framesEncoded -= run.lanes[lane].rewind()
    if sound?.isOfLane == true { sound?.rewind(&run.slots.ledger) }
    run.slots.closeStills(run.lanes)
  }
}
