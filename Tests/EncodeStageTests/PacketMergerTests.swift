import AVBinding
import FrameModel
import SluiceBase
import Testing

@testable import EncodeStage

@Suite struct PacketMergerTests {
  private func packet(_ dts: Int64?, pts: Int64? = nil, duration: Int64 = 1) throws -> PacketBox {
    let packet = try PacketBox()
    packet.dts = dts
    packet.pts = pts
    packet.duration = duration
    return packet
  }

  /// What comes out now: stream and decoding time.
  private func drain(_ merger: PacketMerger) throws -> [[Int64]] {
    var all: [[Int64]] = []
    try merger.drain { (packet, stream) throws(SluiceError) in all.append([Int64(stream), packet.decodingTime]) }
    return all
  }

  /// Pictures of 25 a second, sound of 1000 samples a second.
  private func merger() -> PacketMerger {
    let merger = PacketMerger()
    merger.add(timeBase: Rational(1, 25))
    merger.add(timeBase: Rational(1, 1000))
    return merger
  }

  @Test func aPacketWaitsWhileAnotherStreamMayBringAnEarlierOne() throws {
    let merger = merger()
    try merger.put(packet(0), stream: 0)
    #expect(try drain(merger) == [])
    try merger.put(packet(-10, duration: 30), stream: 1)
    #expect(try drain(merger) == [[1, -10], [0, 0]])
    // Sound stands at 20 ms, the next picture at 40.
    try merger.put(packet(1), stream: 0)
    #expect(try drain(merger) == [])
    try merger.put(packet(20, duration: 30), stream: 1)
    #expect(try drain(merger) == [[1, 20], [0, 1]])
  }

  @Test func atEqualTimesTheEarlierStreamComesFirst() throws {
    let merger = merger()
    try merger.put(packet(80, duration: 40), stream: 1)
    try merger.put(packet(1), stream: 0)
    // A picture may still come at 80 ms.
    #expect(try drain(merger) == [[0, 1]])
    try merger.put(packet(2), stream: 0)
    #expect(try drain(merger) == [[0, 2], [1, 80]])
  }

  @Test func aStreamThatEndedIsNotWaitedFor() throws {
    let merger = merger()
    for time in [0, 40, 80] as [Int64] { try merger.put(packet(time, duration: 40), stream: 1) }
    #expect(try drain(merger) == [])
    merger.end(stream: 0)
    #expect(try drain(merger) == [[1, 0], [1, 40], [1, 80]])
  }

  @Test func theOrderDoesNotDependOnWhatComesFirst() throws {
    var orders: Set<[[Int64]]> = []
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20 {
      let merger = merger()
      var left: [[Int64]] = [(0..<12).map { $0 }, (0..<20).map { $0 * 23 }]
      var all: [[Int64]] = []
      while left.contains(where: { !$0.isEmpty }) {
        let stream = Int.random(in: 0...1, using: &random)
        guard !left[stream].isEmpty else { continue }
        try merger.put(packet(left[stream].removeFirst(), duration: stream == 0 ? 1 : 23), stream: stream)
        if left[stream].isEmpty { merger.end(stream: stream) }
        all += try drain(merger)
      }
      #expect(all.count == 32)
      orders.insert(all)
    }
    #expect(orders.count == 1)
  }

  @Test func wherePacketsHaveNoDecodingTimeTheirShowingCounts() throws {
    #expect(try packet(nil, pts: 7).decodingTime == 7)
    #expect(try packet(3, pts: 7).decodingTime == 3)
  }

  @Test func timesOfDifferentTicksAreComparedExactly() {
    func time(_ ticks: Int64, _ num: Int64, _ den: Int64) -> PacketTime { PacketTime(ticks: ticks, timeBase: Rational(num, den)) }
    #expect(time(1, 1, 25) == time(40, 1, 1000))
    #expect(time(1, 1001, 30000) < time(34, 1, 1000))
    #expect(time(1, 1001, 30000) > time(33, 1, 1000))
    #expect(time(.max, 1, 48000) < time(.max, 1, 44100))
    #expect(time(.min, 1, Int64(Int32.max)) > time(.min, Int64(Int32.max), 1))
  }
}
