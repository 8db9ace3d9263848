import FrameModel
import SlotLedger
import Testing

@testable import Scheduling

@Suite struct SlotAccountsTests {
  /// Streams are opened when the playhead comes near, and get the slots of their quota.
  @Test func streamsOpenWithinTheLookAhead() throws {
    var fixture = try PartFixture([("a", 0, 30), ("c", 20, 30)]) { $0.lookAhead = 5 }
    fixture.openStreams()
    #expect(fixture.run.slots.handles.count == 1 && fixture.run.lanes[0].nextStream == 1)
    fixture.run.lanes[0].nextCompose = 15
    fixture.openStreams()
    #expect(fixture.run.slots.handles.count == 2)
    #expect(fixture.run.slots.use(of: 1, lane: 0)?.frames == 20..<50)
    #expect(fixture.run.slots.use(of: 1, lane: 1) == nil)
  }

  @Test func theReserveIsLentAndThenDenied() throws {
    var fixture = try PartFixture([("a", 0, 30)])
    var decoding = Decoding()
    fixture.run.roster.decoders = [5]
    fixture.openStreams()
    decoding.placeStreams(&fixture.run)
    let handle = try #require(fixture.opened(by: 5).first)
    let quota = try #require(fixture.run.slots.uses[handle]?.quota)
    #expect(fixture.run.slots.uses[handle]?.owned == quota)
    var lent = 0
    while lent < 100 {
      fixture.run.slots.needsSlot(5, handle)
      let actions = fixture.take()
      if case .deny(5, handle)? = actions.first { break }
      #expect(actions.count == 1)
      lent += 1
    }
    let reserve = fixture.run.setup.sizes[0].reserve[0]
    #expect(lent == reserve && reserve > 0 && fixture.run.slots.uses[handle]?.owned == quota + reserve)
    // Closed and ended, it owns nothing, and what was lent is back.
    fixture.run.slots.close(handle)
    decoding.streamEnded(5, handle, &fixture.run.slots)
    #expect(fixture.run.slots.handles.isEmpty && fixture.run.slots.ledger.inUse == 0 && fixture.run.slots.open.isEmpty)
  }

  @Test func outputSlotsAreCountedByLane() throws {
    var fixture = try PartFixture([("a", 0, 30)])
    let most = fixture.run.setup.outputSlotsPerLane
    var granted: [SlotReference] = []
    while let slot = fixture.run.slots.grantOutput(lane: 0, frame: Int64(granted.count)) { granted.append(slot) }
    #expect(granted.count == most && fixture.run.slots.outputSlots[0] == most)
    fixture.run.slots.revokeOutput(granted[0].slot, lane: 0)
    let isPublished = fixture.run.slots.ledger.publish(
      granted[1].slot, generation: granted[1].generation, owner: Scheduler.unassigned, frame: 1)
    #expect(isPublished)
    fixture.run.slots.freeUnheld(granted[1].slot)
    #expect(fixture.run.slots.outputSlots[0] == most - 2)
  }
}

@Suite struct DecodingTests {
  /// Three streams in one decoder that crashes: each is tried alone, and the one that crashes alone is quarantined.
  @Test func whatCrashesAloneIsQuarantined() throws {
    var fixture = try PartFixture([("a", 0, 30), ("b", 0, 30), ("c", 0, 30)], opacity: Rational(1, 2)) {
      $0.faultLimits.decoder = 3
      $0.holdOnError = true
    }
    var decoding = Decoding()
    let crash = WorkerEnd.signal(11)
    var worker = 1
    func start() -> [UInt32] {
      fixture.run.roster.decoders = [worker]
      fixture.openStreams()
      decoding.placeStreams(&fixture.run)
      return fixture.opened(by: worker)
    }
    func crashes(_ cause: WorkerEnd?) -> Bool {
      _ = fixture.run.roster.remove(worker)
      decoding.decoderDied(worker, cause, &fixture.run)
      worker += 1
      return fixture.take().contains { if case .quarantined = $0 { true } else { false } }
    }
    // Kills from outside prove nothing, however many there are.
    for _ in 0..<30 {
      let opened = start().count, isQuarantined = crashes(nil)
      #expect(opened == 3 && !isQuarantined)
    }
    for _ in 0..<2 {
      let opened = start().count, isQuarantined = crashes(crash)
      #expect(opened == 3 && !isQuarantined)
    }
    let first = start()
    #expect(first.count == 1 && decoding.trial?.handle == first.first)
    // It delivers: the next one is tried.
    try fixture.publish(first[0], &decoding)
    decoding.placeStreams(&fixture.run)
    #expect(decoding.trial?.handle != first.first)
    decoding.streamEnded(worker, first[0], &fixture.run.slots)
    decoding.placeStreams(&fixture.run)
    let second = fixture.opened(by: worker)
    #expect(second.count == 1 && second != first)
    let isQuarantined = crashes(crash)
    #expect(isQuarantined)
    let record = try #require(fixture.run.slots.uses[second[0]]?.record)
    #expect(decoding.quarantined == [record: 0] && fixture.run.slots.uses[second[0]]?.failed == true)
  }

  @Test func streamsGoToTheDecoderWithTheFewest() throws {
    var fixture = try PartFixture([("a", 0, 30), ("b", 0, 30), ("c", 0, 30)], opacity: Rational(1, 2))
    var decoding = Decoding()
    fixture.run.roster.decoders = [4, 3]
    fixture.openStreams()
    decoding.placeStreams(&fixture.run)
    #expect(fixture.run.slots.handles.map { fixture.run.slots.uses[$0]?.worker } == [3, 4, 3])
  }

  @Test func picturesComeInOrderOrTheDecoderIsEnded() throws {
    var fixture = try PartFixture([("a", 0, 30)])
    var decoding = Decoding()
    fixture.run.roster.decoders = [2]
    fixture.openStreams()
    decoding.placeStreams(&fixture.run)
    let handle = try #require(fixture.opened(by: 2).first)
    try fixture.publish(handle, &decoding, count: 3)
    #expect(fixture.run.slots.uses[handle]?.next == 3 && fixture.run.out.counts.nonsense == 0)
    let slot = try #require(fixture.run.slots.ledger.slots.firstIndex { $0.stream == handle && $0.state == .granted })
    decoding.published(2, handle, fixture.run.slots.reference(slot), first: 7, count: 1, held: false, &fixture.run)
    #expect(fixture.run.out.counts.nonsense == 1 && fixture.run.slots.uses[handle]?.next == 3)
  }
}
