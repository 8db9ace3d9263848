import CPUCompositing
import CSluice
import Compositing
import ControlBus
import DecodeStage
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase
import WorkerRuntime

/// Runs the decode streams that the supervisor opens, each on a thread of its own.
final class DecoderWorker {
  private let worker: Worker
  private let plan: PlanView
  /// Open streams by handle; touched by the bus thread only. OPEN comes before the stream's first GRANT.
  private var streams: [UInt32: StreamSlots] = [:]
  /// Streams whose thread has ended, still to be taken out of `streams`.
  private let ended = Monitor([StreamSlots]())
  /// How many more stills may be decoded at once. Their full pictures are private memory, which the gate limits.
  private let stillGate = Monitor(2)

  init() throws(SluiceError) {
    KillPoint.arm(role: "decoder")
    let attachment = try Attachment.open(role: .decoder)
    guard let plan = PlanView(UnsafeRawPointer(attachment.plan.base), count: attachment.plan.bytes) else {
      throw SluiceError(.software, "the plan is not valid")
    }
    self.plan = plan
    worker = try Worker(attachment, files: MediaFiles.of(plan))
  }

  /// Serves until QUIT; false when the supervisor is gone.
  func run() -> Bool { worker.run(handle: take) }

  private func take(_ message: Message) {
    // Another stream may have the same handle already.
    for slots in ended.with({ list in
      defer { list.removeAll() }
      return list
    }) where streams[slots.handle] === slots { streams[slots.handle] = nil }
    switch message.kind {
    case .open: open(message)
    case .grant:
      if let slot = worker.writable(message.slot, message.generation) {
        streams[message.stream]?.grant(slot)
      } else if message.slot == UInt32(SLUICE_NO_SLOT) {
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
      worker: worker, handle: message.stream, source: source.text, quota: Int(message.count), slotBytes: record.slotBytes)
    streams[message.stream] = slots
    let request: DecodeRequest
    do throws(SluiceError) {
      request = try self.request(record, source, message)
    } catch {
      worker.fail(error, stream: message.stream)
      return
    }
    let worker = worker
    let ended = ended
    let gate = record.isStill ? stillGate : nil
    let work = request
    // libavcodec and libavfilter want more stack than a small thread has.
    _ = WorkThread("decode-\(message.arg)", stackBytes: 4 << 20) {
      do throws(SluiceError) {
        gate?.wait { $0 > 0 ? $0 -= 1 : nil }
        defer { gate?.with { $0 += 1 } }
        try DecodeStream(request: work, provider: slots).run()
        worker.send(Message(.end, frame: work.endFrame, stream: slots.handle))
      } catch {
        worker.fail(error, stream: slots.handle)
      }
      ended.with { $0.append(slots) }
    }
  }

  private func request(
    _ record: StreamRecord, _ source: SourceRecord, _ message: Message
  ) throws(SluiceError) -> DecodeRequest {
    guard let key = SourceKey(source), let effects = EffectChain(json: record.effects) else {
      throw SluiceError(.software, "the plan names a source that cannot be read: \(source.text)")
    }
    var request = DecodeRequest(
      source: key, start: record.start, step: record.step, firstFrame: record.firstFrame, endFrame: Int64(message.arg2),
      startFrame: message.frame, number: record.number, threads: record.threads)
    request.effects = effects
    request.deinterlace = record.deinterlace
    request.warmUp = record.warmUp
    request.parameters = record.parameters.map { parameter in
      DecodeRequest.Parameter(effect: parameter.effect, name: parameter.name) { frame in
        parameter.value.at(record.keyStart + Rational(frame - record.firstFrame) * record.keyStep)
      }
    }
    if let tile = record.tile { request.still = Self.scaler(tile, plan.canvas, worker) }
    return request
  }

  /// Scales as the renderer does, onto a canvas as large as the tile.
  private static func scaler(_ tile: StillTile, _ canvas: Canvas, _ worker: Worker)
    -> @Sendable (ReadableSlot, WritableSlot) throws(SluiceError) -> Void
  {
    var small = canvas
    small.width = tile.width
    small.height = tile.height
    let canvas = small
    return { (picture, slot) throws(SluiceError) in
      let layer = Layer(.picture(stream: 0), source: tile.source, destination: canvas.bounds)
      try CPUCompositor(canvas: canvas, counters: worker.lease, stillBytes: 0)
        .draw(frame: 0, layers: [layer], input: { _ in picture }, into: slot)
    }
  }
}
