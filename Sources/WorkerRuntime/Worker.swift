import CSluice
import ControlBus
import SharedRing
import SluiceBase
import SystemBase

/// A worker's life on the control bus: one thread owns the socket, stores the heartbeat, takes messages in, sends what other
/// threads queue. The program ends at once when the supervisor does.
public final class Worker: @unchecked Sendable {
  // Sendable: `outgoing` is behind its monitor, everything else fixed after init; the socket belongs to `run`'s thread.
  public let index: Int
  public let control: ControlRegionReader
  public let lease: LeaseWriter
  public let plan: SharedRegion
  private let rings: [SharedRegion?]
  private let connection: FileDescriptor
  private let socket: DealerSocket
  private let link: MessageLink?
  private let wake: FileDescriptor
  private let outgoing = Monitor([(message: Message, text: String?)]())

  /// Connects to the bus, and contains this process on the way: `files` is what it may read from now on. Called from the
  /// program's only thread.
  public init(_ attachment: Attachment, files: FileAccess) throws(SluiceError) {
    index = attachment.worker
    control = attachment.control
    lease = attachment.lease
    plan = attachment.plan
    rings = attachment.rings
    connection = attachment.connection
    link = attachment.link
    let silence = try Sandbox.closeFiles(files)
    socket = try DealerSocket(endpoint: attachment.endpoint, worker: attachment.worker)
    let fd = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard fd >= 0 else { throw SluiceError(.software, "eventfd: \(SystemError("eventfd").reason)") }
    wake = FileDescriptor(fd)
    try Sandbox.closeCalls(files, silence: silence)
  }

  /// Queues a message; `text` is put into the lease for it (WARN, FAIL). Any thread.
  public func send(_ message: Message, text: String? = nil) {
    outgoing.with { $0.append((message, text)) }
    var one: UInt64 = 1
    _ = write(wake.raw, &one, 8)
  }

  /// Tells the supervisor that a piece of work cannot be done. Any thread.
  public func fail(_ error: SluiceError, frame: Int64 = 0, stream: UInt32 = 0) {
    send(
      Message(.fail, frame: frame, stream: stream, count: UInt32(bitPattern: error.code.rawValue)), text: error.description)
  }

  /// Memory of a slot, and its size; nil when the ring is not mapped here.
  public func memory(of slot: UInt32) -> (base: UnsafeMutableRawPointer, bytes: Int, writable: Bool)? {
    guard let ring = control.ring(ofSlot: Int(slot)), let region = rings[ring] else { return nil }
    let description = control.rings[ring]
    let offset = (Int(slot) - description.firstSlot) * description.slotBytes
    guard offset + description.slotBytes <= region.bytes else { return nil }
    return (region.base + offset, description.slotBytes, region.writable)
  }

  /// nil also for a generation that is not the slot's any more: a late command.
  public func readable(_ slot: UInt32, _ generation: UInt32) -> ReadableSlot? {
    guard slot < UInt32(control.slotCount), control.generation(Int(slot)) == generation else { return nil }
    return memory(of: slot).map {
      ReadableSlot(index: slot, generation: generation, memory: UnsafeRawPointer($0.base), bytes: $0.bytes)
    }
  }

  public func writable(_ slot: UInt32, _ generation: UInt32) -> WritableSlot? {
    guard slot < UInt32(control.slotCount), control.generation(Int(slot)) == generation, let found = memory(of: slot),
      found.writable
    else { return nil }
    return WritableSlot(index: slot, generation: generation, memory: found.base, bytes: found.bytes)
  }

  /// Says READY and serves until QUIT, or until the supervisor is gone. `handle` and `output` run on the calling thread
  /// and must not block. Returns true after QUIT.
  public func run(handle: (Message) -> Void, output: (_ segment: UInt32, FileDescriptor) -> Void = { _, _ in }) -> Bool {
    send(Message(.ready, arg: control.epoch))
    var fds = [
      pollfd(fd: socket.pollDescriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wake.raw, events: Int16(POLLIN), revents: 0),
      pollfd(fd: connection.raw, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      flush()
      lease.beat()
      // The descriptor is edge-triggered: nothing may be left in the socket when we go to sleep.
      while let messages = receive() {
        for message in messages {
          if message.kind == .quit {
            flush()
            return true
          }
          KillPoint.take.pass()
          handle(message)
        }
        flush()
      }
      if outgoing.with({ !$0.isEmpty }) { continue }
      _ = poll(&fds, nfds_t(fds.count), 250)
      if fds[1].revents != 0 {
        var count: UInt64 = 0
        _ = read(wake.raw, &count, 8)
      }
      if fds[2].revents != 0 {
        var packet = sluice_region()
        var fd: Int32 = -1
        let n = sluice_receive_fd(connection.raw, &packet, MemoryLayout.size(ofValue: packet), &fd)
        if n <= 0 { return false }
        if fd >= 0 {
          let descriptor = FileDescriptor(fd)
          if packet.kind == SLUICE_REGION_OUTPUT.rawValue { output(packet.ring, descriptor) }
        }
      }
    }
  }

  /// The next messages. With logs the bus is only the doorbell, and what it carries is not looked at.
  private func receive() -> [Message]? {
    guard let link else { return socket.receive() }
    while socket.receive() != nil {}
    guard let messages = try? link.receive(), !messages.isEmpty else { return nil }
    return messages
  }

  private func pass(_ messages: [Message], _ moment: KeyPath<(before: KillPoint, after: KillPoint), KillPoint>) {
    guard sluice_kill_points_armed() else { return }
    for message in messages { message.killPoints?[keyPath: moment].pass() }
  }

  private func flush() {
    let batch = outgoing.with { queue in
      defer { queue.removeAll(keepingCapacity: true) }
      return queue
    }
    guard !batch.isEmpty else {
      link?.flush()
      return
    }
    var messages: [Message] = []
    messages.reserveCapacity(batch.count)
    for (message, text) in batch {
      var message = message
      message.worker = UInt16(index)
      if let text { message.arg = lease.text(text) }
      messages.append(message)
    }
    if let link {
      pass(messages, \.before)
      link.send(messages)
      _ = socket.send([messages[0]])
      pass(messages, \.after)
      return
    }
    var sent = messages[...]
    while !sent.isEmpty {
      _ = socket.send(Array(sent.prefix(200)))
      sent = sent.dropFirst(200)
    }
  }
}

extension Message {
  fileprivate var killPoints: (before: KillPoint, after: KillPoint)? {
    switch kind {
    case .ready: (.readyBeforeSend, .readyAfterSend)
    case .done: (.publishBeforeSend, .publishAfterSend)
    case .release: (.releaseBeforeSend, .releaseAfterSend)
    case .need: (.needBeforeSend, .needAfterSend)
    case .end: (.endBeforeSend, .endAfterSend)
    case .finished: (.finishedBeforeSend, .finishedAfterSend)
    default: nil
    }
  }
}
