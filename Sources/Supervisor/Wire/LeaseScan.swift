import Scheduling
import SharedRing
import SlotLedger
import SluiceBase

/// What a worker's lease says without a message: a lost doorbell costs time, never a slot or a frame.
enum LeaseScan {
  /// Uses of a slot that the worker has let go.
  static func takeReleases(of slot: Int, _ worker: WorkerHandle, _ scheduler: inout Scheduler) {
    guard let attachment = worker.attachment else { return }
    let count = attachment.releases.take(
      slot, released: attachment.lease.released(slot), uses: scheduler.ledger.uses(slot, by: attachment.index))
    guard count > 0 else { return }
    let generation = scheduler.ledger[slot].generation
    if worker.role.encodes {
      scheduler.handle(.encoderReleased(worker: attachment.index, slot: slot, generation: generation, count: count))
    } else {
      for _ in 0..<count {
        scheduler.handle(.codecReleased(worker: attachment.index, slot: slot, generation: generation))
      }
    }
  }

  /// Everything that it says and the scheduler does not know.
  static func read(_ worker: WorkerHandle, _ regions: RunRegions, _ clock: MonotonicClock, _ scheduler: inout Scheduler) {
    guard let attachment = worker.attachment else { return }
    let (index, lease) = (attachment.index, attachment.lease)
    if worker.role.encodes || worker.role == .decoder {
      for slot in scheduler.ledger.slots.indices where scheduler.ledger[slot].holders >> UInt64(index) & 1 != 0 {
        // What an encoder lets go is let go; a decoder may have more to say of it.
        let counts =
          worker.role.encodes
          || attachment.releases.isOverdue(
            slot, released: lease.released(slot), lastHeartbeat: attachment.lastHeartbeat, now: clock.now)
        if counts { takeReleases(of: slot, worker, &scheduler) }
      }
    }
    attachment.lastHeartbeat = lease.heartbeat
    for job in scheduler.filterJobs(of: index) where lease.done(job.slot) == job.generation {
      scheduler.handle(.filtered(worker: index, job: job.job, slot: job.slot, generation: job.generation))
    }
    if worker.role == .audio {
      for grant in scheduler.soundGrants(of: index) where lease.done(grant.slot) == grant.generation {
        scheduler.handle(
          .soundFilled(
            worker: index, slot: grant.slot, generation: grant.generation, header: regions.soundBlock(grant.slot)))
      }
    }
    for job in scheduler.jobs(of: index) where lease.done(job.slot) == job.generation {
      scheduler.handle(.rendered(worker: index, job: job.job, slot: job.slot, generation: job.generation))
    }
  }
}
