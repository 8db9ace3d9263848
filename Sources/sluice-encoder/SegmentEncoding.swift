import CSluice
import ControlBus
import EncodeStage
import FrameModel
import SharedRing
import SluiceBase
import Timeline
import WorkerRuntime

/// One encoder at a time: BEGIN makes a fresh one, ENCODE feeds it slots, FINISH drains it and closes the segment's file.
/// Used from the encoding thread.
final class SegmentEncoding {
  private let worker: Worker
  private let plan: PlanView
  private let outputs: Monitor<[UInt32: FileDescriptor]>
  private var current: (output: VideoOutput, descriptor: FileDescriptor, firstFrame: Int64)? = nil

  init(worker: Worker, plan: PlanView, outputs: Monitor<[UInt32: FileDescriptor]>) {
    self.worker = worker
    self.plan = plan
    self.outputs = outputs
  }

  func take(_ message: Message) throws(SluiceError) {
    switch message.kind {
    case .begin: try begin(message)
    case .encode: try encode(message)
    case .finish: try finish(message)
    default: break
    }
  }

  private func begin(_ message: Message) throws(SluiceError) {
    KillPoint.beginBefore.pass()
    let descriptor = outputs.wait { $0.removeValue(forKey: message.job) }
    let settings = plan.output
    let input = plan.canvas.format
    let output =
      message.arg == 0
      ? try VideoOutput(settings: settings, input: input, fd: descriptor.raw, counters: worker.lease)
      : try VideoOutput(segmentOf: settings, input: input, fd: descriptor.raw, counters: worker.lease)
    current = (output, descriptor, message.frame)
    KillPoint.beginAfter.pass()
  }

  private func encode(_ message: Message) throws(SluiceError) {
    guard let current, let slot = worker.readable(message.slot, message.generation) else {
      throw SluiceError(.software, "slot \(message.slot) cannot be encoded")
    }
    guard let description = FrameDescription(reading: slot.memory, slotBytes: slot.bytes) else {
      throw SluiceError(.software, "the header of slot \(message.slot) is damaged")
    }
    let worker = worker
    KillPoint.readBefore.pass()
    defer { KillPoint.readAfter.pass() }
    try current.output.encode(slot, description: description, number: message.frame - current.firstFrame) {
      KillPoint.releaseBeforeStore.pass()
      worker.lease.markReleased(slot.index)
      KillPoint.releaseAfterStore.pass()
      worker.send(Message(.release, slot: slot.index, generation: slot.generation, frame: message.frame, count: 1))
    }
  }

  private func finish(_ message: Message) throws(SluiceError) {
    guard let finished = current else { return }
    let bytes = try finished.output.finish()
    current = nil  // its memory goes before the next encoder is made
    worker.send(Message(.finished, job: message.job, arg: bytes))
  }
}
