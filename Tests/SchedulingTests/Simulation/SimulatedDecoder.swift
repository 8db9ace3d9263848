import CSchema
import FrameModel
import Plan
import SlotLedger

@testable import Scheduling

/// Decodes streams as a codec does: takes slots for pictures before they are due (reordering), keeps references to some that
/// are out already, and drops the oldest only when it must or likes to.
final class SimulatedDecoder: SimulatedWorker {
  private struct Slot {
    var index: Int
    var generation: UInt32
  }
  private struct Stream {
    var handle: UInt32
    var record: Int
    /// First frame that is not decoded, not published.
    var decode: Int64
    var publish: Int64
    var end: Int64
    var free: [Slot] = []
    var decoded: [(slot: Slot, frames: Range<Int64>)] = []
    var held: [Slot] = []
    var capacity: Int
    var reorder: Int
    /// Slots that it knows of, and whether it has asked for one more.
    var quota: Int
    var asked = false
    var cancelled = false
    /// Frames that go out in several words.
    var rest: (slot: Slot, frames: Range<Int64>)?
  }
  private var streams: [Stream] = []

  private func canStep(_ s: Stream, _ world: Truth) -> Bool {
    if s.cancelled || s.decode >= min(s.end, world.failsAt[s.record]) { return true }
    if !s.decoded.isEmpty, s.decoded.count > s.reorder || s.decoded.count + s.held.count >= s.capacity { return true }
    if !s.asked, s.decoded.count + s.held.count >= s.quota { return true }
    return !s.free.isEmpty || !s.held.isEmpty && s.decoded.count + s.held.count >= s.capacity
  }

  private weak var truth: Truth?
  override var canWork: Bool {
    guard let truth else { return false }
    return streams.contains { canStep($0, truth) }
  }

  override func take(_ action: SchedulerAction, _ world: World) throws {
    truth = world.truth
    switch action {
    case .open(_, let handle, let record, let first, let end):
      let entry = world.truth.records[record]
      guard entry.firstFrame <= first, first < end, end <= entry.endFrame else {
        throw Violation("stream \(record) is opened for \(first)..<\(end)")
      }
      // Some codecs hold more than their kind usually does.
      let quota = entry.isStill ? entry.slots : entry.slots + world.memory.slack
      let capacity = entry.isStill ? 1 : world.random.chance(80) ? entry.slots - 1 : quota + world.random.int(0...2)
      streams.append(
        Stream(
          handle: handle, record: record, decode: first, publish: first, end: end, capacity: capacity,
          reorder: entry.isStill ? 0 : world.random.int(0...max(0, capacity - 1)), quota: quota))
    case .grant(_, let handle, let slot, let generation):
      guard let index = streams.firstIndex(where: { $0.handle == handle }) else { return }
      streams[index].free.append(Slot(index: slot, generation: generation))
      if streams[index].asked {
        streams[index].asked = false
        streams[index].quota += 1
      }
    case .deny(_, let handle):
      guard let index = streams.firstIndex(where: { $0.handle == handle }) else { return }
      streams[index].asked = false
      streams[index].capacity = streams[index].quota - 1
    case .close(_, let handle):
      guard let index = streams.firstIndex(where: { $0.handle == handle }) else { return }
      streams[index].cancelled = true
    default: break
    }
  }

  override func work(_ world: World) throws {
    let able = streams.indices.filter { canStep(streams[$0], world.truth) }
    guard let index = able.randomElement(using: &world.random) else { return }
    var stream = streams[index]
    let goesOn = try step(&stream, world)
    if goesOn {
      streams[index] = stream
    } else {
      streams.remove(at: index)
    }
  }

  /// False when the stream has ended.
  private func step(_ s: inout Stream, _ world: World) throws -> Bool {
    let fails = world.truth.failsAt[s.record]
    if s.cancelled, world.random.chance(60) {
      end(&s)
      return false
    }
    let outOfInput = s.decode >= min(s.end, fails)
    if !s.decoded.isEmpty, outOfInput || s.decoded.count > s.reorder || s.decoded.count + s.held.count >= s.capacity {
      // A reference goes at times before it must.
      if !s.held.isEmpty, world.random.chance(30) { try letGo(s.held.removeFirst(), world) }
      try publish(&s, world)
      return true
    }
    if outOfInput {
      if !s.held.isEmpty, world.random.chance(50) {
        try letGo(s.held.removeFirst(), world)
        return true
      }
      if s.publish >= s.end {
        end(&s)
      } else {
        outbox.append(.streamFailed(worker: index, handle: s.handle, reason: "damaged", code: 65))
        s.free.removeAll()
      }
      return false
    }
    if s.decoded.count + s.held.count >= s.capacity, !s.held.isEmpty {
      try letGo(s.held.removeFirst(), world)
      return true
    }
    guard let slot = s.free.popLast() else {
      if !s.asked, s.decoded.count + s.held.count >= s.quota {
        s.asked = true
        outbox.append(.needsSlot(worker: index, handle: s.handle))
      }
      return true
    }
    let frames = world.truth.run(s.record, from: s.decode, end: min(s.end, fails))
    if let bad = world.truth.poison[s.record], frames.contains(bad) {
      try world.poisoned(self)
      return true
    }
    if try world.isKilledFromOutside(self, at: s.record, frames) { return true }
    try write(slot, s, frames.lowerBound, world)
    s.decode = frames.upperBound
    s.decoded.append((slot, frames))
    return true
  }

  /// END: what it holds comes back with it.
  private func end(_ s: inout Stream) {
    for entry in s.decoded { writing.remove(entry.slot.index) }
    outbox.append(.streamEnded(worker: index, handle: s.handle))
  }

  private func write(_ slot: Slot, _ s: Stream, _ frame: Int64, _ world: World) throws {
    let entry = world.scheduler.ledger[slot.index]
    if entry.state != .granted || Int(entry.owner) != index || entry.generation != slot.generation {
      try fault("decodes into slot \(slot.index), which is not granted to it", world)
    }
    writing.insert(slot.index)
    world.content[slot.index] = .picture(world.truth.picture(s.record, frame))
    let source = world.truth.plan.source(world.truth.records[s.record].source)
    var header = FrameDescription(format: .yuv420p, width: source.width, height: source.height)
    header.color = .bt709
    world.headers.of[slot.index] = header
  }

  private func publish(_ s: inout Stream, _ world: World) throws {
    let (slot, frames) = s.decoded.removeFirst()
    writing.remove(slot.index)
    let keeps = s.capacity > 1 && world.random.chance(60)
    if keeps { s.held.append(slot) }
    outbox.append(
      .published(
        worker: index, handle: s.handle, slot: slot.index, generation: slot.generation, first: frames.lowerBound,
        count: Int64(frames.count), held: keeps))
    s.publish = frames.upperBound
  }

  private func letGo(_ slot: Slot, _ world: World) throws {
    guard world.isPresent(slot.index, slot.generation), case .picture = world.content[slot.index] else {
      return try fault("slot \(slot.index) was granted again while the codec referred to it", world)
    }
    outbox.append(.codecReleased(worker: index, slot: slot.index, generation: slot.generation))
  }

  override func lie(_ world: World) -> SchedulerEvent? {
    let handle = UInt32(world.random.int(1...30))
    let slot = world.random.int(0...world.content.count - 1)
    let generation = world.scheduler.ledger[slot].generation
    switch world.random.int(0...6) {
    case 0:
      lied = true
      return .published(worker: index, handle: handle, slot: 1 << 30, generation: 1, first: 0, count: 1, held: false)
    case 1:
      return .published(
        worker: index, handle: handle, slot: slot, generation: generation &+ 7, first: 0, count: 1, held: true)
    case 2:
      guard let stream = streams.first(where: { !$0.free.isEmpty }), let free = stream.free.first else { return nil }
      lied = true
      return .published(
        worker: index, handle: stream.handle, slot: free.index, generation: free.generation, first: stream.publish + 500,
        count: [1, 0, -1, .max][world.random.int(0...3)] as Int64 / 2, held: world.random.chance(50))
    case 3:
      lied = true
      return .codecReleased(worker: index, slot: -1, generation: 1)
    case 4: return .codecReleased(worker: index, slot: slot, generation: generation &+ 1)
    case 5:
      // An END that can be true is believed, and what is written after it hits others: memory cannot be taken away.
      guard let use = world.scheduler.run.slots.uses[handle], !use.closing, use.next < use.frames.upperBound else {
        return .streamEnded(worker: index, handle: 1 << 20)
      }
      if use.worker == index { lied = true }
      return .streamEnded(worker: index, handle: handle)
    default: return .rendered(worker: index, job: 0, slot: slot, generation: generation)
    }
  }
}
