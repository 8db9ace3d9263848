import CSluice
import ControlBus
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase

/// What the handshake gave a worker: its number, the mapped regions, the endpoint, and the connection whose end means that
/// the supervisor is gone. See ipc-schema/SPEC.md, "Attach".
public struct Attachment {
  public let worker: Int
  public let connection: FileDescriptor
  public let endpoint: String
  public let control: ControlRegionReader
  public let lease: LeaseWriter
  public let plan: SharedRegion
  public let rings: [SharedRegion?]
  /// The logs that make messages certain; nil where the supervisor offers none.
  public let link: MessageLink?

  /// Connects to the supervisor's socket (`SLUICE_SOCKET`, with `SLUICE_TOKEN`) as `role` and maps what it hands over.
  /// Whatever descriptors this program was started with are closed first.
  public static func open(role: WorkerRole) throws(SluiceError) -> Attachment {
    guard let path = System.environment("SLUICE_SOCKET") else {
      throw SluiceError(
        .usage, "this is a worker program; it is started by sluice", advice: "set SLUICE_SOCKET to attach it by hand")
    }
    let token = System.environment("SLUICE_TOKEN").flatMap { UInt64($0) } ?? 0
    sluice_close_from(3)
    sluice_detach_standard()
    return try open(socket: path, role: role, token: token)
  }

  public static func open(socket path: String, role: WorkerRole, token: UInt64) throws(SluiceError) -> Attachment {
    let raw = sluice_connect(path)
    guard raw >= 0 else { throw SluiceError(.unavailable, "no supervisor: \(SystemError("connect").reason)", at: path) }
    let connection = FileDescriptor(raw)
    var hello = sluice_hello()
    hello.magic = SLUICE_MAGIC_HELLO
    hello.abi_major = UInt16(SLUICE_ABI_MAJOR)
    hello.abi_minor = UInt16(SLUICE_ABI_MINOR)
    hello.role = role.wire
    hello.token = token
    hello.features = SLUICE_FEATURE_PLAN.rawValue | SLUICE_FEATURE_LOG.rawValue
    guard sluice_send_fd(raw, &hello, MemoryLayout.size(ofValue: hello), -1) > 0 else {
      throw SluiceError(.unavailable, "the supervisor does not answer: \(SystemError("send").reason)", at: path)
    }
    KillPoint.attachHello.pass()
    var welcome = sluice_welcome()
    var none: Int32 = -1
    guard sluice_receive_fd(raw, &welcome, MemoryLayout.size(ofValue: welcome), &none) == MemoryLayout.size(ofValue: welcome),
      welcome.magic == SLUICE_MAGIC_HELLO
    else { throw SluiceError(.unavailable, "the supervisor does not answer", at: path) }
    guard welcome.status == 0 else {
      throw SluiceError(.unavailable, "the supervisor refuses this worker (reason \(welcome.status))", at: path)
    }
    let endpoint = withUnsafeBytes(of: &welcome.endpoint) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }

    var control: ControlRegionReader?
    var lease: SharedRegion?
    var plan: SharedRegion?
    var commands: SharedRegion?
    var answers: SharedRegion?
    var rings = [SharedRegion?](repeating: nil, count: Int(SLUICE_MAX_RINGS))
    for _ in 0..<welcome.region_count {
      var packet = sluice_region()
      var fd: Int32 = -1
      guard sluice_receive_fd(raw, &packet, MemoryLayout.size(ofValue: packet), &fd) == MemoryLayout.size(ofValue: packet),
        fd >= 0
      else { throw SluiceError(.software, "the supervisor's regions are incomplete", at: path) }
      let region: SharedRegion
      do throws(SystemError) {
        region = try SharedRegion(descriptor: FileDescriptor(fd), bytes: Int(packet.bytes), writable: packet.writable != 0)
      } catch {
        throw SluiceError(.software, "cannot map a region: \(error)", at: path)
      }
      switch packet.kind {
      case SLUICE_REGION_CONTROL.rawValue: control = try ControlRegionReader(region)
      case SLUICE_REGION_LEASE.rawValue: lease = region
      case SLUICE_REGION_PLAN.rawValue: plan = region
      case SLUICE_REGION_RING.rawValue where packet.ring < SLUICE_MAX_RINGS: rings[Int(packet.ring)] = region
      case SLUICE_REGION_COMMANDS.rawValue: commands = region
      case SLUICE_REGION_ANSWERS.rawValue: answers = region
      default: break
      }
    }
    guard let control, let lease, let plan else {
      throw SluiceError(.software, "the supervisor left out a region", at: path)
    }
    let writer = try LeaseWriter(lease, worker: Int(welcome.worker), slotCount: control.slotCount)
    KillPoint.attachLease.pass()
    return Attachment(
      worker: Int(welcome.worker), connection: connection, endpoint: endpoint, control: control, lease: writer, plan: plan,
      rings: rings,
      link: commands.flatMap { commands in answers.flatMap { MessageLink(own: $0, peer: commands) } })
  }
}
