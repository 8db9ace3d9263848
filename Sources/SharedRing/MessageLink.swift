import CSluice
import SluiceBase

/// One end of the conversation between supervisor and worker: two logs in shared memory, each with one writer. What is said
/// stands there, in order and once, whether or not the doorbell on the control bus arrives; what a worker said before it
/// died is still there afterwards. See ipc-schema/SPEC.md, "Message logs". Used from one thread.
public final class MessageLink {
  /// The other side wrote what cannot be: it counts backwards, or has overrun its log.
  public struct Broken: Error {}

  public static let capacity = UInt64(SLUICE_LOG_COUNT)
  public static let bytes = MemoryLayout<sluice_log>.size

  private static let headBytes = bytes - Int(SLUICE_LOG_COUNT) * MemoryLayout<sluice_message>.size

  private let ownRegion: SharedRegion
  private let peerRegion: SharedRegion
  private let own: UnsafeMutablePointer<sluice_log>
  private let peer: UnsafeMutablePointer<sluice_log>
  /// Said, but there is no room in the log yet.
  private var backlog: [sluice_message] = []
  /// Our own words are believed, those in shared memory are for the other side.
  private var count: UInt64 = 0
  private var seen: UInt64 = 0

  /// `own` is written, `peer` read; both come zeroed. nil when one is too small or the own one read-only.
  public init?(own: SharedRegion, peer: SharedRegion) {
    guard own.writable, own.bytes >= MessageLink.bytes, peer.bytes >= MessageLink.bytes else { return nil }
    ownRegion = own
    peerRegion = peer
    self.own = own.base.assumingMemoryBound(to: sluice_log.self)
    self.peer = peer.base.assumingMemoryBound(to: sluice_log.self)
    sluice_store_release64(&self.own.pointee.magic, UInt64(SLUICE_MAGIC_LOG))
  }

  private static func entry(_ log: UnsafeMutablePointer<sluice_log>, _ index: UInt64) -> UnsafeMutablePointer<sluice_message> {
    let table = UnsafeMutableRawPointer(log) + headBytes
    return table.assumingMemoryBound(to: sluice_message.self) + Int(index % capacity)
  }

  /// Says these, after all that was said before.
  public func send(_ messages: [sluice_message]) {
    backlog += messages
    flush()
  }

  /// Puts into the log what waits for room, as far as the other side has read on.
  public func flush() {
    guard !backlog.isEmpty else { return }
    // Pairs with the reader's release: it is done with the entries that are overwritten now.
    let read = sluice_load_acquire64(&peer.pointee.seen)
    guard read <= count else { return }  // nonsense; whoever is silent for long is ended
    let room = Int(MessageLink.capacity - min(MessageLink.capacity, count - read))
    for message in backlog.prefix(room) {
      MessageLink.entry(own, count).pointee = message
      count += 1
      // Pairs with the reader's acquire of the count: it sees the entry whole.
      sluice_store_release64(&own.pointee.count, count)
    }
    backlog.removeFirst(min(room, backlog.count))
  }

  /// What the other side has said and was not heard yet, in order, at most `limit` of it.
  public func receive(limit: Int = .max) throws(Broken) -> [sluice_message] {
    let said = sluice_load_acquire64(&peer.pointee.count)
    guard said >= seen, said - seen <= MessageLink.capacity else { throw Broken() }
    var messages: [sluice_message] = []
    while seen < said, messages.count < limit {
      messages.append(MessageLink.entry(peer, seen).pointee)
      seen += 1
    }
    // Release: the entries were read before they may be overwritten.
    if !messages.isEmpty { sluice_store_release64(&own.pointee.seen, seen) }
    return messages
  }
}
