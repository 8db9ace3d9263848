import CSluice
import ControlBus
import Plan
import Scheduling

/// What an action of the scheduler is in a message; the counterpart of `MessageMeaning`.
enum ActionMessage {
  /// The message, and the worker that it is for; nil: the action is no message, or one with a deed before it.
  /// - Parameter quota: slots that a stream's lane may have of it. The lane may need less than the plan's record has; slots are counted
  ///   by the record.
  static func of(_ action: SchedulerAction, quota: (UInt32) -> UInt32) -> (worker: Int, message: Message)? {
    switch action {
    case .open(let worker, let handle, let stream, let first, let end):
      (worker, Message(.open, frame: first, stream: handle, count: quota(handle), arg: UInt64(stream), arg2: UInt64(end)))
    case .grant(let worker, let handle, let slot, let generation):
      (worker, Message(.grant, slot: UInt32(slot), generation: generation, stream: handle))
    case .deny(let worker, let handle): (worker, Message(.grant, stream: handle))
    case .close(let worker, let handle): (worker, Message(.close, stream: handle))
    case .render(let worker, let job, let sequence, let frame, let slot, let generation, _):
      (worker, Message(.render, slot: UInt32(slot), generation: generation, frame: frame, job: UInt32(job), arg: sequence))
    case .filter(let worker, let job, let filter, let stream, let frame, let input, let output):
      (worker, self.filter(job, filter, stream, frame, input, output))
    case .encode(let worker, let frame, let slot, let generation):
      (worker, Message(.encode, slot: UInt32(slot), generation: generation, frame: frame))
    case .finish(let worker, let segment):
      (
        worker,
        Message(.finish, frame: segment.frames.upperBound, job: UInt32(segment.index), count: UInt32(segment.frames.count))
      )
    case .fillSound(let worker, let slot, let generation, let block):
      (worker, Message(.grant, slot: UInt32(slot), generation: generation, frame: block, stream: Scheduler.soundStream))
    case .encodeSound(let worker, let slot, let generation, let block):
      (worker, Message(.encode, slot: UInt32(slot), generation: generation, frame: block, stream: Scheduler.soundStream))
    case .finishSound(let worker, let blocks):
      (worker, Message(.finish, frame: blocks, job: UInt32(SLUICE_JOB_SOUND), count: UInt32(clamping: blocks)))
    case .begin, .beginSound, .soundDone, .dismiss, .kill, .quarantined, .segmentDone, .warn, .fail: nil
    }
  }

  private static func filter(
    _ job: UInt32, _ filter: Int, _ stream: Int?, _ frame: Int64, _ input: (slot: Int, generation: UInt32),
    _ output: (slot: Int, generation: UInt32)
  ) -> Message {
    var message = Message(
      .filter, slot: UInt32(input.slot), generation: input.generation, frame: frame,
      stream: stream.map { UInt32($0) } ?? UInt32.max, job: job, arg: UInt64(filter))
    message.slot2 = UInt32(output.slot)
    message.generation2 = output.generation
    return message
  }

  /// After the file was handed over that a segment is to be written into. `inOrder`: into the output itself.
  static func begin(_ segment: Segment, inOrder: Bool) -> Message {
    let kind = inOrder ? SLUICE_BEGIN_OUTPUT : SLUICE_BEGIN_SEGMENT
    return Message(
      .begin, frame: segment.frames.lowerBound, job: UInt32(segment.index), count: UInt32(segment.frames.count),
      arg: UInt64(kind.rawValue))
  }

  /// The same of the sound.
  static func beginSound(inOrder: Bool) -> Message {
    let kind = inOrder ? SLUICE_BEGIN_OUTPUT : SLUICE_BEGIN_SOUND
    return Message(.begin, job: UInt32(SLUICE_JOB_SOUND), arg: UInt64(kind.rawValue))
  }
}
