import CSluice
import FrameModel
import SharedRing
import Timeline

/// What a death costs: the dead worker's grants and holds are taken back exactly, its work is issued again.
extension Scheduler {
  mutating func workerDied(_ worker: Int) {
    // One that was let go, or is ended for a reason of ours, ends with its streams under way, and nothing is to blame for it.
    let wasLetGo = leaving.remove(worker) != nil
    dismissed.remove(worker)
    if soundWorkerDied(worker) { return }
    if let index = decoders.firstIndex(of: worker) {
      decoders.remove(at: index)
      if !wasLetGo, !endedBlameless { suspectStreams(of: worker) }
      decoderDied(worker)
    } else if let index = renderers.firstIndex(of: worker) {
      renderers.remove(at: index)
      rendererDied(worker)
    } else if let index = encoders.firstIndex(of: worker) {
      encoders.remove(at: index)
      encoderDied(worker)
    } else {
      filterDied(worker)
    }
  }

  /// Published frames stay good; what was not published is decoded again from there by another decoder.
  private mutating func decoderDied(_ worker: Int) {
    for handle in uses.keys.sorted() where uses[handle]?.worker == worker {
      takeBack(handle, from: worker)
      if uses[handle]?.closing == true || uses[handle]?.next == uses[handle]?.frames.upperBound {
        uses[handle]?.ended = true
      }
      uses[handle]?.worker = nil
      uses[handle]?.parking = false
      retireIfIdle(handle)
    }
  }

  private mutating func rendererDied(_ worker: Int) {
    suspectJob(of: worker)
    defer { rewindHeld() }
    for index in jobs.indices {
      guard var job = jobs[index], job.worker == worker else { continue }
      for input in job.inputs where input.slot != UInt32(SLUICE_NO_SLOT) {
        ledger.hold(Int(input.slot), by: Ledger.queue)
        release(Int(input.slot), by: worker)
      }
      job.worker = nil
      // A new generation: a late word of the dead one must not pass for the next one's.
      let renewed = SlotReference(slot: job.slot.slot, generation: ledger.renew(job.slot.slot, owner: Scheduler.unassigned))
      for i in lanes[job.lane].window.indices where lanes[job.lane].window[i].slot == job.slot {
        lanes[job.lane].window[i].slot = renewed
      }
      if lanes[job.lane].previous?.slot == job.slot { lanes[job.lane].previous?.slot = renewed }
      job.slot = renewed
      job.sequence = nextSequence
      nextSequence += 1
      jobs[index] = job
    }
  }

  /// A segment is encoded from its first frame again, by a fresh encoder: the same bytes.
  private mutating func encoderDied(_ worker: Int) {
    for slot in ledger.slots.indices {
      let stream = ledger[slot].stream
      if ledger.reclaim(slot, from: worker) { becameFree(slot, stream: stream) }
    }
    guard let lane = lanes.firstIndex(where: { $0.encoder == worker }) else { return }
    lanes[lane].encoder = nil
    if !lanes[lane].isDone { rewind(lane) }
  }

  /// Ends a stream before its end: its pictures are let go, its decoder is told, its slots come back with its END.
  mutating func close(_ handle: UInt32) {
    guard var use = uses[handle] else { return }
    let dropped = use.deliveries
    use.deliveries.removeAll()
    use.closing = true
    if use.worker == nil { use.ended = true }
    let worker = use.worker
    uses[handle] = use
    let key = StreamKey(lane: use.lane ?? -1, index: use.record)
    if open[key] == handle { open[key] = nil }
    for delivery in dropped { release(delivery.slot.slot, by: Ledger.queue) }
    if let worker, !use.ended { actions.append(.close(worker: worker, handle: handle)) }
    retireIfIdle(handle)
  }
}
