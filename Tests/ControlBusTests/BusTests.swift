import CSluice
import CZeroMQ
import Foundation
import SystemBase
import Testing

@testable import ControlBus

/// A router, and what its tests need around it.
private final class Bus {
  let folder: String
  let endpoint: String
  let router: RouterSocket

  init() throws {
    var template = Array("/tmp/sluice-bus-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    endpoint = "ipc://" + folder + "/bus"
    router = try RouterSocket(endpoint: endpoint)
  }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func dealer(_ index: Int) throws -> DealerSocket { try DealerSocket(endpoint: endpoint, worker: index) }

  /// Joins a dealer: the router can only send to a peer that it has heard of.
  func joined(_ index: Int) throws -> DealerSocket {
    let dealer = try dealer(index)
    #expect(dealer.send([Message(.ready)]))
    let (worker, messages) = try #require(wait { router.receive() })
    #expect(worker == index)
    #expect(messages.map(\.kind) == [.ready])
    return dealer
  }
}

/// Tries until there is something; the minute is a watchdog for what hangs.
private func wait<T>(_ body: () -> T?) -> T? {
  let limit = sluice_now_ns() + 60_000_000_000
  while sluice_now_ns() < limit {
    if let result = body() { return result }
    _ = poll(nil, 0, 1)
  }
  return nil
}

/// A socket of another program, which keeps to nothing.
private final class RawDealer {
  let context = zmq_ctx_new()
  let socket: UnsafeMutableRawPointer?
  init(_ endpoint: String, id: [UInt8]) {
    socket = zmq_socket(context, ZMQ_DEALER)
    var linger: Int32 = 0
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, 4)
    zmq_setsockopt(socket, ZMQ_ROUTING_ID, id, id.count)
    zmq_connect(socket, endpoint)
  }
  deinit {
    zmq_close(socket)
    zmq_ctx_term(context)
  }
  func send(_ parts: [[UInt8]]) {
    for (index, part) in parts.enumerated() { zmq_send(socket, part, part.count, index + 1 < parts.count ? ZMQ_SNDMORE : 0) }
  }
}

@Suite struct MessageTests {
  @Test func everyFieldComesBack() throws {
    var random = SystemRandomNumberGenerator()
    for count in 1...50 {
      let bytes = (0..<count * Message.size).map { _ in UInt8.random(in: 0...255, using: &random) }
      let messages = try #require(bytes.withUnsafeBytes { Message.decode($0) })
      #expect(messages.count == count)
      #expect(messages.withUnsafeBytes { Array($0) } == bytes)
    }
    let message = Message(
      .done, slot: 1, generation: 2, frame: -3, stream: 4, job: 5, count: 6, arg: 7, arg2: .max)
    let copy = withUnsafeBytes(of: message) { Message.decode($0) }?.first
    #expect(copy?.kind == .done)
    #expect(copy?.frame == -3)
    #expect(copy?.arg2 == .max)
  }

  @Test func otherLengthsAreRefusedAndUnknownTypesHaveNoKind() {
    for count in [0, 1, 63, 65, 127, 1000] {
      let bytes = [UInt8](repeating: 1, count: count)
      #expect(bytes.withUnsafeBytes { Message.decode($0) } == nil)
    }
    var message = Message(.done)
    for type in [0, 10, 31, 40, 99, UInt16.max] {
      message.type = type
      #expect(message.kind == nil)
    }
  }

  @Test func anUnalignedBufferIsRead() {
    let bytes = [0] + withUnsafeBytes(of: Message(.grant, slot: 9)) { Array($0) }
    #expect(bytes.withUnsafeBytes { Message.decode(UnsafeRawBufferPointer(rebasing: $0[1...])) }?.first?.slot == 9)
  }
}

@Suite struct SocketTests {
  @Test func messagesGoBothWaysInOrderAndInBatches() throws {
    let bus = try Bus()
    let a = try bus.joined(0), b = try bus.joined(61)
    var sent: Int64 = 0
    for size in [1, 200, 256, 3, 64] {
      #expect(bus.router.send((0..<size).map { Message(.grant, frame: sent + Int64($0)) }, to: 0))
      #expect(bus.router.send([Message(.open, frame: sent)], to: 61))
      sent += Int64(size)
    }
    var frames: [Int64] = []
    while frames.count < Int(sent) { frames += try #require(wait { a.receive() }).map(\.frame) }
    #expect(frames == Array(0..<sent))
    for _ in 0..<5 { #expect(try #require(wait { b.receive() }).map(\.kind) == [.open]) }
    #expect(a.receive() == nil)
    for frame in 0..<500 as Range<Int64> { #expect(b.send([Message(.done, frame: frame), Message(.release, frame: frame)])) }
    for frame in 0..<500 as Range<Int64> {
      let (worker, messages) = try #require(wait { bus.router.receive() })
      #expect(worker == 61)
      #expect(messages.map(\.frame) == [frame, frame])
      #expect(messages.map(\.kind) == [.done, .release])
    }
  }

  @Test func workersOnThreadsOfTheirOwnAreToldApart() throws {
    let bus = try Bus()
    let endpoint = bus.endpoint
    let failed = Monitor(false)
    let threads = (0..<4).map { index in
      WorkThread("peer") {
        guard let dealer = try? DealerSocket(endpoint: endpoint, worker: index) else { return failed.with { $0 = true } }
        for frame in 0..<1000 as Range<Int64> { _ = dealer.send([Message(.done, frame: frame, job: UInt32(index))]) }
        // Lives until all has arrived: linger is 0.
        if wait({ dealer.receive() })?.first?.kind != .quit { failed.with { $0 = true } }
      }
    }
    var next: [Int64] = [0, 0, 0, 0]
    while next.contains(where: { $0 < 1000 }) {
      let (worker, messages) = try #require(wait { bus.router.receive() })
      for message in messages {
        #expect(Int(message.job) == worker)
        #expect(message.frame == next[worker])
        next[worker] += 1
      }
    }
    for worker in 0..<4 { #expect(bus.router.send([Message(.quit)], to: worker)) }
    for thread in threads { thread.join() }
    #expect(failed.with { !$0 })
  }

  @Test func whoIsGoneOrNeverCameCostsNoTime() throws {
    let bus = try Bus()
    #expect(!bus.router.send([Message(.quit)], to: 5), "never came")
    let alive = try bus.joined(1)
    var dead: DealerSocket? = try bus.joined(2)
    _ = dead?.send([Message(.done)])
    #expect(wait { bus.router.receive() } != nil)
    dead = nil
    // ZeroMQ notices the closed connection soon; until then words go nowhere.
    #expect(wait { bus.router.send([Message(.grant)], to: 2) ? nil : true } == true)
    #expect(bus.router.send([Message(.grant, frame: 7)], to: 1))
    #expect(wait { alive.receive() }?.first?.frame == 7)
    // A successor under the same number.
    let successor = try bus.joined(2)
    #expect(bus.router.send([Message(.grant, frame: 8)], to: 2))
    #expect(wait { successor.receive() }?.first?.frame == 8)
  }

  @Test func aPeerThatDoesNotReadBlocksNobody() throws {
    let bus = try Bus()
    let deaf = try bus.joined(1), alive = try bus.joined(2)
    let batch = (0..<200).map { Message(.grant, frame: Int64($0)) }
    for _ in 0..<2000 { _ = bus.router.send(batch, to: 1) }
    #expect(bus.router.send([Message(.quit)], to: 2))
    #expect(wait { alive.receive() }?.first?.kind == .quit)
    #expect(wait { deaf.receive() }?.count == 200)
  }

  @Test func malformedMessagesComeAsEmptyListsOfTheirSender() throws {
    let bus = try Bus()
    let liar = RawDealer(bus.endpoint, id: routingID(3))
    let good = withUnsafeBytes(of: Message(.done, frame: 5)) { Array($0) }
    for parts in [[[1, 2, 3]], [[]], [good, good], [good + [0]], [[UInt8](repeating: 0, count: 20_000 / 64 * 64)]] as [[[UInt8]]]
    {
      liar.send(parts)
      let (worker, messages) = try #require(wait { bus.router.receive() })
      #expect(worker == 3)
      #expect(messages.isEmpty)
    }
    liar.send([good])
    #expect(try #require(wait { bus.router.receive() }).messages.map(\.frame) == [5])
    for id in [[0x58, 1, 0, 0, 0], [0x57], [0x57, 0, 0, 0, 0, 0]] as [[UInt8]] {
      RawDealerOnce.send(bus, id: id, good) { #expect($0 == -1) }
    }
  }

  private enum RawDealerOnce {
    static func send(_ bus: Bus, id: [UInt8], _ bytes: [UInt8], _ check: (Int?) -> Void) {
      let stranger = RawDealer(bus.endpoint, id: id)
      stranger.send([bytes])
      check(wait { bus.router.receive() }?.worker)
    }
  }

  @Test func anOversizedMessageEndsItsConnectionAndNothingElse() throws {
    let bus = try Bus()
    let alive = try bus.joined(1)
    let hostile = RawDealer(bus.endpoint, id: routingID(2))
    hostile.send([[UInt8](repeating: 0, count: 64 << 20)])
    #expect(alive.send([Message(.done, frame: 1)]))
    let (worker, messages) = try #require(wait { bus.router.receive() })
    #expect(worker == 1)
    #expect(messages.first?.frame == 1)
    #expect(bus.router.receive() == nil)
  }
}
