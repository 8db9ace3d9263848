import CSluice
import Compositing
import ControlBus
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase
import WorkerRuntime

/// Composites the frames that the supervisor asks for, on a thread of its own.
final class RendererWorker {
  private let worker: Worker
  private let plan: PlanView
  private let makeCompositor: RendererProgram.MakeCompositor
  private let queue = WorkQueue<Message>()

  init(_ makeCompositor: @escaping RendererProgram.MakeCompositor) throws(SluiceError) {
    KillPoint.arm(role: "renderer")
    self.makeCompositor = makeCompositor
    worker = try Worker(try Attachment.open(role: .renderer), files: .none)
    guard let plan = PlanView(UnsafeRawPointer(worker.plan.base), count: worker.plan.bytes) else {
      throw SluiceError(.software, "the plan is not valid")
    }
    self.plan = plan
  }

  /// Serves until QUIT; false when the supervisor is gone.
  func run() -> Bool {
    let (worker, plan, queue, makeCompositor) = (worker, plan, queue, makeCompositor)
    let thread = WorkThread("render", stackBytes: 4 << 20) {
      do throws(SluiceError) {
        let compositor = try makeCompositor(plan.canvas, worker.lease) { plan.stream($0).isOnePicture }
        RenderLoop(compositor: compositor, desk: PlanDesk(worker, plan), counters: worker.lease).run(queue)
      } catch {
        while let message = queue.next() { worker.fail(error, frame: message.frame) }
      }
    }
    let clean = worker.run { message in if message.kind == .render { queue.push(message) } }
    if clean {
      queue.close()
      thread.join()
    }
    return clean
  }
}

/// Finds the jobs in the control region and the layers in the plan, and tells the supervisor of what is done.
private final class PlanDesk: RenderDesk {
  private let worker: Worker
  private let plan: PlanView
  private let poison = Poison(role: "renderer")

  init(_ worker: Worker, _ plan: PlanView) {
    self.worker = worker
    self.plan = plan
  }

  func job(_ message: Message) throws(SluiceError) -> RenderJob? {
    // The record may have been filled anew since: the job is another worker's by now, or nobody's.
    guard let job = worker.control.job(Int(message.job), sequence: message.arg), job.slot == message.slot,
      job.generation == message.generation
    else { return nil }
    guard let output = worker.writable(job.slot, job.generation) else {
      throw SluiceError(.software, "slot \(job.slot) is not ours to write")
    }
    KillPoint.fillBefore.pass()
    var layers: [Layer] = []
    plan.layers(at: job.frame, into: &layers)
    layers.remove(streams: Set(job.inputs.filter { $0.slot == UInt32(SLUICE_NO_SLOT) }.map { Int($0.stream) }))
    let worker = worker
    return RenderJob(
      message: message, frame: job.frame, layers: layers,
      input: { stream in
        job.inputs.first { Int($0.stream) == stream }.flatMap { worker.readable($0.slot, $0.generation) }
      }, output: output)
  }

  func finished(_ message: Message, _ output: WritableSlot) {
    KillPoint.fillAfter.pass()
    poison?.strike("", message.frame..<message.frame + 1)
    KillPoint.publishBeforeDone.pass()
    worker.lease.markDone(output.index, output.generation)
    KillPoint.publishAfterDone.pass()
    worker.lease.add(.frames, 1)
    worker.send(
      Message(
        .done, slot: output.index, generation: output.generation, frame: message.frame, job: message.job, arg: message.arg))
  }

  func failed(_ message: Message, _ error: SluiceError) { worker.fail(error, frame: message.frame) }
}

extension StreamRecord {
  /// A still whose effects do not change either.
  fileprivate var isOnePicture: Bool { isStill && parameters.isEmpty }
}
