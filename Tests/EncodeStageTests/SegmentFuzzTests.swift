import CSluice
import EncodeStage
import Foundation
import FrameModel
import SluiceBase
import SystemBase
import Testing

/// Segment files that lie: what the program that joins reads from the store or from an encoder is joined or refused, never
/// believed. `SLUICE_FUZZ_ROUNDS` sets how many.
@Suite struct SegmentFuzzTests {
  private static let rounds = ProcessInfo.processInfo.environment["SLUICE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 300

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 1 ? 0xedb8_8320 ^ sum >> 1 : sum >> 1 }
  }

  /// With the right checksum: the next checks are to find it.
  private static func seal(_ bytes: inout [UInt8]) {
    guard bytes.count > 4 else { return }
    var sum = ~UInt32(0)
    for byte in bytes.dropLast(4) { sum = table[Int((sum ^ UInt32(byte)) & 255)] ^ sum >> 8 }
    withUnsafeBytes(of: (~sum).littleEndian) { bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: $0) }
  }

  private static func file(_ bytes: [UInt8]) throws -> FileDescriptor {
    let file = FileDescriptor(sluice_memfd("segment"))
    try bytes.withUnsafeBytes { try System.writeAll(file.raw, $0) }
    return file
  }

  private static func join(_ bytes: [UInt8], _ settings: OutputSettings, frames: Int64) throws -> Bool {
    let segment = try file(bytes)
    let out = FileDescriptor(sluice_memfd("joined"))
    do throws(SluiceError) {
      let joiner = try SegmentJoiner(settings: settings, fd: out.raw)
      try joiner.append(segment.raw, firstFrame: 0, frames: frames)
      _ = try joiner.finish()
      return true
    } catch {
      #expect(!error.what.isEmpty)
      return false
    }
  }

  @Test func segmentsOfAnyContentAreJoinedOrRefused() throws {
    var wanted = settings("libx264", "matroska", options: [("preset", "ultrafast")])
    wanted.threads = 1
    let made = FileDescriptor(sluice_memfd("made"))
    let output = try VideoOutput(segmentOf: wanted, input: .yuv420p, fd: made.raw, counters: FakeCounters())
    let slots = (0..<8).map { FakeSlot(.yuv420p, wanted.width, wanted.height, seed: $0) }
    for (index, slot) in slots.enumerated() {
      try output.encode(slot.readable, description: slot.description, number: Int64(index)) {}
    }
    _ = try output.finish()
    var good = [UInt8](repeating: 0, count: Int(lseek(made.raw, 0, SEEK_END)))
    #expect(pread(made.raw, &good, good.count, 0) == good.count)
    var sealed = good
    Self.seal(&sealed)
    #expect(sealed == good, "the checksum is another one")
    #expect(try Self.join(good, wanted, frames: 8))

    var seed = UInt64(7)
    func next(_ bound: Int) -> Int {  // splitmix64: the same files every time
      seed &+= 0x9e37_79b9_7f4a_7c15
      var z = seed
      z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      return Int((z ^ z >> 31) % UInt64(bound))
    }
    var refused = 0
    for round in 0..<Self.rounds {
      var bytes = good
      // Where the fields are: the header, the first packets' heads, the end.
      for _ in 0...next(4) {
        let at = [next(160), next(bytes.count), bytes.count - 1 - next(28)][next(3)]
        switch next(4) {
        case 0: bytes[at] = UInt8(next(256))
        case 1: bytes[at] ^= 1 << UInt8(next(8))
        default:
          let word: UInt32 = [0, 1, .max, 1 << 31, 0x7fff_ffff, UInt32(next(70000))][next(6)]
          withUnsafeBytes(of: word) { for (i, byte) in $0.enumerated() where at + i < bytes.count { bytes[at + i] = byte } }
        }
      }
      if next(10) == 0 { bytes = Array(bytes.prefix(next(bytes.count))) }
      if round % 8 != 0 { Self.seal(&bytes) }
      if bytes == good { continue }
      let isJoined = try Self.join(bytes, wanted, frames: 8)
      if round % 8 == 0 { #expect(!isJoined, "its checksum is wrong") }
      if !isJoined { refused += 1 }
    }
    #expect(refused > Self.rounds / 8)
  }
}
