import CSchema
import FrameModel
import Plan
import SlotLedger

/// Output frames from their layers: each lane's frames are composed in order, as an untouched picture, as the frame before, or by a
/// renderer. Jobs wait for renderers with credit; a job's output slot is granted with it, in frame order, so the oldest frame always
/// owns one.
struct Composing: Sendable {
  private(set) var jobs: [RenderJob?]
  private var nextSequence: UInt64 = 1
  /// Frames from here on are not begun yet: a preview keeps to real time.
  private(set) var horizon = Int64.max
  /// Layers of the frame that was looked at last: its lane may wait at it.
  private var layers: [Layer] = []
  private var layersFrame: Int64 = -1

  init(jobs count: Int) { jobs = Array(repeating: nil, count: count) }

  /// Frames before `frame` may be begun.
  mutating func allow(before frame: Int64) { horizon = max(frame, 0) }

  // MARK: the next frame

  /// Begins a lane's next frame. False when it must wait: for a picture, an output slot, a job record, or the encoder.
  mutating func composeNext(_ lane: Int, _ run: inout RunState) -> Bool {
    let frame = run.lanes[lane].nextCompose
    guard frame < min(run.lanes[lane].end, horizon) else { return false }
    // Frames that only wait for the encoder are bounded too, whatever they cost.
    guard run.lanes[lane].window.count < run.setup.longestWindow || run.dropOldest(lane) else { return false }
    guard compose(frame, lane, &run) else { return false }
    run.lanes[lane].nextCompose += 1
    appendHeld(lane, &run)
    return true
  }

  private mutating func compose(_ frame: Int64, _ lane: Int, _ run: inout RunState) -> Bool {
    let layers = layers(at: frame, run.plan)
    // A frame that cannot be drawn, and has none before it in its segment: the canvas without pictures.
    if run.held.contains(frame) {
      return issueRender(lane, frame, FrameSignature(layers: layers, inputs: layers.map { _ in nil }), &run)
    }
    guard let inputs = resolve(layers, lane: lane, frame: frame, run.slots) else { return false }

    if layers.count == 1, let slot = inputs[0], let picture = run.slots.describe(slot.slot),
      layers[0].isIdentity(of: picture, canvas: run.canvas)
    {
      run.slots.ledger.hold(slot.slot, by: Ledger.queue)
      run.lanes[lane].window.append(OutputFrame(number: frame, slot: slot, ready: true))
      run.out.counts.bypassed += 1
      return true
    }
    let signature = FrameSignature(layers: layers, inputs: inputs)
    if let previous = run.lanes[lane].previous, previous.signature == signature {
      let ready = run.slots.ledger[previous.slot.slot].state == .ready
      if ready { run.slots.ledger.hold(previous.slot.slot, by: Ledger.queue) }
      run.lanes[lane].window.append(OutputFrame(number: frame, slot: previous.slot, ready: ready))
      run.out.counts.reused += 1
      return true
    }
    return issueRender(lane, frame, signature, &run)
  }

  private mutating func layers(at frame: Int64, _ plan: PlanView) -> [Layer] {
    if layersFrame != frame {
      plan.layers(at: frame, into: &layers)
      layersFrame = frame
    }
    return layers
  }

  /// The slot of every layer's picture (nil for fills and for failed streams), or nil when one is still to come.
  private func resolve(_ layers: [Layer], lane: Int, frame: Int64, _ slots: SlotAccounts) -> [SlotReference?]? {
    var inputs: [SlotReference?] = []
    for layer in layers {
      guard layer.stream >= 0 else {
        inputs.append(nil)
        continue
      }
      guard let use = slots.use(of: layer.stream, lane: lane) else { return nil }
      let slot = use.delivery(at: frame)
      guard slot != nil || use.failed && !use.isAwaitingFilter(at: frame) else { return nil }
      inputs.append(slot)
    }
    return inputs
  }

  private mutating func issueRender(_ lane: Int, _ frame: Int64, _ signature: FrameSignature, _ run: inout RunState) -> Bool {
    guard !run.roster.renderers.isEmpty, let job = jobs.firstIndex(where: { $0 == nil }) else { return false }
    // The slot that reuse kept back is worth less than going on.
    if run.slots.outputSlots[lane] >= run.setup.outputSlotsPerLane { run.forgetPrevious(lane) }
    if run.slots.outputSlots[lane] >= run.setup.outputSlotsPerLane { _ = run.dropOldest(lane) }
    guard let slot = run.slots.grantOutput(lane: lane, frame: frame) else { return false }
    var inputs: [sluice_input] = []
    for (layer, input) in zip(signature.layers, signature.inputs) where layer.stream >= 0 {
      guard !inputs.contains(where: { $0.stream == UInt32(layer.stream) }) else { continue }
      inputs.append(
        sluice_input(
          stream: UInt32(layer.stream), slot: input.map { UInt32($0.slot) } ?? UInt32(SLUICE_NO_SLOT),
          generation: input?.generation ?? 0, reserved: 0))
      // Held by the queue until a renderer takes the job, so that what the playhead passes stays.
      if let input { run.slots.ledger.hold(input.slot, by: Ledger.queue) }
    }
    jobs[job] = RenderJob(sequence: nextSequence, lane: lane, frame: frame, slot: slot, worker: nil, inputs: inputs)
    nextSequence += 1
    run.forgetPrevious(lane)
    run.lanes[lane].previous = (slot, signature)
    run.lanes[lane].window.append(OutputFrame(number: frame, slot: slot, ready: false))
    run.out.counts.rendered += 1
    return true
  }

  /// A held frame shows what the one before it in its segment shows: that one's slot goes to the encoder once more.
  private func appendHeld(_ lane: Int, _ run: inout RunState) {
    while !run.held.frames.isEmpty, run.held.contains(run.lanes[lane].nextCompose), let last = run.lanes[lane].window.last,
      last.number + 1 == run.lanes[lane].nextCompose,
      run.lanes[lane].segments.contains(where: { $0.frames.contains(last.number) && $0.frames.contains(last.number + 1) })
    {
      if last.ready { run.slots.ledger.hold(last.slot.slot, by: Ledger.queue) }
      var held = last
      held.number += 1
      held.shown = last.filterFrame
      run.lanes[lane].window.append(held)
      run.out.counts.reused += 1
      run.lanes[lane].nextCompose += 1
    }
  }

  // MARK: jobs

  /// Jobs that a worker has, with their output slots.
  func jobs(of worker: Int) -> [(job: Int, slot: Int, generation: UInt32)] {
    jobs.indices.compactMap { index in
      jobs[index].flatMap { $0.worker == worker ? (index, $0.slot.slot, $0.slot.generation) : nil }
    }
  }

  /// The job that a renderer is at: of those that it has the first.
  func current(of worker: Int) -> RenderJob? {
    jobs.compactMap { $0?.worker == worker ? $0 : nil }.min { $0.sequence < $1.sequence }
  }

  /// Gives waiting jobs, the oldest first, to renderers with credit; a lane's frames go to one renderer where it has room,
  /// because what it has scaled before lies there.
  mutating func dispatchJobs(_ run: inout RunState) {
    let renderers = run.roster.stayingRenderers
    guard !renderers.isEmpty else { return }
    let waiting = jobs.indices.filter { jobs[$0].map { $0.worker == nil && !Self.isHeld($0, run.held) } ?? false }
      .sorted { (jobs[$0]?.sequence ?? 0) < (jobs[$1]?.sequence ?? 0) }
    for index in waiting {
      guard var job = jobs[index] else { continue }
      var load: [Int: Int] = [:]
      for case let other? in jobs { if let worker = other.worker { load[worker, default: 0] += 1 } }
      let preferred = renderers[job.lane % renderers.count]
      guard
        let worker = renderers.min(by: {
          (load[$0] ?? 0, $0 == preferred ? 0 : 1, $0) < (load[$1] ?? 0, $1 == preferred ? 0 : 1, $1)
        }), load[worker] ?? 0 < run.setup.renderCredit
      else { return }
      job.worker = worker
      for input in job.inputs where input.slot != UInt32(SLUICE_NO_SLOT) {
        run.slots.ledger.hold(Int(input.slot), by: worker)
        run.slots.release(Int(input.slot), by: Ledger.queue)
      }
      run.slots.ledger.reassign(job.slot.slot, to: worker)
      jobs[index] = job
      run.out.actions.append(
        .render(
          worker: worker, job: index, sequence: job.sequence, frame: job.frame, slot: job.slot.slot,
          generation: job.slot.generation, inputs: job.inputs))
    }
  }

  /// It waits for its lane to begin again.
  private static func isHeld(_ job: RenderJob, _ held: HeldPictures) -> Bool {
    held.contains(job.frame) && !job.inputs.allSatisfy { $0.slot == UInt32(SLUICE_NO_SLOT) }
  }

  mutating func rendered(_ worker: Int, _ index: Int, _ output: SlotReference, _ run: inout RunState) {
    guard jobs.indices.contains(index) else { return run.out.nonsense(worker, "job \(index) is out of range") }
    guard let job = jobs[index], job.worker == worker, job.slot == output else { return }
    let slot = output.slot
    guard run.slots.describe(slot)?.number == job.frame,
      run.slots.ledger.publish(slot, generation: output.generation, owner: worker, frame: job.frame)
    else {
      return run.out.nonsense(worker, "slot \(slot) has no valid header of frame \(job.frame)")
    }
    jobs[index] = nil
    run.faults.clear(.frame(job.frame))
    dismissIdle(&run)
    let lane = job.lane
    for i in run.lanes[lane].window.indices
    where run.lanes[lane].window[i].slot == job.slot && !run.lanes[lane].window[i].ready {
      run.slots.ledger.hold(slot, by: Ledger.queue)
      run.lanes[lane].window[i].ready = true
    }
    if run.lanes[lane].previous?.slot == job.slot {
      run.slots.ledger.hold(slot, by: Ledger.queue)
      run.lanes[lane].previousHeld = true
    }
    Self.dropInputs(job, holder: worker, &run.slots)
    // Its lane began again meanwhile: nobody waits for the frame.
    if run.slots.ledger[slot].holders == 0 { run.slots.freeUnheld(slot) }
  }

  private static func dropInputs(_ job: RenderJob, holder: Int, _ slots: inout SlotAccounts) {
    for input in job.inputs where input.slot != UInt32(SLUICE_NO_SLOT) { slots.release(Int(input.slot), by: holder) }
  }

  /// Those that are to go and have no job.
  func dismissIdle(_ run: inout RunState) {
    guard !run.roster.leaving.isEmpty else { return }
    for worker in run.roster.renderers where run.roster.isLeaving(worker) && !jobs.contains(where: { $0?.worker == worker }) {
      if run.roster.dismiss(worker) { run.out.actions.append(.dismiss(worker: worker)) }
    }
  }

  /// Jobs of a lane that begins again: those that no renderer has are dropped. A renderer that is at work ends its job as usual;
  /// nobody waits for the frame, so its slot comes back then.
  mutating func dropJobs(lane: Int, _ slots: inout SlotAccounts) {
    for index in jobs.indices {
      guard let job = jobs[index], job.lane == lane, job.worker == nil else { continue }
      Self.dropInputs(job, holder: Ledger.queue, &slots)
      jobs[index] = nil
      slots.revokeOutput(job.slot.slot, lane: lane)
    }
  }

  // MARK: deaths

  mutating func rendererDied(_ worker: Int, _ cause: WorkerEnd, _ run: inout RunState) {
    if cause.suspectsWork, let job = current(of: worker) { suspect(job, worker, cause, &run) }
    for index in jobs.indices {
      guard var job = jobs[index], job.worker == worker else { continue }
      for input in job.inputs where input.slot != UInt32(SLUICE_NO_SLOT) {
        run.slots.ledger.hold(Int(input.slot), by: Ledger.queue)
        run.slots.release(Int(input.slot), by: worker)
      }
      job.worker = nil
      // A new generation: a late word of the dead one must not pass for the next one's.
      let renewed = SlotReference(
        slot: job.slot.slot, generation: run.slots.ledger.renew(job.slot.slot, owner: Scheduler.unassigned))
      run.lanes[job.lane].replace(job.slot, with: renewed)
      job.slot = renewed
      job.sequence = nextSequence
      nextSequence += 1
      jobs[index] = job
    }
  }

  private func suspect(_ job: RenderJob, _ worker: Int, _ cause: WorkerEnd, _ run: inout RunState) {
    guard let deaths = run.faults.blame(.frame(job.frame), limit: run.setup.faultLimits.renderer) else { return }
    run.out.actions.append(.quarantined(worker: worker))
    let text =
      "\(run.place.frame(job.frame)): the renderer ended \(PlaceText.times(deaths))while it drew this"
      + "\(run.place.sources(of: job.inputs.map { Int($0.stream) })), at last with \(cause.words)"
    guard run.setup.holdOnError, !run.held.contains(job.frame) else { return run.out.fail(text, code: 70) }
    run.out.warn("\(text); the frame before is held")
    run.hold(job.frame..<job.frame + 1, lane: job.lane)
  }
}
