import CSluice
import FrameModel
import SharedRing
import Timeline

/// Output frames: composed in order (bypass, reuse or a render job), handed to the lane's encoder in order.
extension Scheduler {
  mutating func compose(_ lane: Int) {
    while lanes[lane].nextCompose < min(lanes[lane].end, horizon), composeNext(lane) {
      lanes[lane].nextCompose += 1
      appendHeld(lane)
      dropPassed(lane)
      openStreams(lane)
      placeStreams()
    }
  }

  /// False when the next frame must wait: for a picture, an output slot, a job record, or the encoder.
  private mutating func composeNext(_ lane: Int) -> Bool {
    // Frames that only wait for the encoder are bounded too, whatever they cost.
    guard lanes[lane].window.count < longestWindow || dropOldest(lane) else { return false }
    let frame = lanes[lane].nextCompose
    let layers = layers(at: frame)
    // A frame that cannot be drawn, and has none before it in its segment: the canvas without pictures.
    if heldFrames.contains(frame) {
      return issueRender(lane, frame, FrameSignature(layers: layers, inputs: layers.map { _ in nil }))
    }
    guard let inputs = resolve(layers, lane: lane, frame: frame) else { return false }

    if layers.count == 1, let slot = inputs[0], let picture = describe(slot.slot),
      layers[0].isIdentity(of: picture, canvas: canvas)
    {
      ledger.hold(slot.slot, by: Ledger.queue)
      lanes[lane].window.append(OutputFrame(number: frame, slot: slot, ready: true))
      counts.bypassed += 1
      return true
    }
    let signature = FrameSignature(layers: layers, inputs: inputs)
    if let previous = lanes[lane].previous, previous.signature == signature {
      let ready = ledger[previous.slot.slot].state == .ready
      if ready { ledger.hold(previous.slot.slot, by: Ledger.queue) }
      lanes[lane].window.append(OutputFrame(number: frame, slot: previous.slot, ready: ready))
      counts.reused += 1
      return true
    }
    return issueRender(lane, frame, signature)
  }

  /// The slot of every layer's picture (nil for fills and for failed streams), or nil when one is still to come.
  private func resolve(_ layers: [Layer], lane: Int, frame: Int64) -> [SlotReference?]? {
    var inputs: [SlotReference?] = []
    for layer in layers {
      guard layer.stream >= 0 else {
        inputs.append(nil)
        continue
      }
      guard
        let handle = open[StreamKey(lane: lane, index: layer.stream)] ?? open[StreamKey(lane: -1, index: layer.stream)],
        let use = uses[handle]
      else { return nil }
      guard let slot = use.delivery(at: frame) else {
        if use.failed, !use.isAwaitingFilter(at: frame) {
          inputs.append(nil)
          continue
        }
        return nil
      }
      inputs.append(slot)
    }
    return inputs
  }

  private mutating func issueRender(_ lane: Int, _ frame: Int64, _ signature: FrameSignature) -> Bool {
    guard !renderers.isEmpty, let job = jobs.firstIndex(where: { $0 == nil }) else { return false }
    // The slot that reuse kept back is worth less than going on.
    if lanes[lane].outputSlots >= setup.outputSlotsPerLane { forgetPrevious(lane) }
    if lanes[lane].outputSlots >= setup.outputSlotsPerLane { _ = dropOldest(lane) }
    guard lanes[lane].outputSlots < setup.outputSlotsPerLane,
      let slot = ledger.grant(
        ring: setup.outputRing, to: Scheduler.unassigned, stream: Scheduler.outputStream(lane: lane), frame: frame)
    else { return false }
    lanes[lane].outputSlots += 1
    var inputs: [sluice_input] = []
    for (layer, input) in zip(signature.layers, signature.inputs) where layer.stream >= 0 {
      guard !inputs.contains(where: { $0.stream == UInt32(layer.stream) }) else { continue }
      inputs.append(
        sluice_input(
          stream: UInt32(layer.stream), slot: input.map { UInt32($0.slot) } ?? UInt32(SLUICE_NO_SLOT),
          generation: input?.generation ?? 0, reserved: 0))
      // Held by the queue until a renderer takes the job, so that what the playhead passes stays.
      if let input { ledger.hold(input.slot, by: Ledger.queue) }
    }
    let reference = SlotReference(slot: slot, generation: ledger[slot].generation)
    jobs[job] = RenderJob(sequence: nextSequence, lane: lane, frame: frame, slot: reference, worker: nil, inputs: inputs)
    nextSequence += 1
    forgetPrevious(lane)
    lanes[lane].previous = (reference, signature)
    lanes[lane].window.append(OutputFrame(number: frame, slot: reference, ready: false))
    counts.rendered += 1
    return true
  }

  /// Owner of an output slot whose job waits for a renderer.
  static let unassigned = 62
  /// Workers of a run; some numbers are kept for successors.
  static let mostWorkers = unassigned - 8

  mutating func forgetPrevious(_ lane: Int) {
    guard let previous = lanes[lane].previous else { return }
    lanes[lane].previous = nil
    if lanes[lane].previousHeld { release(previous.slot.slot, by: Ledger.queue) }
    lanes[lane].previousHeld = false
  }

  /// Gives waiting jobs, the oldest first, to renderers with credit; a lane's frames go to one renderer where it has room,
  /// because what it has scaled before lies there.
  mutating func dispatchJobs() {
    let renderers = renderers.filter { !leaving.contains($0) }
    guard !renderers.isEmpty else { return }
    let waiting = jobs.indices.filter { jobs[$0] != nil && jobs[$0]?.worker == nil && !isHeld(jobs[$0]) }
      .sorted { (jobs[$0]?.sequence ?? 0) < (jobs[$1]?.sequence ?? 0) }
    for index in waiting {
      guard var job = jobs[index] else { continue }
      var load: [Int: Int] = [:]
      for case let other? in jobs { if let worker = other.worker { load[worker, default: 0] += 1 } }
      let preferred = renderers[job.lane % renderers.count]
      guard
        let worker = renderers.min(by: {
          (load[$0] ?? 0, $0 == preferred ? 0 : 1, $0) < (load[$1] ?? 0, $1 == preferred ? 0 : 1, $1)
        }), load[worker] ?? 0 < setup.renderCredit
      else { return }
      job.worker = worker
      for input in job.inputs where input.slot != UInt32(SLUICE_NO_SLOT) {
        ledger.hold(Int(input.slot), by: worker)
        release(Int(input.slot), by: Ledger.queue)
      }
      ledger.reassign(job.slot.slot, to: worker)
      jobs[index] = job
      actions.append(
        .render(
          worker: worker, job: index, sequence: job.sequence, frame: job.frame, slot: job.slot.slot,
          generation: job.slot.generation, inputs: job.inputs))
    }
  }

  mutating func rendered(_ worker: Int, _ index: Int, _ slot: Int, _ generation: UInt32) {
    guard jobs.indices.contains(index) else { return nonsense(worker, "job \(index) is out of range") }
    guard let job = jobs[index], job.worker == worker, job.slot == SlotReference(slot: slot, generation: generation) else {
      return
    }
    guard describe(slot)?.number == job.frame, ledger.publish(slot, generation: generation, owner: worker, frame: job.frame)
    else {
      return nonsense(worker, "slot \(slot) has no valid header of frame \(job.frame)")
    }
    jobs[index] = nil
    suspectFrames[job.frame] = nil
    if !leaving.isEmpty { dismissIdleRenderers() }
    let lane = job.lane
    for i in lanes[lane].window.indices where lanes[lane].window[i].slot == job.slot && !lanes[lane].window[i].ready {
      ledger.hold(slot, by: Ledger.queue)
      lanes[lane].window[i].ready = true
    }
    if lanes[lane].previous?.slot == job.slot {
      ledger.hold(slot, by: Ledger.queue)
      lanes[lane].previousHeld = true
    }
    dropInputs(job, holder: worker)
    if ledger[slot].holders == 0 {  // its lane began again meanwhile
      ledger.hold(slot, by: Ledger.queue)
      release(slot, by: Ledger.queue)
    }
  }

  /// Sends ready frames to the lane's encoder, in order, within its credit.
  mutating func encode(_ lane: Int) {
    guard let encoder = lanes[lane].encoder else { return }
    while lanes[lane].current < lanes[lane].segments.count {
      let segment = lanes[lane].segments[lanes[lane].current]
      if !lanes[lane].begun {
        lanes[lane].begun = true
        actions.append(.begin(worker: encoder, segment: segment))
      }
      while let first = lanes[lane].window.first, first.ready, first.stage == filtering.output.count,
        segment.frames.contains(first.number), isSoundAhead(of: first.number, lane: lane),
        lanes[lane].encoding < setup.encodeCredit
      {
        lanes[lane].window.removeFirst()
        ledger.hold(first.slot.slot, by: encoder)
        release(first.slot.slot, by: Ledger.queue)
        lanes[lane].encoding += 1
        lanes[lane].nextEncode = first.number + 1
        counts.framesEncoded += 1
        actions.append(
          .encode(worker: encoder, frame: first.number, slot: first.slot.slot, generation: first.slot.generation))
      }
      guard lanes[lane].nextEncode == segment.frames.upperBound, isSoundSent else { return }
      actions.append(.finish(worker: encoder, segment: segment))
      lanes[lane].writing.append(segment)
      lanes[lane].current += 1
      lanes[lane].begun = false
    }
  }

  mutating func encoderReleased(_ worker: Int, _ slot: Int, _ generation: UInt32, _ count: Int) {
    guard slot >= 0, slot < ledger.slots.count else { return nonsense(worker, "slot \(slot) is out of range") }
    if soundReleased(worker, slot, generation, count) { return }
    guard ledger[slot].generation == generation, let lane = lanes.firstIndex(where: { $0.encoder == worker }) else { return }
    guard count > 0, count <= ledger.uses(slot, by: worker) else {
      return nonsense(worker, "slot \(slot) was given back more often than it was lent")
    }
    lanes[lane].encoding -= count
    for _ in 0..<count { release(slot, by: worker) }
  }

  func isWriting(_ segment: Int, _ worker: Int) -> Bool {
    lanes.contains { $0.encoder == worker && $0.writing.contains { $0.index == segment } }
  }

  mutating func segmentWritten(_ worker: Int, _ segment: Int, _ bytes: UInt64) {
    guard let lane = lanes.firstIndex(where: { $0.encoder == worker }),
      let index = lanes[lane].writing.firstIndex(where: { $0.index == segment })
    else { return nonsense(worker, "segment \(segment) is not being written") }
    actions.append(.segmentDone(lanes[lane].writing.remove(at: index), bytes: bytes))
  }

  /// Drops everything between the lane's streams and its encoder, and begins again at the segment that was not written.
  mutating func rewind(_ lane: Int) {
    for frame in lanes[lane].window where frame.ready { release(frame.slot.slot, by: Ledger.queue) }
    lanes[lane].window.removeAll()
    forgetPrevious(lane)
    forgetMemos(lane)
    for index in jobs.indices {
      guard let job = jobs[index], job.lane == lane else { continue }
      if job.worker == nil {
        dropInputs(job, holder: Ledger.queue)
        jobs[index] = nil
        ledger.revoke(job.slot.slot)
        lanes[lane].outputSlots -= 1
      }
      // A renderer that is at work ends its job as usual; nobody waits for the frame, so its slot comes back then.
    }
    for handle in uses.keys.sorted() where uses[handle]?.lane == lane && uses[handle]?.closing == false { close(handle) }
    if let pending = lanes[lane].writing.first, let back = lanes[lane].segments.firstIndex(of: pending) {
      lanes[lane].current = back
    }
    lanes[lane].writing.removeAll()
    lanes[lane].begun = false
    lanes[lane].encoding = 0
    let start = lanes[lane].segments[lanes[lane].current].frames.lowerBound
    counts.framesEncoded -= lanes[lane].nextEncode - start
    lanes[lane].nextEncode = start
    lanes[lane].nextCompose = start
    lanes[lane].nextStream = 0
    if sound?.setup.destination == .lane { rewindSound() }
    closeStills()
  }

  mutating func dropInputs(_ job: RenderJob, holder: Int) {
    for input in job.inputs where input.slot != UInt32(SLUICE_NO_SLOT) { release(Int(input.slot), by: holder) }
  }
}
