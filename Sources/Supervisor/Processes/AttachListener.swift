import CSluice
import SharedRing
import SluiceBase
import SystemBase

/// One region as it is handed to a role.
struct OfferedRegion {
  var kind: sluice_region_kind
  var ring: Int
  var region: SharedRegion
  var writable: Bool
}

/// The unix SEQPACKET socket on which workers attach: HELLO in, WELCOME and the regions' descriptors out.
/// Used from the supervisor's thread; a peer that says nothing costs a descriptor, never time.
final class AttachListener {
  let descriptor: FileDescriptor
  /// Connected, HELLO still to come.
  var waiting: [FileDescriptor] { guests.map(\.connection) }
  private struct Guest {
    var connection: FileDescriptor
    var isOwn: Bool
    var since: UInt64
  }
  private var guests: [Guest] = []
  private let clock: MonotonicClock
  private var budget = AttachListener.perTick
  /// Connections that are taken between two ticks, strangers that may wait, and nanoseconds that they may.
  private static let perTick = 64
  private static let strangers = 32
  private static let patience: UInt64 = 5_000_000_000

  init(path: String, clock: MonotonicClock = .system) throws(SluiceError) {
    self.clock = clock
    let fd = sluice_listen(path)
    guard fd >= 0 else { throw SluiceError(.cannotCreate, "cannot listen: \(SystemError("bind").reason)", at: path) }
    descriptor = FileDescriptor(fd)
  }

  /// For poll(2).
  var watched: pollfd { pollfd(fd: descriptor.raw, events: budget > 0 ? Int16(POLLIN) : 0, revents: 0) }

  /// Takes a connection. Another user's is closed at once; of too many strangers the first goes.
  /// - Parameter own: processes that the run has started; nobody takes their place.
  func accept(own: [pid_t]) {
    guard budget > 0 else { return }
    budget -= 1
    guard let (connection, pid) = Peer.accept(descriptor) else { return }
    let isOwn = own.contains(pid)
    if !isOwn, guests.count(where: { !$0.isOwn }) >= AttachListener.strangers,
      let first = guests.firstIndex(where: { !$0.isOwn })
    {
      guests.remove(at: first)
    }
    guests.append(Guest(connection: connection, isOwn: isOwn, since: clock.now))
  }

  /// Call it ten times a second: closes the connections of strangers that say nothing.
  func tick() {
    budget = AttachListener.perTick
    let now = clock.now
    guests.removeAll { !$0.isOwn && now - $0.since > AttachListener.patience }
  }

  /// Reads the HELLO of a waiting connection; nil when it is none (the connection is dropped then).
  func hello(from connection: FileDescriptor) -> sluice_hello? {
    guests.removeAll { $0.connection === connection }
    var hello = sluice_hello()
    var fd: Int32 = -1
    let n = sluice_receive_fd(connection.raw, &hello, MemoryLayout.size(ofValue: hello), &fd)
    if fd >= 0 { close(fd) }
    guard n == MemoryLayout.size(ofValue: hello), hello.magic == SLUICE_MAGIC_HELLO else { return nil }
    return hello
  }

  static func refuse(_ connection: FileDescriptor, _ reason: Admission.Refusal) {
    var welcome = sluice_welcome()
    welcome.magic = SLUICE_MAGIC_HELLO
    welcome.abi_major = UInt16(SLUICE_ABI_MAJOR)
    welcome.abi_minor = UInt16(SLUICE_ABI_MINOR)
    welcome.status = reason.rawValue
    _ = sluice_send_fd(connection.raw, &welcome, MemoryLayout.size(ofValue: welcome), -1)
  }

  /// WELCOME and the regions. A region that the role only reads goes out as a read-only descriptor, so that it cannot be
  /// mapped otherwise. False when the peer is gone.
  static func welcome(
    _ connection: FileDescriptor, worker: Int, epoch: UInt64, endpoint: String, regions: [OfferedRegion]
  ) -> Bool {
    var welcome = sluice_welcome()
    welcome.magic = SLUICE_MAGIC_HELLO
    welcome.abi_major = UInt16(SLUICE_ABI_MAJOR)
    welcome.abi_minor = UInt16(SLUICE_ABI_MINOR)
    welcome.worker = UInt32(worker)
    welcome.epoch = epoch
    welcome.region_count = UInt32(regions.count)
    withUnsafeMutableBytes(of: &welcome.endpoint) { raw in
      for (index, byte) in endpoint.utf8.prefix(raw.count - 1).enumerated() { raw[index] = byte }
    }
    guard sluice_send_fd(connection.raw, &welcome, MemoryLayout.size(ofValue: welcome), -1) > 0 else { return false }
    for offer in regions {
      var packet = sluice_region()
      packet.kind = offer.kind.rawValue
      packet.ring = UInt32(offer.ring)
      packet.epoch = 1
      packet.writable = offer.writable ? 1 : 0
      packet.bytes = UInt64(offer.region.bytes)
      let own = offer.region.descriptor.raw
      let fd = offer.writable ? own : sluice_reopen_readonly(own)
      guard fd >= 0 else { return false }
      defer { if fd != own { close(fd) } }
      guard sluice_send_fd(connection.raw, &packet, MemoryLayout.size(ofValue: packet), fd) > 0 else { return false }
    }
    return true
  }

  /// Hands a file over that a worker is to write into. A worker that is gone is noticed by its pidfd.
  static func hand(_ file: FileDescriptor, of job: UInt32, over connection: FileDescriptor) {
    var packet = sluice_region()
    packet.kind = SLUICE_REGION_OUTPUT.rawValue
    packet.ring = job
    packet.writable = 1
    _ = sluice_send_fd(connection.raw, &packet, MemoryLayout.size(ofValue: packet), file.raw)
  }
}
