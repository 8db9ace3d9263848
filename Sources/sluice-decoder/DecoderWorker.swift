import CSluice
import ControlBus
import DecodeStage
import FrameModel
import SharedRing
import SluiceBase
import Timeline
import WorkerRuntime

/// Runs the decode streams that the supervisor opens, each on a thread of its own.
final class DecoderWorker {
  private let worker: Worker
  private let plan: PlanView
  /// Open streams by handle; touched by the bus thread only.
  private var streams: [UInt32: StreamSlots] = [:]
  /// Grants that came before their OPEN never happen: the supervisor sends OPEN first.
  private let ended = Monitor([UInt32]())

  init() throws(SluiceError) {
    worker = try Worker(try Attachment.open(role: SLUICE_ROLE_DECODER))
    guard let plan = PlanView(UnsafeRawPointer(worker.plan.base), count: worker.plan.bytes) else {
      throw SluiceError(.software, "the plan is not valid")
    }
    self.plan = plan
  }

  /// Serves until QUIT; false when the supervisor is gone.
  func run() -> Bool { worker.run(handle: take) }

  private func take(_ message: Message) {
    for handle in ended.with({ list in
      defer { list.removeAll() }
      return list
    }) { streams[handle] = nil }
    switch message.kind {
    case .open: open(message)
    case .grant:
      if let slot = worker.writable(message.slot, message.generation) {
        streams[message.stream]?.grant(slot)
      } else {
        streams[message.stream]?.deny()
      }
    case .close: streams[message.stream]?.cancel()
    default: break
    }
  }

  private func open(_ message: Message) {
    guard message.arg < UInt64(plan.streamCount) else { return }
    let record = plan.stream(Int(message.arg))
    let source = plan.source(record.source)
    let slots = StreamSlots(
      worker: worker, handle: message.stream, quota: Int(message.count), slotBytes: record.slotBytes)
    streams[message.stream] = slots
    let request = DecodeRequest(
      source: source.kind == .file ? .file(source.text) : .filterGraph(source.text), start: record.start, step: record.step,
      firstFrame: record.firstFrame, endFrame: Int64(message.arg2), startFrame: message.frame, number: record.number,
      threads: record.threads)
    let worker = worker
    let ended = ended
    // libavcodec and libavfilter want more stack than a small thread has.
    _ = WorkThread("decode-\(message.arg)", stackBytes: 4 << 20) {
      do throws(SluiceError) {
        try DecodeStream(request: request, provider: slots).run()
        worker.send(Message(.end, frame: request.endFrame, stream: slots.handle))
      } catch {
        worker.send(
          Message(.fail, stream: slots.handle, count: UInt32(bitPattern: error.code.rawValue)), text: error.description)
      }
      ended.with { $0.append(slots.handle) }
    }
  }
}
