import CSluice
import ControlBus
import Plan
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase
import TestKit
import Testing

@testable import Supervisor

/// Messages and what they mean, as values.
@Suite struct WireTests {
  private struct Lease: LeaseFacts {
    var done: [Int: UInt32] = [:]
    func done(_ slot: Int) -> UInt32 { done[slot] ?? 0 }
  }

  private func meaning(_ message: Message, _ role: WorkerRole, _ lease: Lease = Lease()) -> MessageMeaning {
    MessageMeaning(message, from: 5, role, lease: lease, slotCount: 8)
  }

  private func words(_ meaning: MessageMeaning) -> String? {
    if case .violation(let text) = meaning { text } else { nil }
  }

  @Test func whatIsDoneMustStandInTheLease() {
    let lease = Lease(done: [3: 7])
    for role in [WorkerRole.decoder, .renderer, .filter, .audio] {
      if let text = words(meaning(Message(.done, slot: 3, generation: 7), role, lease)) { Issue.record("\(role): \(text)") }
      // It was found by a look at the lease, and the slot was filled once more since.
      guard case .nothing = meaning(Message(.done, slot: 3, generation: 6), role, lease) else {
        Issue.record("\(role): an old word")
        continue
      }
      #expect(words(meaning(Message(.done, slot: 3, generation: 8), role, lease))?.contains("does not show as done") == true)
      #expect(words(meaning(Message(.done, slot: 8, generation: 7), role, lease))?.contains("out of range") == true)
      #expect(words(meaning(Message(.done, generation: 7), role, lease))?.contains("out of range") == true, "no slot at all")
    }
  }

  /// Generations wrap round.
  @Test func generationsAreComparedAroundTheWrap() {
    let lease = Lease(done: [0: 1])
    guard case .nothing = meaning(Message(.done, slot: 0, generation: .max), .renderer, lease) else {
      Issue.record("one before the wrap is older")
      return
    }
  }

  @Test func eachRoleSaysWhatIsItsOwn() {
    let all: [Message.Kind] = [
      .grant, .open, .close, .render, .encode, .finish, .quit, .filter, .begin, .ready, .done, .release, .end, .finished, .fail,
      .warn, .need,
    ]
    let allowed: [WorkerRole: Set<Message.Kind>] = [
      .decoder: [.ready, .done, .release, .end, .need, .warn, .fail],
      .renderer: [.ready, .done, .warn, .fail],
      .encoder: [.ready, .release, .finished, .warn, .fail],
      .soundEncoder: [.ready, .release, .finished, .warn, .fail],
      .audio: [.ready, .done, .warn, .fail],
      .filter: [.ready, .done, .warn, .fail],
    ]
    let lease = Lease(done: [0: 0])
    for role in WorkerRole.allCases {
      for kind in all {
        let isViolation = words(meaning(Message(kind, slot: 0), role, lease)) != nil
        #expect(isViolation == (allowed[role]?.contains(kind) != true), "\(role) \(kind)")
      }
      var unknown = Message(.ready)
      unknown.type = 999
      #expect(words(meaning(unknown, role)) == "it sent a message of type 999")
    }
  }

  @Test func aFailureSaysWhatFailed() {
    func failure(_ role: WorkerRole, stream: UInt32 = 0, job: UInt32 = 0) -> MessageMeaning.Failure? {
      let message = Message(.fail, stream: stream, job: job, count: UInt32(bitPattern: 66), arg: 4)
      if case .failure(let found) = meaning(message, role) { return found } else { return nil }
    }
    #expect(failure(.decoder, stream: 9) == .init(text: 4, code: 66, scope: .stream(9)))
    #expect(failure(.decoder)?.scope == .worker && failure(.renderer, stream: 9)?.scope == .worker)
    #expect(failure(.filter, job: 3)?.scope == .picture(job: 3) && failure(.encoder)?.scope == .worker)
  }

  @Test func releasesAreInRange() {
    for role in [WorkerRole.decoder, .encoder, .soundEncoder] {
      guard case .released(7) = meaning(Message(.release, slot: 7), role) else {
        Issue.record("\(role)")
        continue
      }
      #expect(words(meaning(Message(.release, slot: 8), role)) == "it released slot 8, which is out of range")
      #expect(words(meaning(Message(.release), role)) != nil)
    }
  }

  @Test func progressIsWhatFinishesWork() {
    #expect(Message.Kind.done.isProgress && Message.Kind.finished.isProgress && Message.Kind.end.isProgress)
    #expect(![Message.Kind.ready, .release, .need, .warn, .fail].contains { $0.isProgress })
  }

  /// Anything at all has a meaning.
  @Test func anyBytesHaveAMeaning() {
    var random = TestRandom(21)
    for _ in 0..<20_000 {
      var message = Message(.ready)
      withUnsafeMutableBytes(of: &message) { bytes in
        for index in bytes.indices where random.chance(70) { bytes[index] = UInt8(random.int(0...255)) }
      }
      if random.chance(80) { message.type = UInt16(random.int(0...45)) }
      let role = WorkerRole.allCases.randomElement(using: &random) ?? .decoder
      let found = meaning(message, role, Lease(done: [random.int(0...7): UInt32(truncatingIfNeeded: random.next())]))
      switch found {
      case .released(let slot), .block(let slot, _): #expect((0..<8).contains(slot))
      case .event(.published(let worker, _, let slot, _, _, _, _)):
        #expect(worker == 5 && (0..<8).contains(slot))
      case .event(.rendered(_, _, let slot, _)), .event(.filtered(_, _, let slot, _)): #expect((0..<8).contains(slot))
      default: break
      }
    }
  }

  @Test func actionsBecomeMessages() throws {
    func message(_ action: SchedulerAction) -> (worker: Int, message: Message)? { ActionMessage.of(action) { $0 + 1 } }
    let open = try #require(message(.open(worker: 2, handle: 9, stream: 4, first: 10, end: 90)))
    #expect(open.worker == 2 && open.message.kind == .open && open.message.stream == 9 && open.message.arg == 4)
    #expect(open.message.frame == 10 && open.message.arg2 == 90 && open.message.count == 10, "its quota")
    let grant = try #require(message(.grant(worker: 1, handle: 9, slot: 3, generation: 6)))
    #expect(grant.message.kind == .grant && grant.message.slot == 3 && grant.message.generation == 6)
    let deny = try #require(message(.deny(worker: 1, handle: 9)))
    #expect(deny.message.kind == .grant && deny.message.slot == UInt32(SLUICE_NO_SLOT))
    let filter = try #require(
      message(.filter(worker: 1, job: 5, filter: 2, stream: nil, frame: 8, input: (3, 4), output: (6, 7))))
    #expect(filter.message.stream == UInt32.max && filter.message.slot2 == 6 && filter.message.generation2 == 7)
    let segment = Segment(index: 3, frames: 100..<150)
    let finish = try #require(message(.finish(worker: 1, segment: segment)))
    #expect(finish.message.frame == 150 && finish.message.job == 3 && finish.message.count == 50)
    let block = try #require(message(.fillSound(worker: 1, slot: 2, generation: 3, block: 4)))
    #expect(block.message.kind == .grant && block.message.stream == Scheduler.soundStream && block.message.frame == 4)
    #expect(message(.begin(worker: 1, segment: segment)) == nil && message(.warn("x")) == nil)
    #expect(ActionMessage.begin(segment, inOrder: false).arg == UInt64(SLUICE_BEGIN_SEGMENT.rawValue))
    #expect(ActionMessage.begin(segment, inOrder: true).arg == UInt64(SLUICE_BEGIN_OUTPUT.rawValue))
    #expect(ActionMessage.beginSound(inOrder: false).arg == UInt64(SLUICE_BEGIN_SOUND.rawValue))
    #expect(ActionMessage.beginSound(inOrder: true).job == UInt32(SLUICE_JOB_SOUND))
  }
}
