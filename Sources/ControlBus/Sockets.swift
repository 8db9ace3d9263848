import CSluice
import CZeroMQ
import SluiceBase
import SystemBase

/// One ZeroMQ context; closed with linger 0, so that nothing waits for a dead peer.
final class BusContext {
  let raw: UnsafeMutableRawPointer
  init() throws(SluiceError) {
    guard let raw = zmq_ctx_new() else { throw busError("zmq_ctx_new") }
    self.raw = raw
  }
  deinit { zmq_ctx_term(raw) }
}

func busError(_ call: String) -> SluiceError {
  SluiceError(.software, "\(call): \(String(cString: zmq_strerror(zmq_errno())))", at: "control bus")
}

/// For the tests: with `SLUICE_LOSE_MESSAGES=3` in the environment every third message is lost.
struct Losses {
  private let every = System.environment("SLUICE_LOSE_MESSAGES").flatMap { Int($0) } ?? 0
  private var sent = 0

  mutating func loses() -> Bool {
    guard every > 0 else { return false }
    sent += 1
    return sent % every == 0
  }
}

/// What ROUTER and DEALER share: a socket of its own context, a poll descriptor, records out and in.
/// Used from one thread.
public class BusSocket {
  private let context: BusContext
  let raw: UnsafeMutableRawPointer
  private var buffer = [UInt8](repeating: 0, count: Message.size * 256)
  var losses = Losses()

  init(type: Int32) throws(SluiceError) {
    context = try BusContext()
    guard let raw = zmq_socket(context.raw, type) else { throw busError("zmq_socket") }
    self.raw = raw
    try set(ZMQ_LINGER, 0)
    // Far above any credit, so that they never act (messages are bounded by slots and jobs).
    try set(ZMQ_SNDHWM, 100_000)
    try set(ZMQ_RCVHWM, 100_000)
    // Bounds what a hostile peer can make us hold: ZeroMQ drops its connection at a longer message.
    var longest: Int64 = 1 << 20
    guard zmq_setsockopt(raw, ZMQ_MAXMSGSIZE, &longest, MemoryLayout<Int64>.size) == 0 else { throw busError("zmq_setsockopt") }
  }

  deinit { zmq_close(raw) }

  func set(_ option: Int32, _ value: Int32) throws(SluiceError) {
    var value = value
    guard zmq_setsockopt(raw, option, &value, MemoryLayout<Int32>.size) == 0 else { throw busError("zmq_setsockopt") }
  }

  /// Becomes readable (edge-triggered) when something may have come in: after a wake-up, receive until nothing is left.
  public var pollDescriptor: Int32 {
    var fd: Int32 = -1
    var size = MemoryLayout<Int32>.size
    zmq_getsockopt(raw, ZMQ_FD, &fd, &size)
    return fd
  }

  /// One part of a message into the buffer; its bytes, or nil when nothing is there.
  func receivePart<R>(_ body: (UnsafeRawBufferPointer, _ more: Bool) -> R) -> R? {
    while true {
      let n = buffer.withUnsafeMutableBytes { zmq_recv(raw, $0.baseAddress, $0.count, ZMQ_DONTWAIT) }
      if n < 0 {
        if zmq_errno() == EINTR { continue }
        return nil
      }
      var more: Int32 = 0
      var size = MemoryLayout<Int32>.size
      zmq_getsockopt(raw, ZMQ_RCVMORE, &more, &size)
      // A message longer than the buffer is cut by ZeroMQ and tells its full length: hostile, so empty.
      let count = Int(n) > buffer.count ? 0 : Int(n)
      return buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[0..<count]), more != 0) }
    }
  }

  func sendPart(_ bytes: UnsafeRawBufferPointer, more: Bool) -> Bool {
    while true {
      let n = zmq_send(raw, bytes.baseAddress, bytes.count, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0))
      if n >= 0 { return true }
      if zmq_errno() != EINTR { return false }
    }
  }
}

/// Routing id of worker `index`: 'W' and the index as little-endian 32 bits.
func routingID(_ index: Int) -> [UInt8] { [0x57] + withUnsafeBytes(of: UInt32(index).littleEndian, Array.init) }

/// The supervisor's socket.
public final class RouterSocket: BusSocket {
  public init(endpoint: String) throws(SluiceError) {
    try super.init(type: ZMQ_ROUTER)
    try set(ZMQ_ROUTER_MANDATORY, 1)
    try set(ZMQ_ROUTER_HANDOVER, 1)  // a restarted worker takes its name back
    guard zmq_bind(raw, endpoint) == 0 else { throw busError("zmq_bind \(endpoint)") }
  }

  /// False when the peer is gone: its death is noticed elsewhere, and its work issued again.
  public func send(_ messages: [Message], to worker: Int) -> Bool {
    if losses.loses() { return true }
    let id = routingID(worker)
    guard id.withUnsafeBytes({ sendPart($0, more: true) }) else { return false }
    return messages.withUnsafeBytes { sendPart($0, more: false) }
  }

  /// The next message: its sender and records. Malformed ones come as an empty list, so that the sender can be ended.
  public func receive() -> (worker: Int, messages: [Message])? {
    var worker = -1
    guard
      var more = receivePart({ bytes, more in
        if bytes.count == 5, bytes[0] == 0x57 {
          worker = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
        }
        return more
      })
    else { return nil }
    var messages: [Message] = []
    var parts = 0
    while more {
      guard
        let again = receivePart({ bytes, more in
          messages = Message.decode(bytes) ?? []
          return more
        })
      else { break }
      parts += 1
      more = again
    }
    return (worker, parts == 1 ? messages : [])
  }
}

/// A worker's socket.
public final class DealerSocket: BusSocket {
  /// Returns when it is connected, so that no socket needs to be made later. Throws 69 when nobody answers for ten seconds.
  public init(endpoint: String, worker: Int) throws(SluiceError) {
    try super.init(type: ZMQ_DEALER)
    let id = routingID(worker)
    guard zmq_setsockopt(raw, ZMQ_ROUTING_ID, id, id.count) == 0 else { throw busError("zmq_setsockopt") }
    // Only a finished connection counts as one that can be written to.
    try set(ZMQ_IMMEDIATE, 1)
    guard zmq_connect(raw, endpoint) == 0 else { throw busError("zmq_connect") }
    var item = zmq_pollitem_t(socket: raw, fd: -1, events: Int16(ZMQ_POLLOUT), revents: 0)
    guard zmq_poll(&item, 1, 10_000) == 1 else {
      throw SluiceError(.unavailable, "the supervisor's control bus does not answer", at: endpoint)
    }
  }

  public func send(_ messages: [Message]) -> Bool {
    losses.loses() || messages.withUnsafeBytes { sendPart($0, more: false) }
  }

  public func receive() -> [Message]? {
    var messages: [Message] = []
    guard
      let more = receivePart({ bytes, more in
        messages = Message.decode(bytes) ?? []
        return more
      })
    else { return nil }
    var rest = more
    while rest { rest = receivePart { _, more in more } ?? false }
    return messages
  }
}
