import CSluice
import ControlBus
import EncodeStage
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase
import WorkerRuntime

/// One encoder at a time: BEGIN makes a fresh one, ENCODE feeds it slots, FINISH drains it and closes the segment's file.
/// Used from the encoding thread.
final class SegmentEncoding {
  private enum Output {
    /// A segment, or an output without sound.
    case pictures(VideoOutput, firstFrame: Int64)
    case sound(SoundOutput)
    /// One output with both. Slots that came before their turn are in `waiting`.
    case both(VideoOutput, DeliveryOrder)
  }
  /// Lent slots in order, never more than the supervisor lends.
  private struct Waiting {
    var pictures: [Message] = []
    var blocks: [Message] = []
  }

  private let worker: Worker
  private let plan: PlanView
  private let outputs: Monitor<[UInt32: FileDescriptor]>
  private var current: (output: Output, descriptor: FileDescriptor)? = nil
  private var waiting = Waiting()

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
    waiting = Waiting()
    current = (try open(message, descriptor.raw), descriptor)
    KillPoint.beginAfter.pass()
  }

  private func open(_ message: Message, _ fd: Int32) throws(SluiceError) -> Output {
    let settings = plan.output
    let input = plan.canvas.format
    let counters = worker.lease
    switch message.arg {
    case UInt64(SLUICE_BEGIN_SOUND.rawValue):
      return .sound(try SoundOutput(segmentOf: settings, fd: fd, counters: counters))
    case UInt64(SLUICE_BEGIN_SEGMENT.rawValue):
      return .pictures(
        try VideoOutput(segmentOf: settings, input: input, fd: fd, counters: counters), firstFrame: message.frame)
    case UInt64(SLUICE_BEGIN_OUTPUT.rawValue):
      guard settings.hasPictures else { return .sound(try SoundOutput(settings: settings, fd: fd, counters: counters)) }
      let output = try VideoOutput(
        settings: settings, input: input, fd: fd, continues: message.frame > 0,
        isLast: message.frame + Int64(message.count) >= plan.frameCount, counters: counters)
      guard let sound = settings.sound, let samples = plan.soundFrames else {
        return .pictures(output, firstFrame: message.frame)
      }
      return .both(
        output,
        DeliveryOrder(rate: settings.rate, pictures: plan.frameCount, sampleRate: sound.sampleRate, samples: samples))
    default: throw SluiceError(.software, "nothing of kind \(message.arg) can be begun")
    }
  }

  private func encode(_ message: Message) throws(SluiceError) {
    guard let current else { throw SluiceError(.software, "slot \(message.slot) cannot be encoded") }
    let isSound = message.stream == SLUICE_STREAM_SOUND
    switch current.output {
    case .pictures(let output, let firstFrame):
      guard !isSound else { throw SluiceError(.software, "a block of sound came for pictures") }
      try encode(message, number: message.frame - firstFrame, output)
    case .sound(let output):
      guard isSound else { throw SluiceError(.software, "a picture came for sound") }
      try encodeSound(message) { (block, slot) throws(SluiceError) in try output.encode(block, in: slot) }
    case .both:
      if isSound { waiting.blocks.append(message) } else { waiting.pictures.append(message) }
      try deliver()
    }
  }

  /// Encodes what is next in time, as long as it is there.
  private func deliver() throws(SluiceError) {
    guard case .both(let output, var order) = current?.output else { return }
    defer { current?.output = .both(output, order) }
    while true {
      if let first = waiting.pictures.first { order.skip(to: first.frame) }
      switch order.next {
      case .picture(let number):
        guard !waiting.pictures.isEmpty else { return }
        let message = waiting.pictures.removeFirst()
        guard message.frame == number else {
          throw SluiceError(.software, "frame \(message.frame) came when \(number) was to be encoded")
        }
        try encode(message, number: number, output)
      case .block:
        guard !waiting.blocks.isEmpty else { return }
        try encodeSound(waiting.blocks.removeFirst()) { (block, slot) throws(SluiceError) in try output.encode(block, in: slot) }
      case nil:
        guard waiting.pictures.isEmpty, waiting.blocks.isEmpty else {
          throw SluiceError(.software, "there is more than the output has")
        }
        return
      }
      order.advance()
    }
  }

  private func slot(_ message: Message) throws(SluiceError) -> ReadableSlot {
    guard let slot = worker.readable(message.slot, message.generation) else {
      throw SluiceError(.software, "slot \(message.slot) cannot be encoded")
    }
    return slot
  }

  private func encode(_ message: Message, number: Int64, _ output: VideoOutput) throws(SluiceError) {
    let slot = try slot(message)
    guard let description = FrameDescription(reading: slot.memory, slotBytes: slot.bytes) else {
      throw SluiceError(.software, "the header of slot \(message.slot) is damaged")
    }
    let worker = worker
    KillPoint.readBefore.pass()
    defer { KillPoint.readAfter.pass() }
    try output.encode(slot, description: description, number: number) {
      SegmentEncoding.release(slot, message, worker)
    }
  }

  /// The samples are the encoder's when it returns.
  private func encodeSound(
    _ message: Message, _ body: (SoundBlock, ReadableSlot) throws(SluiceError) -> Void
  ) throws(SluiceError) {
    let slot = try slot(message)
    guard let block = SoundBlock(reading: slot.memory, slotBytes: slot.bytes), block.number == message.frame else {
      throw SluiceError(.software, "the header of slot \(message.slot) is damaged")
    }
    KillPoint.readBefore.pass()
    defer { KillPoint.readAfter.pass() }
    defer { SegmentEncoding.release(slot, message, worker) }
    try body(block, slot)
  }

  private static func release(_ slot: ReadableSlot, _ message: Message, _ worker: Worker) {
    KillPoint.releaseBeforeStore.pass()
    worker.lease.markReleased(slot.index)
    KillPoint.releaseAfterStore.pass()
    worker.send(
      Message(
        .release, slot: slot.index, generation: slot.generation, frame: message.frame, stream: message.stream, count: 1))
  }

  private func finish(_ message: Message) throws(SluiceError) {
    guard let finished = current else { return }
    let bytes: UInt64
    switch finished.output {
    case .pictures(let output, _): bytes = try output.finish()
    case .sound(let output): bytes = try output.finish()
    case .both(let output, var order):
      if waiting.pictures.isEmpty {  // a live output gave up its last ones
        order.endPictures()
        current?.output = .both(output, order)
        try deliver()
      }
      guard case .both(_, let order) = current?.output, order.next == nil else {
        throw SluiceError(.software, "the output is not whole")
      }
      bytes = try output.finish()
    }
    current = nil  // its memory goes before the next encoder is made
    worker.send(Message(.finished, job: message.job, arg: bytes))
  }
}
