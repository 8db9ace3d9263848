import CSluice
import ControlBus
import Scheduling
import SlotLedger

/// What a message of a worker means. A value: it says what is to be done, and does nothing.
///
/// Nothing in a message is believed. What it says of a slot must stand in its sender's lease, which `LeaseFacts` reads; numbers of slots
/// are checked here, those of streams, jobs and segments by the scheduler, which knows what the sender has.
enum MessageMeaning {
  /// It takes work.
  case ready
  case event(SchedulerEvent)
  /// A block of sound is filled; whoever has the slot reads its header.
  case block(slot: Int, generation: UInt32)
  /// Uses of a slot were let go; how many says the lease.
  case released(slot: Int)
  case segmentWritten(Int, bytes: UInt64)
  /// A line for the user, by its number in the lease.
  case line(UInt64)
  case failure(Failure)
  /// It says nothing that is not known.
  case nothing
  /// No honest worker sends it: what is wrong.
  case violation(String)

  /// A worker cannot go on.
  struct Failure: Equatable {
    /// Number of its words in the lease, and the exit code that they stand for.
    var text: UInt64
    var code: Int32
    var scope: Scope

    enum Scope: Equatable {
      /// One decode stream.
      case stream(UInt32)
      /// One picture at a filter.
      case picture(job: UInt32)
      case worker
    }
  }
}

/// What the supervisor reads in a worker's lease, which is the truth where a message is only the doorbell.
protocol LeaseFacts {
  /// Generation of a slot that the worker filled last.
  func done(_ slot: Int) -> UInt32
}

extension MessageMeaning {
  /// - Parameters:
  ///   - index, role: of the sender.
  ///   - slotCount: slots of all rings.
  init(_ message: Message, from index: Int, _ role: WorkerRole, lease: some LeaseFacts, slotCount: Int) {
    let slot = Int(message.slot)
    switch (message.kind, role) {
    case (.ready, _): self = .ready
    case (.done, .decoder):
      self = Self.checked(message, lease, slotCount) {
        .event(
          .published(
            worker: index, handle: message.stream, slot: slot, generation: message.generation, first: message.frame,
            count: Int64(message.count), held: message.arg & 1 != 0))
      }
    case (.done, .renderer):
      self = Self.checked(message, lease, slotCount) {
        .event(.rendered(worker: index, job: Int(message.job), slot: slot, generation: message.generation))
      }
    case (.done, .filter):
      self = Self.checked(message, lease, slotCount) {
        .event(.filtered(worker: index, job: message.job, slot: slot, generation: message.generation))
      }
    case (.done, .audio):
      self = Self.checked(message, lease, slotCount) { .block(slot: slot, generation: message.generation) }
    case (.release, .decoder), (.release, .encoder), (.release, .soundEncoder):
      self = slot < slotCount ? .released(slot: slot) : .violation("it released slot \(slot), which is out of range")
    case (.need, .decoder): self = .event(.needsSlot(worker: index, handle: message.stream))
    case (.end, .decoder): self = .event(.streamEnded(worker: index, handle: message.stream))
    case (.finished, .encoder): self = .segmentWritten(Int(message.job), bytes: message.arg)
    case (.finished, .soundEncoder): self = .event(.soundWritten(worker: index, bytes: message.arg))
    case (.warn, _): self = .line(message.arg)
    case (.fail, _):
      let scope: Failure.Scope =
        role == .filter
        ? .picture(job: message.job) : role == .decoder && message.stream != 0 ? .stream(message.stream) : .worker
      self = .failure(
        Failure(text: message.arg, code: Int32(truncatingIfNeeded: Int64(message.count)), scope: scope))
    default: self = .violation("it sent a message of type \(message.type)")
    }
  }

  /// `done[slot]` must hold the generation (acquire; pairs with the worker's release store).
  private static func checked(
    _ message: Message, _ lease: some LeaseFacts, _ slotCount: Int, _ meaning: () -> MessageMeaning
  ) -> MessageMeaning {
    guard message.slot < UInt32(slotCount) else {
      return .violation("it announced slot \(message.slot), which is out of range")
    }
    let done = lease.done(Int(message.slot))
    if done == message.generation { return meaning() }
    // A look at the lease found it before the message was read, and the slot was granted and filled once more since.
    if Int32(bitPattern: done &- message.generation) > 0 { return .nothing }
    return .violation("it announced slot \(message.slot), which its lease does not show as done")
  }
}

extension Message.Kind {
  /// Its sender has finished a piece of work.
  var isProgress: Bool { self == .done || self == .finished || self == .end }
}
