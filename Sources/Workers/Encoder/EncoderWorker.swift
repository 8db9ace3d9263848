import CSluice
import ControlBus
import EncodeStage
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase
import WorkerRuntime

/// Encodes segments one after another, each with a fresh encoder, on a thread of its own.
final class EncoderWorker {
  private let worker: Worker
  private let plan: PlanView
  private let queue = WorkQueue<Message>()
  /// Descriptors by segment: they come over the attach connection, their BEGIN over the bus.
  private let outputs = Monitor([UInt32: FileDescriptor]())

  init() throws(SluiceError) {
    KillPoint.arm(role: "encoder")
    let attachment = try Attachment.open(role: .encoder)
    guard let plan = PlanView(UnsafeRawPointer(attachment.plan.base), count: attachment.plan.bytes) else {
      throw SluiceError(.software, "the plan is not valid")
    }
    self.plan = plan
    worker = try Worker(attachment, files: EncoderFiles.of(plan.output))
  }

  func run() -> Bool {
    let worker = worker
    let queue = queue
    let outputs = outputs
    let plan = plan
    let thread = WorkThread("encode", stackBytes: 4 << 20) {
      let encoding = SegmentEncoding(worker: worker, plan: plan, outputs: outputs)
      while let message = queue.next() {
        do throws(SluiceError) {
          try encoding.take(message)
        } catch {
          worker.fail(error, frame: message.frame)
          return
        }
      }
    }
    let clean = worker.run(
      handle: { queue.push($0) },
      output: { segment, descriptor in outputs.with { $0[segment] = descriptor } })
    if clean {
      queue.close()
      thread.join()
    }
    return clean
  }
}
