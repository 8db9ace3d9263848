import AVBinding
import SluiceBase
import Testing

@testable import DecodeStage

@Suite struct GroupRepairTests {
  private let repair = GroupRepair(second: 10)

  // MARK: Signs

  @Test func aSignOfDamageIsWhatTheCodecSaysOrMarks() {
    func sign(_ report: GroupRepair.Report, from: Int64? = nil) -> String? { GroupRepair.sign(in: report, from: from) }
    #expect(sign(.init(outcome: .done)) == nil)
    #expect(sign(.init(outcome: .blocked)) == nil)
    #expect(sign(.init(outcome: .end)) == nil)
    #expect(sign(.init(outcome: .done, complaint: "error while decoding")) == "error while decoding")
    #expect(sign(.init(outcome: .damaged("bad header"))) == "bad header")
    #expect(sign(.init(outcome: .damaged("bad header"), complaint: "concealing")) == "concealing")
    #expect(sign(.init(outcome: .done, isDamaged: true, pts: 3)) == "damaged picture")
    // Leading pictures of the key frame that a seek led to are damaged in healthy files.
    #expect(sign(.init(outcome: .done, isDamaged: true, pts: 3), from: 5) == nil)
    #expect(sign(.init(outcome: .done, isDamaged: true, pts: 5), from: 5) == "damaged picture")
    #expect(sign(.init(outcome: .done, isDamaged: true), from: 5) == "damaged picture")
  }

  @Test func damageIsCountedUntilItIsTaken() {
    var repair = repair
    #expect(!repair.hasDamage)
    repair.note("a")
    repair.note("b")
    #expect(repair.hasDamage)
    let damage = repair.takeDamage()
    #expect(damage.count == 2 && damage.message == "b")
    #expect(!repair.hasDamage && repair.takeDamage().count == 0)
  }

  // MARK: Groups

  @Test(
    arguments: [
      (0, nil, nil, nil), (9, nil, nil, nil), (10, nil, 10, 20), (19, nil, 10, 20), (20, 10, 20, 30), (35, 20, 30, nil),
      (99, 20, 30, nil),
    ] as [(Int64, Int64?, Int64?, Int64?)])
  func theGroupOfATickIsReadFromThePackets(_ tick: Int64, _ begin: Int64?, _ first: Int64?, _ end: Int64?) throws {
    let feed = PacketList.groups(4, of: 10)
    let group = try KeyFrameGroup.around(tick, in: feed, firstKey: 0, second: 10)
    #expect(group == KeyFrameGroup(begin: begin, first: first, end: tick < 10 ? 10 : end))
    // It does not depend on where the feed was.
    #expect(feed.seek(to: 31))
    #expect(try KeyFrameGroup.around(tick, in: feed, firstKey: 0, second: 10) == group)
  }

  @Test func aFeedIsLedToWhereTheGroupsDecodingBegins() throws {
    let packet = try PacketBox()
    let list = PacketList.groups(4, of: 10)
    let (group, feed) = try repair.locate(25, in: list, firstKey: 0)
    #expect(group == KeyFrameGroup(begin: 10, first: 20, end: 30))
    #expect(feed === list)
    #expect(feed.read(into: packet) && packet.pts == 10)

    let (early, start) = try repair.locate(15, in: list, firstKey: 0)
    #expect(early == KeyFrameGroup(begin: nil, first: 10, end: 20))
    #expect(start !== list)
    #expect(start.read(into: packet) && packet.pts == 0)
  }

  @Test func withoutTimesTheWholeFileIsDecodedAgain() throws {
    let list = PacketList.groups(4, of: 10)
    for (tick, firstKey) in [(nil, 0), (25, nil)] as [(Int64?, Int64?)] {
      let (group, feed) = try repair.locate(tick, in: list, firstKey: firstKey)
      #expect(group == .wholeFile && feed !== list)
    }
  }

  @Test func aKeyFrameIsFoundBehindASeekThatLandsEarly() throws {
    let list = PacketList((0..<40).map { $0 % 10 == 0 ? .key($0) : .other($0) }, landsEarly: 5)
    let packet = try PacketBox()
    #expect(try KeyFrameGroup.seek(list, to: 20, firstKey: 0, second: 10))
    var keys: [Int64?] = []
    while keys.isEmpty, list.read(into: packet) { if packet.isKey { keys.append(packet.pts) } }
    #expect(keys == [20])
    // There is none at that time.
    #expect(try !KeyFrameGroup.seek(list, to: 25, firstKey: 0, second: 10))
  }

  @Test func seeksGoFartherBackUntilTheStart() {
    var targets = SeekTargets(before: 100, firstKey: 0, second: 10)
    var all: [Int64] = []
    while let target = targets.next() { all.append(target) }
    #expect(all == [100, 90, 80, 60, 20])
    // Ticks come from files: nothing traps, and there is an end.
    targets = SeekTargets(before: .max, firstKey: .min, second: 1 << 60)
    var count = 0
    while targets.next() != nil { count += 1 }
    #expect(count < 70)
  }

  @Test func onlyTheGroupsPicturesAreShownWhileItIsDecoded() {
    var repair = repair
    #expect(repair.covers(3) && !repair.hasPassed(3))
    repair.begin(KeyFrameGroup(begin: 0, first: 10, end: 20))
    #expect([9, 10, 19, 20].map(repair.covers) == [false, true, true, false])
    #expect([9, 10, 19, 20].map(repair.hasPassed) == [false, false, false, true])
    repair.begin(.wholeFile)
    #expect(repair.covers(.min) && repair.covers(.max - 1) && !repair.hasPassed(.max))
    repair.end()
    #expect(repair.group == nil && repair.covers(3))
  }
}
