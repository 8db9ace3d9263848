import Testing

@testable import DecodeStage

@Suite struct PositionTests {
  private func position() -> Position { Position(usualDuration: 2, jump: 100) }

  @Test func behindASeekOnlyWhatComesFromTheKeyFrameOnIsIntact() {
    var position = position()
    position.beginAnew()
    position.goToKeyFrame()
    #expect(position.isIntact(8, isDamaged: false, behind: 10) == false)
    #expect(position.isIntact(nil, isDamaged: false, behind: 10) == false)
    // The first that counts must be whole; after it damage is judged elsewhere.
    #expect(position.isIntact(10, isDamaged: true, behind: 10) == false)
    #expect(position.isIntact(11, isDamaged: false, behind: 10) == true)
    #expect(position.isIntact(9, isDamaged: true, behind: 10) == true)
    position.beginAnew()
    #expect(position.isIntact(9, isDamaged: false, behind: 10) == false)
    #expect(position.isIntact(9, isDamaged: true, behind: nil) == true)
  }

  @Test func picturesAreGivenOutOnce() {
    var position = position()
    #expect(position.give(4, stamp: 4) == true)
    #expect(position.givenOut == 4 && position.lastGiven == 4)
    // A decoder that begins anew gives some of them again.
    position.beginAnew()
    #expect(position.givenOut == nil && position.lastGiven == 4)
    #expect(position.give(2, stamp: 2) == false)
    #expect(position.give(4, stamp: 4) == false)
    #expect(position.give(6, stamp: 5) == true)
    #expect(position.givenOut == nil && position.lastGiven == 6)
    position.set(to: 3)
    #expect(position.give(2, stamp: 2) == true)
  }

  @Test func timesRiseAndStandInForThoseThatAreMissing() {
    var position = position()
    #expect(position.place(10, duration: 3) == 10)
    #expect(position.lastDuration == 3)
    #expect(position.place(nil, duration: 0) == 13)
    #expect(position.lastDuration == 2)
    #expect(position.place(12, duration: 2) == nil)
    #expect(position.place(15, duration: 2) == 15)
    #expect(!position.isShifted)
    // A fall by more than the jump is a recording that was joined.
    #expect(position.place(-1000, duration: 2) == 17)
    #expect(position.isShifted)
    position.beginAnew()
    #expect(!position.isShifted)
    #expect(position.place(-1000, duration: 2) == -1000)
  }

  @Test func whatIsWantedOnlyMovesForwardUntilItIsSetAgain() {
    var position = position()
    #expect(position.wanted == nil)
    position.set(to: 50)
    #expect(position.target == 50 && position.wanted == nil)
    position.want(50)
    position.want(40)
    #expect(position.wanted == 50)
    position.want(60)
    #expect(position.wanted == 60 && position.target == 50)
    position.set(to: 20)
    #expect(position.wanted == nil && position.target == 20)
  }

  @Test func itKnowsWhereTheDecoderCameFrom() {
    var position = position()
    #expect(position.isAtBeginning && position.runsFromStart && !position.hasBegun)
    position.begin()
    position.goToKeyFrame()
    position.arrive()
    #expect(!position.isAtBeginning && !position.runsFromStart && position.hasBegun)
    position.goToStart()
    #expect(position.isAtBeginning && position.runsFromStart && !position.hasBegun)
  }
}
