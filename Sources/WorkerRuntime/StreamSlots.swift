import CSluice
import ControlBus
import SharedRing
import SystemBase

/// The slots of one decode stream inside its decoder: grants come in from the bus, the codec's threads take them, frames
/// are published. Any thread.
public final class StreamSlots: SlotProvider {
  private struct State {
    var free: [WritableSlot] = []
    /// Taken by the codec, not published; published and still referenced by the codec.
    var taken = 0
    var held = Set<UInt32>()
    var quota: Int
    /// A NEED is under way; it was answered with "none" before.
    var asked = false
    var denied = false
    var cancelled = false
  }

  public let handle: UInt32
  public let slotBytes: Int
  public var counters: StageCounters { worker.lease }
  private let worker: Worker
  private let source: String
  private let poison = Poison(role: "decoder")
  private let state: Monitor<State>

  /// - Parameter source: its name.
  /// - Parameter quota: slots that the supervisor lends to this stream, all together.
  public init(worker: Worker, handle: UInt32, source: String, quota: Int, slotBytes: Int) {
    self.worker = worker
    self.source = source
    self.handle = handle
    state = Monitor(State(quota: quota))
    self.slotBytes = slotBytes
  }

  public func grant(_ slot: WritableSlot) {
    state.with {
      $0.free.append(slot)
      if $0.asked {
        $0.asked = false
        $0.quota += 1
      }
    }
  }

  /// The answer "none" to a NEED: from now on private memory helps out.
  public func deny() {
    state.with {
      $0.asked = false
      $0.denied = true
    }
  }

  public func cancel() { state.with { $0.cancelled = true } }
  public var isCancelled: Bool { state.with { $0.cancelled } }

  public func acquire() -> WritableSlot? {
    var blocked: UInt64 = 0
    defer { if blocked != 0 { worker.lease.add(.blockedNanoseconds, sluice_now_ns() - blocked) } }
    return state.wait { (state: inout State) -> WritableSlot?? in
      if state.cancelled { return .some(nil) }
      if let slot = state.free.popLast() {
        state.taken += 1
        KillPoint.fillBefore.pass()
        return .some(slot)
      }
      // All are the codec's: waiting would be forever, so it asks for one more.
      if state.taken + state.held.count >= state.quota, !state.asked {
        if state.denied { return .some(nil) }
        state.asked = true
        worker.send(Message(.need, stream: handle))
      }
      if blocked == 0 { blocked = sluice_now_ns() }
      return nil
    }
  }

  public func recycle(_ slot: WritableSlot) {
    state.with {
      $0.taken -= 1
      $0.free.append(slot)
    }
  }

  public func publish(_ slot: WritableSlot, first: Int64, count: Int64, held: Bool) {
    KillPoint.fillAfter.pass()
    poison?.strike(source, first..<first + count)
    state.with {
      if $0.held.contains(slot.index) { return }  // later frames of a slot that is out already
      $0.taken -= 1
      if held { $0.held.insert(slot.index) }
    }
    KillPoint.publishBeforeDone.pass()
    worker.lease.markDone(slot.index, slot.generation)
    KillPoint.publishAfterDone.pass()
    var remaining = count
    var first = first
    while remaining > 0 {
      let part = min(remaining, Int64(UInt32.max))
      worker.send(
        Message(
          .done, slot: slot.index, generation: slot.generation, frame: first, stream: handle, count: UInt32(part),
          arg: held ? 1 : 0))
      first += part
      remaining -= part
    }
  }

  public func release(_ slot: WritableSlot) {
    state.with { _ = $0.held.remove(slot.index) }
    KillPoint.releaseBeforeStore.pass()
    worker.lease.markReleased(slot.index)
    KillPoint.releaseAfterStore.pass()
    worker.send(Message(.release, slot: slot.index, generation: slot.generation, stream: handle))
  }

  public func warn(_ text: String) { worker.send(Message(.warn, stream: handle), text: text) }
}
