import FrameModel
import SlotLedger

/// What happened, as far as the scheduler cares. Worker numbers are indices of the control bus.
public enum SchedulerEvent: Sendable {
  /// A filter says more about itself with `filterReady`.
  case workerReady(Int, role: WorkerRole)
  /// Dead, and waited for: it writes no more.
  case workerDied(Int, cause: WorkerEnd)
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
  /// `header`: what the slot says of itself.
  case soundFilled(worker: Int, slot: Int, generation: UInt32, header: SoundBlock?)
  case soundWritten(worker: Int, bytes: UInt64)
}
