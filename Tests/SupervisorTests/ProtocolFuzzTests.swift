import CSluice
import ControlBus
import Foundation
import FrameModel
import Plan
import SlotLedger
import SystemBase
import TestKit
import Testing
import TimelineTestKit

@testable import SharedRing
@testable import Supervisor
@testable import Timeline

/// What comes from a process that is not believed: bytes of any kind end in a refusal, never in a crash or a read out of
/// bounds. `SLUICE_FUZZ_ROUNDS` sets how many of each kind.
@Suite struct ProtocolFuzzTests {
  private static let rounds = ProcessInfo.processInfo.environment["SLUICE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 200

  private func mutate(_ bytes: inout [UInt8], _ random: inout TestRandom) {
    guard !bytes.isEmpty else { return }
    for _ in 0..<random.int(1...6) {
      let at = random.int(0...bytes.count - 1)
      switch random.int(0...4) {
      case 0: bytes[at] = UInt8(random.int(0...255))
      case 1: bytes[at] ^= 1 << UInt8(random.int(0...7))
      case 2: bytes[at] = random.chance(50) ? 0 : 0xff
      case 3:
        // A whole word of an extreme value, where words stand.
        let word = at / 4 * 4
        let value = [0, 1, UInt32.max, 1 << 31, 0x7fff_ffff, 65536].randomElement(using: &random) ?? 0
        withUnsafeBytes(of: value) { for (i, byte) in $0.enumerated() where word + i < bytes.count { bytes[word + i] = byte } }
      default:
        let length = min(random.int(1...64), bytes.count - at)
        let from = random.int(0...bytes.count - length)
        bytes.replaceSubrange(at..<at + length, with: bytes[from..<from + length])
      }
    }
  }

  @Test func messagesOfAnyLengthDecodeOrAreRefused() {
    var random = TestRandom(11)
    for _ in 0..<Self.rounds {
      let bytes = (0..<random.int(0...700)).map { _ in UInt8(random.int(0...255)) }
      let messages = bytes.withUnsafeBytes { Message.decode($0) }
      #expect((messages?.count ?? 0) * 64 == (bytes.isEmpty || bytes.count % 64 != 0 ? 0 : bytes.count))
      for message in messages ?? [] { _ = message.kind }
    }
  }

  /// A header that is accepted has its planes inside the slot.
  @Test func frameHeadersAreRefusedOrHoldTheirPlanes() {
    var random = TestRandom(12)
    let formats: [PixelFormat] = [.yuv420p]
    let slotBytes = 1 << 16
    let slot = UnsafeMutableRawPointer.allocate(byteCount: slotBytes, alignment: 64)
    defer { slot.deallocate() }
    var accepted = 0
    for round in 0..<Self.rounds * 5 {
      FrameDescription(format: formats[round % formats.count], width: 64 + round % 64, height: 64).write(to: slot)
      var header = Array(UnsafeRawBufferPointer(start: slot, count: 256))
      mutate(&header, &random)
      slot.copyMemory(from: header, byteCount: 256)
      guard let frame = FrameDescription(reading: slot, slotBytes: slotBytes) else { continue }
      accepted += 1
      for (index, plane) in frame.planes.enumerated() {
        let size = frame.format.planeSize(index, width: frame.width, height: frame.height)
        let end = plane.offset + plane.stride * (size.height - 1) + size.width * frame.format.bytesPerSample
        #expect(plane.offset >= 256 && end <= slotBytes)
      }
    }
    #expect(accepted > 0)
  }

  /// The supervisor sees a lease that its worker fills with anything.
  @Test func leasesOfAnyContentAreRead() throws {
    var random = TestRandom(13)
    let region = try SharedRegion.create(bytes: LeaseLayout.bytes(slotCount: 32), writers: .others)
    let reader = LeaseReader(region, slotCount: 32)
    for _ in 0..<Self.rounds {
      for _ in 0..<20 {
        region.base.storeBytes(of: random.next(), toByteOffset: random.int(0...region.bytes / 8 - 1) * 8, as: UInt64.self)
      }
      _ = reader.heartbeat
      for slot in [0, 31] { _ = (reader.done(slot), reader.released(slot)) }
      #expect(reader.text(random.next()).utf8.count <= Int(SLUICE_TEXT_BYTES) * 3)
      for counter in StageCounter.allCases { _ = reader.value(counter) }
    }
  }

  /// The other side of a message log writes anything at any time: what is read is bounded, or it is found broken.
  @Test func messageLogsOfAnyContentAreReadOrBroken() throws {
    var random = TestRandom(14)
    for _ in 0..<max(20, Self.rounds / 50) {
      let own = try SharedRegion.create(bytes: MessageLink.bytes, writers: .others)
      let peer = try SharedRegion.create(bytes: MessageLink.bytes, writers: .others)
      let link = try #require(MessageLink(own: own, peer: peer))
      for _ in 0..<50 {
        let at = random.chance(70) ? random.int(0...3) : random.int(0...peer.bytes / 8 - 1)
        let value = random.chance(50) ? UInt64(random.int(0...2000)) : random.next()
        peer.base.storeBytes(of: value, toByteOffset: at * 8, as: UInt64.self)
        if let heard = try? link.receive() { #expect(heard.count <= Int(MessageLink.capacity)) }
        link.send([Message(.quit)])
      }
    }
  }

  /// Everything that is said is heard, once and in order, however the two sides take turns and however full the logs are.
  @Test func messageLogsKeepEverythingInOrder() throws {
    var random = TestRandom(15)
    let a = try SharedRegion.create(bytes: MessageLink.bytes, writers: .others)
    let b = try SharedRegion.create(bytes: MessageLink.bytes, writers: .others)
    let left = try #require(MessageLink(own: a, peer: b))
    let right = try #require(MessageLink(own: b, peer: a))
    var said: UInt64 = 0
    var heard: UInt64 = 0
    while heard < 20_000 {
      if said < 20_000, random.chance(60) {
        let count = UInt64(random.int(1...900))
        left.send((said..<said + count).map { Message(.render, arg: $0) })
        said += count
      }
      if random.chance(40) {
        for message in try right.receive(limit: random.int(1...1500)) {
          try #require(message.arg == heard)
          heard += 1
        }
      }
      left.flush()
    }
  }

  /// Workers trust the plan; yet one with any byte changed is refused, or evaluated within its bounds.
  @Test func plansWithAnyByteChangedAreRefusedOrEvaluated() throws {
    var random = TestRandom(16)
    var accepted = 0
    for seed in 0..<UInt64(max(4, Self.rounds / 250)) {
      var source = TestRandom(seed)
      let media = RandomTimeline.media(&source)
      guard let plan = try? PlanCompiler.compile(RandomTimeline.project(&source), media: media, settings: OutputSettings())
      else { continue }
      for _ in 0..<200 {
        var bytes = plan.bytes
        mutate(&bytes, &random)
        bytes.withUnsafeBytes { raw in
          guard let base = raw.baseAddress, let view = PlanView(base, count: raw.count) else { return }
          accepted += 1
          for index in 0..<min(view.streamCount, 50) {
            let record = view.stream(index)
            if record.source >= 0, record.source < view.sourceCount { _ = view.source(record.source).text }
          }
          var layers: [Layer] = []
          for frame in [0, 1, view.frameCount / 2, view.frameCount - 1] where frame >= 0 && frame < view.frameCount {
            view.layers(at: frame, into: &layers)
          }
          _ = (view.canvas, view.output)
        }
      }
    }
    #expect(accepted > 0)
  }

  /// A peer that sends any packet as HELLO.
  @Test func hellosOfAnyContentAreTakenOrDropped() throws {
    var random = TestRandom(17)
    let path = "/tmp/sluice-fuzz-\(getpid())-\(random.next() % 1000).sock"
    defer { unlink(path) }
    let listener = try AttachListener(path: path)
    var taken = 0
    for _ in 0..<min(Self.rounds / 4, 5000) {
      listener.tick()  // else it takes no more than a tick's worth, and connect(2) waits once the queue is full
      let peer = FileDescriptor(sluice_connect(path))
      var hello = sluice_hello()
      hello.magic = SLUICE_MAGIC_HELLO
      hello.role = WorkerRole.decoder.wire
      var bytes = withUnsafeBytes(of: hello, Array.init)
      if random.chance(80) { mutate(&bytes, &random) }
      if random.chance(30) { bytes = Array(bytes.prefix(random.int(0...32))) + Array(repeating: 7, count: random.int(0...40)) }
      let sent = random.chance(20) ? peer.raw : -1  // a descriptor that nobody asked for
      _ = sluice_send_fd(peer.raw, bytes, bytes.count, sent)
      listener.accept(own: [getpid()])
      guard let connection = listener.waiting.first else { continue }
      if listener.hello(from: connection) != nil { taken += 1 }
      #expect(listener.waiting.isEmpty)
    }
    #expect(taken > 0)
  }
}
