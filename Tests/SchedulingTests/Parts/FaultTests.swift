import Testing

@testable import Scheduling

@Suite struct FaultTrackerTests {
  private let item = WorkItem.picture(record: 1, frame: 30)

  @Test func workIsQuarantinedAtItsLimit() {
    var faults = FaultTracker()
    let verdicts = (0..<3).map { _ in faults.blame(item, limit: 3) }
    #expect(verdicts == [nil, nil, 3] && faults.isEmpty)
  }

  @Test func anotherPieceOfWorkIsCountedForItself() {
    var faults = FaultTracker()
    for other in [
      WorkItem.picture(record: 1, frame: 31), .picture(record: 2, frame: 30), .frame(30), .block(30),
      .filtered(record: 1, filter: 0, frame: 30), .filtered(record: nil, filter: 0, frame: 30),
    ] {
      let verdicts = [faults.blame(other, limit: 2), faults.blame(item, limit: .max)]
      #expect(verdicts == [nil, nil])
    }
    #expect(faults.deaths(over: item) == 6)
  }

  @Test func whatWasNotAloneIsOnlySuspected() {
    var faults = FaultTracker()
    let verdicts = (0..<6).map { faults.blame(item, limit: 2, isAlone: $0 == 5) }
    #expect(verdicts == [nil, nil, nil, nil, nil, 6])
  }

  @Test func progressClears() {
    var faults = FaultTracker()
    _ = faults.blame(item, limit: 2)
    faults.clear(item)
    let verdict = faults.blame(item, limit: 2)
    #expect(verdict == nil)
  }

  @Test func oneBlockSpeaksForAll() {
    var faults = FaultTracker()
    _ = faults.blame(.block(3), limit: 3)
    _ = faults.blame(item, limit: 3)
    faults.clearBlocks(except: .block(3))
    #expect(faults.deaths(over: .block(3)) == 1)
    faults.clearBlocks()
    #expect(faults.deaths(over: .block(3)) == 0 && faults.deaths(over: item) == 1)
  }
}

@Suite struct HeldPicturesTests {
  @Test func heldFramesBeginTheirSegmentAgainOnce() {
    var held = HeldPictures(), out = Outbox()
    let isNews = held.hold(3..<5, lane: 0, encoder: 9, &out)
    let again = held.hold(4..<5, lane: 0, encoder: 9, &out)
    #expect(isNews && !again && held.contains(3) && held.contains(4) && !held.contains(5) && !held.isEmpty)
    let actions = out.take()
    #expect(actions.count == 1)
    guard case .kill(9, .beginsAgain)? = actions.first else {
      Issue.record("\(actions)")
      return
    }
  }

  @Test func aLaneWithoutAnEncoderIsRewoundLater() {
    var held = HeldPictures(), out = Outbox()
    for lane in [2, 0, 2] { _ = held.hold([Int64(lane) + 100], lane: lane, encoder: nil, &out) }
    let lanes = [held.takeLanesToRewind(), held.takeLanesToRewind()]
    #expect(lanes == [[0, 2], []] && out.actions.isEmpty)
  }
}

@Suite struct OutboxTests {
  @Test func nonsenseIsCountedAndEndsTheWorker() {
    var out = Outbox()
    out.nonsense(4, "it lied")
    #expect(out.counts.nonsense == 1 && !out.hasFailed)
    guard case .kill(4, .violation("it lied"))? = out.take().first else {
      Issue.record("not ended")
      return
    }
    out.fail("no", code: 65)
    let counts = [out.take().count, out.take().count]
    #expect(out.hasFailed && counts == [1, 0])
  }
}
