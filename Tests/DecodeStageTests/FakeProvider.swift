import FrameModel
import SharedRing
import SystemBase

/// A picture as it was published.
struct Published: Sendable {
  var first: Int64
  var count: Int64
  var description: FrameDescription
  /// Visible samples, plane after plane in FFmpeg's order (G B R for RGB), rows without padding.
  var bytes: [UInt8]
  var digest: UInt64
}

/// Slots in this process's memory, with a consumer that keeps the last `credit` publications and looks, before it lets
/// one go, whether its pixels are still those that were published.
final class FakeProvider: SlotProvider, StageCounters, @unchecked Sendable {
  // Sendable: the state is behind a mutex; the memory never moves, and each slot in it has one owner.
  private struct Slot {
    enum State { case free, granted, published }
    var state = State.free
    var generation: UInt32 = 0
    var isHeld = false
    var downstream = 0
    var digest: UInt64 = 0
  }
  private struct State {
    var slots: [Slot]
    var queue: [Int] = []
    var published: [Published] = []
    var warnings: [String] = []
    var counters: [StageCounter: UInt64] = [:]
    var mistakes: [String] = []
    var peak = 0
    var cancelled = false
    var acquisitions = 0
  }
  private let state: Monitor<State>
  private let memory: UnsafeMutableRawPointer
  let slotBytes: Int
  let credit: Int
  let keepsBytes: Bool
  let cancelAfter: Int

  init(
    slotBytes: Int, slots: Int, credit: Int = 3, keepsBytes: Bool = false, cancelAfter: Int = .max, fill: UInt8 = 0x5a
  ) {
    self.slotBytes = slotBytes
    self.credit = credit
    self.keepsBytes = keepsBytes
    self.cancelAfter = cancelAfter
    memory = .allocate(byteCount: slotBytes * slots, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: fill, count: slotBytes * slots)
    state = Monitor(State(slots: Array(repeating: Slot(), count: slots)))
  }
  deinit { memory.deallocate() }

  var counters: any StageCounters { self }
  func add(_ counter: StageCounter, _ amount: UInt64) { state.with { $0.counters[counter, default: 0] += amount } }
  func count(_ counter: StageCounter) -> UInt64 { state.with { $0.counters[counter] ?? 0 } }
  var published: [Published] { state.with { $0.published } }
  /// Slots that were taken, all together.
  var acquisitions: Int { state.with { $0.acquisitions } }
  var warnings: [String] { state.with { $0.warnings } }
  var mistakes: [String] { state.with { $0.mistakes } }
  var isCancelled: Bool { state.with { $0.cancelled } }
  func warn(_ text: String) { state.with { $0.warnings.append(text) } }

  func acquire() -> WritableSlot? {
    state.with { state in
      if state.cancelled { return nil }
      while true {
        if let index = state.slots.firstIndex(where: { $0.state == .free }) {
          state.slots[index].state = .granted
          state.acquisitions += 1
          state.slots[index].generation += 1
          return WritableSlot(
            index: UInt32(index), generation: state.slots[index].generation, memory: memory + index * slotBytes,
            bytes: slotBytes)
        }
        guard !state.queue.isEmpty else { return nil }
        drop(&state)
      }
    }
  }

  func recycle(_ slot: WritableSlot) {
    state.with { state in
      check(&state, slot, .granted, "recycle")
      state.slots[Int(slot.index)].state = .free
    }
  }

  func publish(_ slot: WritableSlot, first: Int64, count: Int64, held: Bool) {
    let (description, bytes) = pixels(slot.memory)
    let digest = Self.digest(bytes)
    state.with { state in
      let index = Int(slot.index)
      if state.slots[index].state == .published {
        if !state.slots[index].isHeld { state.mistakes.append("published again without being held") }
      } else {
        check(&state, slot, .granted, "publish")
      }
      guard let description else {
        state.mistakes.append("bad header")
        return
      }
      state.slots[index].state = .published
      state.slots[index].isHeld = held
      state.slots[index].digest = digest
      state.slots[index].downstream += 1
      state.queue.append(index)
      state.published.append(
        Published(first: first, count: count, description: description, bytes: keepsBytes ? bytes : [], digest: digest))
      while state.queue.count > credit { drop(&state) }
      if state.published.count >= cancelAfter { state.cancelled = true }
    }
  }

  func release(_ slot: WritableSlot) {
    state.with { state in
      check(&state, slot, .published, "release")
      let index = Int(slot.index)
      if !state.slots[index].isHeld { state.mistakes.append("released without being held") }
      state.slots[index].isHeld = false
      if state.slots[index].downstream == 0 { state.slots[index].state = .free }
    }
  }

  /// Lets everything go; true when every slot is free then.
  func drain() -> Bool {
    state.with { state in
      while !state.queue.isEmpty { drop(&state) }
      return state.slots.allSatisfy { $0.state == .free }
    }
  }

  private func drop(_ state: inout State) {
    let index = state.queue.removeFirst()
    if Self.digest(pixels(memory + index * slotBytes).1) != state.slots[index].digest {
      state.mistakes.append("slot \(index) changed after it was published")
    }
    state.slots[index].downstream -= 1
    if state.slots[index].downstream == 0, !state.slots[index].isHeld { state.slots[index].state = .free }
  }

  private func check(_ state: inout State, _ slot: WritableSlot, _ expected: Slot.State, _ call: String) {
    let own = state.slots[Int(slot.index)]
    if own.state != expected || own.generation != slot.generation {
      state.mistakes.append("\(call) of slot \(slot.index) in state \(own.state)")
    }
  }

  private func pixels(_ slot: UnsafeMutableRawPointer) -> (FrameDescription?, [UInt8]) {
    guard let description = FrameDescription(reading: slot, slotBytes: slotBytes) else { return (nil, []) }
    let format = description.format
    let order = format.family == .rgb ? [1, 2, 0, 3] : [0, 1, 2, 3]
    var bytes: [UInt8] = []
    for index in order.prefix(format.planeCount) {
      let size = format.planeSize(index, width: description.width, height: description.height)
      let plane = description.planes[index]
      for y in 0..<size.height {
        bytes.append(
          contentsOf: UnsafeRawBufferPointer(
            start: slot + plane.offset + y * plane.stride, count: size.width * format.bytesPerSample))
      }
    }
    return (description, bytes)
  }

  static func digest(_ bytes: some Collection<UInt8>) -> UInt64 {
    bytes.withContiguousStorageIfAvailable { raw in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      let bytes = UnsafeRawBufferPointer(raw)
      let words = bytes.count / 8
      for index in 0..<words {
        hash = (hash ^ bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) &* 0x100_0000_01b3 &+ hash >> 29
      }
      for index in (words * 8)..<bytes.count { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
      return hash
    } ?? digest(Array(bytes))
  }
}
