import Plan
import TestKit
import Testing

@testable import Scheduling

@Suite struct LanesTests {
  private func segments(_ range: Range<Int>) -> [Segment] {
    range.map { Segment(index: $0, frames: Int64($0) * 10..<Int64($0) * 10 + 10) }
  }

  @Test func theFirstRunsAreEqualShares() {
    let lanes = Lanes([segments(0..<10)], count: 3)
    #expect(lanes.indices.map { lanes[$0].segments.map(\.index) } == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]])
    #expect(Lanes([segments(0..<2)], count: 5).count == 2)
    #expect(Lanes([], count: 5).isDone)
  }

  @Test func anEncoderTakesABegunLaneFirst() {
    var lanes = Lanes([segments(0..<4)], count: 2)
    lanes.assign([7], isLeaving: { _ in false })
    #expect(lanes.index(ofEncoder: 7) == 0)
    lanes.assign([7, 8, 9], isLeaving: { $0 == 8 })
    #expect(lanes.index(ofEncoder: 8) == nil && lanes.index(ofEncoder: 9) == 1)
  }

  @Test func aFinishedLaneTakesTheRearHalfOfAnother() {
    var lanes = Lanes([segments(0..<9)], count: 2)
    lanes.assign([1, 2], isLeaving: { _ in false })
    lanes[1].current = lanes[1].segments.count
    lanes.assign([1, 2], isLeaving: { _ in false })
    #expect(lanes[0].segments.map(\.index) == [0, 1, 2] && lanes[1].segments.map(\.index) == [3, 4])
    #expect(lanes[1].nextCompose == 30)
  }

  @Test func whatIsNotBegunGoesBack() {
    var lanes = Lanes([segments(0..<6)], count: 1)
    lanes[0].nextCompose = 15
    lanes.giveBackUnstarted(0)
    #expect(lanes[0].segments.map(\.index) == [0, 1] && lanes.hasWorkForAnother)
    lanes.raiseLimit(to: 2)
    lanes.assign([1, 2], isLeaving: { _ in false })
    #expect(lanes.count == 2 && lanes[1].segments.map(\.index) == [2, 3])
  }

  @Test func aRewoundLaneBeginsAtWhatIsNotWritten() {
    var lane = Lane()
    lane.begin(segments(0..<4))
    lane.current = 2
    lane.writing = [segments(0..<4)[1]]
    lane.nextEncode = 27
    lane.nextCompose = 33
    lane.encoding = 2
    let again = lane.rewind()
    #expect(again == 17)
    #expect(lane.current == 1 && lane.nextEncode == 10 && lane.nextCompose == 10 && lane.writing.isEmpty && lane.encoding == 0)
  }

  /// Whatever comes and goes, no segment is lost, and none is with two lanes.
  @Test func everySegmentIsEncodedOnce() {
    for seed in 0..<200 as Range<UInt64> {
      var random = TestRandom(seed)
      let total = random.int(1...40)
      let cut = random.int(0...total)
      var lanes = Lanes([segments(0..<cut), segments(cut..<total)].filter { !$0.isEmpty }, count: random.int(1...4))
      var encoders = [0], leaving: Set<Int> = [], done: [Int] = []
      var steps = 0
      while !lanes.isDone, steps < 100_000 {
        steps += 1
        switch random.int(0...9) {
        case 0:
          if encoders.count < 6 { encoders.append(encoders.count) }
          lanes.raiseLimit(to: encoders.count)
        case 1:
          let staying = encoders.filter { !leaving.contains($0) }
          if staying.count > 1, let worker = staying.randomElement(using: &random) {
            leaving.insert(worker)
            if let lane = lanes.index(ofEncoder: worker) { lanes.giveBackUnstarted(lane) }
          }
        default:
          guard let lane = lanes.indices.filter({ lanes[$0].encoder != nil && !lanes[$0].isDone }).randomElement(using: &random)
          else { break }
          let segment = lanes[lane].segments[lanes[lane].current]
          lanes[lane].nextCompose = segment.frames.upperBound
          lanes[lane].current += 1
          done.append(segment.index)
        }
        for lane in lanes.indices where lanes[lane].isDone && lanes[lane].encoder.map(leaving.contains) == true {
          lanes[lane].encoder = nil
        }
        lanes.assign(encoders, isLeaving: leaving.contains)
      }
      #expect(done.sorted() == Array(0..<total), "seed \(seed)")
    }
  }
}

@Suite struct RosterTests {
  @Test func whoLeavesTakesNothingNew() {
    var roster = Roster()
    roster.decoders = [1, 2]
    roster.renderers = [3]
    let left = [roster.leave(2), roster.leave(2)]
    #expect(left == [true, false] && roster.isLeaving(2))
    #expect(roster.stayingDecoders == [1] && roster.stayingRenderers == [3])
    let dismissed = [roster.dismiss(2), roster.dismiss(2)]
    #expect(dismissed == [true, false])
    let wasLeaving = roster.remove(2), another = roster.remove(1)
    #expect(wasLeaving && !another && roster.decoders.isEmpty && roster.contains(3))
  }
}
