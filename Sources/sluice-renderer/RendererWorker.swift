import CSluice
import ControlBus
import FrameModel
import RenderStage
import SharedRing
import SluiceBase
import Timeline
import WorkerRuntime

/// Composites the frames that the supervisor asks for, one after another, on a thread of its own.
final class RendererWorker {
  private let worker: Worker
  private let plan: PlanView
  private let queue = WorkQueue<Message>()
  private static let poison = Poison(role: "renderer")

  init() throws(SluiceError) {
    KillPoint.arm(role: "renderer")
    worker = try Worker(try Attachment.open(role: SLUICE_ROLE_RENDERER), files: .none)
    guard let plan = PlanView(UnsafeRawPointer(worker.plan.base), count: worker.plan.bytes) else {
      throw SluiceError(.software, "the plan is not valid")
    }
    self.plan = plan
  }

  func run() -> Bool {
    let worker = worker
    let plan = plan
    let queue = queue
    let thread = WorkThread("render", stackBytes: 4 << 20) {
      let compositor = CPUCompositor(canvas: plan.canvas, counters: worker.lease) { plan.stream($0).isOnePicture }
      var layers: [Layer] = []
      while let message = queue.next() {
        let start = sluice_now_ns()
        do throws(SluiceError) {
          try Self.render(message, worker: worker, plan: plan, compositor: compositor, layers: &layers)
        } catch {
          worker.send(
            Message(.fail, frame: message.frame, count: UInt32(bitPattern: error.code.rawValue)), text: error.description)
        }
        worker.lease.add(.busyNanoseconds, sluice_now_ns() - start)
      }
    }
    let clean = worker.run { message in if message.kind == .render { queue.push(message) } }
    if clean {
      queue.close()
      thread.join()
    }
    return clean
  }

  private static func render(
    _ message: Message, worker: Worker, plan: PlanView, compositor: any Compositor, layers: inout [Layer]
  ) throws(SluiceError) {
    // A record that was filled anew since is a job that is nobody's any more.
    guard let job = worker.control.job(Int(message.job), sequence: message.arg), job.slot == message.slot,
      job.generation == message.generation
    else { return }
    guard let output = worker.writable(job.slot, job.generation) else {
      throw SluiceError(.software, "slot \(job.slot) is not ours to write")
    }
    KillPoint.fillBefore.pass()
    plan.layers(at: job.frame, into: &layers)
    let missing = Set(job.inputs.filter { $0.slot == UInt32(SLUICE_NO_SLOT) }.map { Int($0.stream) })
    layers.remove(streams: missing)
    try compositor.render(
      frame: job.frame, layers: layers,
      input: { stream in
        job.inputs.first { Int($0.stream) == stream }.flatMap { worker.readable($0.slot, $0.generation) }
      }, into: output)
    KillPoint.fillAfter.pass()
    poison?.strike("", job.frame..<job.frame + 1)
    KillPoint.publishBeforeDone.pass()
    worker.lease.markDone(job.slot, job.generation)
    KillPoint.publishAfterDone.pass()
    worker.lease.add(.frames, 1)
    worker.send(
      Message(.done, slot: job.slot, generation: job.generation, frame: job.frame, job: message.job, arg: message.arg))
  }
}

extension StreamRecord {
  /// A still whose effects do not change either.
  fileprivate var isOnePicture: Bool { isStill && parameters.isEmpty }
}
