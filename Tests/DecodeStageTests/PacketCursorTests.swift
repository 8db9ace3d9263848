import AVBinding
import SluiceBase
import Testing

@testable import DecodeStage

@Suite struct PacketCursorTests {
  private func cursor(_ list: PacketList, lookingAt: Int = 16) throws -> PacketCursor {
    try PacketCursor(list, usualDuration: 2, lookingAt: lookingAt)
  }

  /// Times of the packets that a decoder gets.
  private func rest(_ cursor: inout PacketCursor) throws -> [Int64] {
    let packet = try PacketBox()
    var times: [Int64] = []
    while cursor.next(into: packet) { times.append(packet.pts ?? -1) }
    return times
  }

  @Test(arguments: [0, 1, 3, 16]) func packetsComeInFileOrderHoweverManyWereReadAhead(_ lookingAt: Int) throws {
    var cursor = try cursor(.groups(2, of: 5), lookingAt: lookingAt)
    #expect(try rest(&cursor) == Array(0..<10))
    #expect(cursor.hasEnded)
    #expect(cursor.lastRead == 9)
  }

  @Test func theFirstKeyFrameIsKnownFromTheStart() throws {
    let cursor = try cursor(PacketList([.other(3), .key(7), .other(8)]))
    #expect(cursor.firstKey == 7)
    #expect(cursor.knowsTimes && !cursor.countsPictures)
  }

  @Test func picturesAreCountedWhereAPacketHasNoTime() throws {
    let list = PacketList([
      .other(nil, dts: 10), PacketList.Entry(pts: nil, dts: 11, size: 0), .other(nil, dts: 14), .other(nil, dts: 16),
    ])
    var cursor = try cursor(list)
    #expect(cursor.countsPictures && !cursor.knowsTimes)
    _ = try rest(&cursor)
    // Of each packet with a picture its decoding time, then what a picture usually lasts.
    let times = (0..<5).map { _ in cursor.countedTime() }
    #expect(times == [10, 14, 16, 6, 8])
  }

  @Test func aTimelessPacketBehindThoseLookedAtIsNoticedWhenItIsRead() throws {
    var cursor = try cursor(PacketList([.key(0), .other(1), .other(nil)]), lookingAt: 2)
    let packet = try PacketBox()
    #expect(!cursor.countsPictures && cursor.knowsTimes)
    for _ in 0..<3 { _ = cursor.next(into: packet) }
    #expect(!cursor.knowsTimes)
    #expect(cursor.earliest(after: 0, reorder: 0) == nil)
  }

  @Test func behindASeekTheDecoderBeginsAtAKeyFrame() throws {
    let list = PacketList([.other(3), .key(10), .other(8), .other(11), .key(20)])
    var cursor = try cursor(.groups(1, of: 4))
    cursor.begin(list, at: .anyKey)
    #expect(cursor.runsFrom == nil)
    #expect(try rest(&cursor) == [10, 8, 11, 20])
    #expect(cursor.runsFrom == 10)
    cursor.begin(list.reopened(), at: .key(20, isIntact: true))
    #expect(try rest(&cursor) == [20])
    #expect(cursor.runsFrom == 20)
    cursor.begin(list.reopened(), at: .key(10, isIntact: false))
    #expect(try rest(&cursor) == [10, 8, 11, 20])
    #expect(cursor.runsFrom == nil)
    cursor.begin(list.reopened(), at: .key(15, isIntact: true))
    #expect(try rest(&cursor) == [])
  }

  @Test func theNextPictureIsTheEarliestThatTheDecoderHasOrThatComes() throws {
    // Decoded as 0 4 2 1 3 8 6 5 7 …
    let list = PacketList([.key(0), .other(4), .other(2), .other(1), .other(3), .other(8), .other(6), .other(5), .other(7)])
    var cursor = try cursor(list)
    let packet = try PacketBox()
    for _ in 0..<4 { _ = cursor.next(into: packet) }
    cursor.cameOut(0)
    #expect(cursor.earliest(after: 0, reorder: 2) == 1)
    cursor.cameOut(1)
    #expect(cursor.earliest(after: 1, reorder: 2) == 2)
    cursor.cameOut(2)
    #expect(cursor.earliest(after: 2, reorder: 2) == 3)
    for _ in 0..<5 { _ = cursor.next(into: packet) }
    // Too few packets are left to be sure.
    #expect(cursor.earliest(after: 3, reorder: 2) == nil)
  }

  @Test func aPictureIsOvertakenWhereALaterOneStandsBeforeTheOneWanted() throws {
    var cursor = try cursor(PacketList([.key(0), .other(4), .other(2), .other(6), .key(8), .other(9)]))
    let packet = try PacketBox()
    _ = cursor.next(into: packet)
    #expect(cursor.isOvertaken(packet, by: 9) == false)  // a key frame
    _ = cursor.next(into: packet)
    let overtaken = [6, 5, 4].map { cursor.isOvertaken(packet, by: $0) }
    #expect(overtaken == [true, false, false])
  }
}
