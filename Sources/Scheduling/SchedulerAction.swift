import CSchema
import Plan

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
  case finishSound(worker: Int, blocks: Int64)
  case soundDone(bytes: UInt64)
  /// It has done what it had, and may end.
  case dismiss(worker: Int)
  /// End it: its answer made no sense, or it is to begin anew.
  case kill(worker: Int, cause: WorkerEnd)
  /// What a worker that ended was at is not tried again: that explains its end and those of its predecessors.
  case quarantined(worker: Int)
  case segmentDone(Segment, bytes: UInt64)
  case warn(String)
  case fail(String, code: Int32)
}
