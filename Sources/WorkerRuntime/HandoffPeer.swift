import CSluice
import ControlBus
import FrameModel
import SluiceBase

/// The two workers of `sluice bench handoff`; see Supervisor/HandoffBench.swift.
public enum HandoffPeer {
  /// Fills each granted slot's header with the time and announces it.
  public static func produce() throws(SluiceError) {
    let worker = try Worker(try Attachment.open(role: .decoder), files: .none)
    _ = worker.run { message in
      guard message.kind == .grant, let slot = worker.writable(message.slot, message.generation) else { return }
      var frame = FrameDescription(format: .yuv420p, width: 64, height: 64)
      frame.pts = Rational(Int64(sluice_now_ns()))
      frame.write(to: slot.memory)
      worker.lease.markDone(slot.index, slot.generation)
      worker.send(Message(.done, slot: slot.index, generation: slot.generation, frame: message.frame, count: 1))
    }
  }

  /// Reads the time from each frame and gives it back with its age in nanoseconds.
  public static func consume() throws(SluiceError) {
    let worker = try Worker(try Attachment.open(role: .encoder), files: .none)
    _ = worker.run { message in
      guard message.kind == .encode, let slot = worker.readable(message.slot, message.generation),
        let frame = FrameDescription(reading: slot.memory, slotBytes: slot.bytes)
      else { return }
      let age = sluice_now_ns() - UInt64(frame.pts.num)
      worker.lease.markReleased(slot.index)
      worker.send(Message(.release, slot: slot.index, generation: slot.generation, count: 1, arg: age))
    }
  }
}
