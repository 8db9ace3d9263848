import AVBinding
import CSluice
import FrameModel
import SharedRing
import SystemBase

/// A slot in which libavcodec holds a picture.
final class SlotMemory: PictureMemory, @unchecked Sendable {
  // Sendable: `isPublished` is written by the decode stream while it holds a reference on the picture, and read in
  // letGo(), which comes after the last reference went (an acquire-release count).
  let slot: WritableSlot
  private let provider: any SlotProvider
  private(set) var isPublished = false

  init(_ slot: WritableSlot, _ provider: any SlotProvider) {
    self.slot = slot
    self.provider = provider
  }

  var base: UnsafeMutableRawPointer { slot.memory }
  var bytes: Int { slot.bytes }

  func letGo() {
    if isPublished { provider.release(slot) } else { provider.recycle(slot) }
  }

  /// The caller holds a reference on the picture until this returns. The header is written once: others may read it.
  func publish(_ description: FrameDescription, first: Int64, count: Int64) {
    if !isPublished { description.write(to: slot.memory) }
    isPublished = true
    provider.publish(slot, first: first, count: count, held: true)
  }
}

/// Private memory for pictures that found no slot. Blocks are used again; all have one size. Thread-safe.
private final class PrivatePool: Sendable {
  private struct State {
    var bytes = 0
    var free: [PrivateBlock] = []
  }
  private let state = Monitor(State())
  private let counters: any StageCounters

  init(_ counters: any StageCounters) { self.counters = counters }

  func take(_ bytes: Int) -> PrivateBlock {
    let pooled = state.with { state -> PrivateBlock? in
      if state.bytes != bytes {
        state.bytes = bytes
        state.free = []
      }
      return state.free.popLast()
    }
    if let pooled { return pooled }
    counters.add(.buffersCreated, 1)
    return PrivateBlock(bytes)
  }

  func give(_ block: PrivateBlock) {
    state.with { if $0.bytes == block.bytes { $0.free.append(block) } }
  }
}

private final class PrivateBlock: @unchecked Sendable {
  // Sendable: the memory has one owner at a time, the pool or a picture; the pointer never changes.
  let memory: UnsafeMutableRawPointer
  let bytes: Int
  init(_ bytes: Int) {
    self.bytes = bytes
    memory = .allocate(byteCount: bytes, alignment: Int(SLUICE_PLANE_ALIGN))
  }
  deinit { memory.deallocate() }
}

private final class PrivateMemory: PictureMemory {
  private let block: PrivateBlock
  private let pool: PrivatePool
  init(_ block: PrivateBlock, _ pool: PrivatePool) {
    self.block = block
    self.pool = pool
  }
  var base: UnsafeMutableRawPointer { block.memory }
  var bytes: Int { block.bytes }
  func letGo() { pool.give(block) }
}

/// Gives a decoder slots to decode into, and private memory when there is none. Also counts the time that
/// libavcodec's threads work: each passes here once a picture. Thread-safe.
final class SlotAllocator: PictureAllocator {
  private let provider: any SlotProvider
  private let pool: PrivatePool
  private let clock: BusyClock
  /// Every picture is made into another one before it goes into a slot.
  private let privately: Bool

  init(_ provider: any SlotProvider, clock: BusyClock, privately: Bool = false) {
    self.privately = privately
    self.provider = provider
    self.clock = clock
    pool = PrivatePool(provider.counters)
  }

  func memory(bytes: Int) -> (any PictureMemory)? {
    clock.tick()
    if !privately, bytes <= provider.slotBytes, let slot = provider.acquire() { return SlotMemory(slot, provider) }
    return PrivateMemory(pool.take(bytes), pool)
  }
}
