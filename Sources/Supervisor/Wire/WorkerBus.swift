import CSluice
import ControlBus
import SharedRing
import SluiceBase

/// What is said between supervisor and workers: in the logs where a worker has them, the bus being the doorbell, else on the bus.
/// Used from the supervisor's thread.
final class WorkerBus {
  /// Messages may be left on the bus: it is looked at again before anything is waited for.
  private(set) var isFull = false
  private var socket: RouterSocket
  private var floodGuard = BusGuard()
  private let name: String
  /// What is to be sent, by the worker's number. Messages to one worker go out as one.
  private var outgoing: [[Message]] = []
  /// Messages that are taken in at once: a flood does not keep the loop from everything else.
  private static let batch = 2048

  /// - Parameter endpoint: a ZeroMQ address that nobody else has.
  init(endpoint: String) throws(SluiceError) {
    name = endpoint
    socket = try RouterSocket(endpoint: endpoint)
  }

  /// Another socket has another name: who is connected to the old one talks to nobody.
  var endpoint: String { name + (floodGuard.floods == 0 ? "" : "-\(floodGuard.floods)") }

  /// Edge-triggered: after a wake-up everything is to be fetched.
  var watched: pollfd { pollfd(fd: socket.pollDescriptor, events: Int16(POLLIN), revents: 0) }

  // MARK: floods

  /// Looks whether somebody floods the bus. Nobody can say who: it begins anew, and so must all workers (true). Throws when that
  /// happens again and again.
  func beginsAnew() throws(SluiceError) -> Bool {
    guard !sluice_is_sanitized() else { return false }  // their memory grows by itself
    switch floodGuard.look(memory: ProcessMemory.anonymous(getpid())) {
    case .quiet: return false
    case .hopeless:
      throw SluiceError(
        .software, "the control bus was flooded \(floodGuard.floods) times, by a worker or by another program of this user")
    case .flooded:
      socket = try RouterSocket(endpoint: endpoint)
      sluice_trim_memory()
      return true
    }
  }

  // MARK: in

  /// Takes in everything that waits on the bus and in the logs; of a flood only a part.
  func pump(_ pool: WorkerPool, _ take: (Message, WorkerHandle, Int) -> Void) {
    isFull = true
    for _ in 0..<Self.batch {
      guard let (index, messages) = socket.receive() else {
        isFull = false
        break
      }
      guard let worker = pool[index], isBearable(messages.count, from: worker) else { continue }
      if messages.isEmpty {
        worker.kill(.violation("it sent a malformed message"))
        continue
      }
      if worker.attachment?.link == nil { for message in messages { take(message, worker, index) } }
    }
    for worker in pool.workers { receive(from: worker, take) }
  }

  /// Takes in what the worker's log says and was not received yet.
  func receive(from worker: WorkerHandle, _ take: (Message, WorkerHandle, Int) -> Void) {
    guard let attachment = worker.attachment, let link = attachment.link else { return }
    do throws(MessageLink.Broken) {
      let messages = try link.receive()
      guard isBearable(messages.count, from: worker) else { return }
      for message in messages { take(message, worker, attachment.index) }
      link.flush()
    } catch {
      worker.kill(.violation("its message log is damaged"))
    }
  }

  /// Counts what came from a worker. False when it is too much; the worker is being ended then.
  private func isBearable(_ count: Int, from worker: WorkerHandle) -> Bool {
    if worker.flood.takes(messages: count) { return true }
    worker.kill(.violation("it sent more than anybody can mean"))
    return false
  }

  // MARK: out

  func queue(_ message: Message, to worker: Int) {
    var message = message
    message.worker = UInt16(worker)
    while outgoing.count <= worker { outgoing.append([]) }
    outgoing[worker].append(message)
  }

  /// A worker has gone: what was for it is for nobody.
  func forget(_ worker: Int) { if worker < outgoing.count { outgoing[worker].removeAll() } }

  /// Sends what was queued.
  func flush(_ pool: WorkerPool) {
    for index in outgoing.indices where !outgoing[index].isEmpty {
      if let worker = pool[index] { send(outgoing[index], to: worker) }
      outgoing[index].removeAll(keepingCapacity: true)
    }
  }

  /// One that is gone is noticed by its pidfd.
  func send(_ messages: [Message], to worker: WorkerHandle) {
    guard let attachment = worker.attachment, !messages.isEmpty else { return }
    if let link = attachment.link {
      link.send(messages)
      _ = socket.send([messages[0]], to: attachment.index)
      return
    }
    var rest = messages[...]
    while !rest.isEmpty {
      _ = socket.send(Array(rest.prefix(200)), to: attachment.index)
      rest = rest.dropFirst(200)
    }
  }
}

extension MessageLink {
  /// A pair of logs, and the regions to hand over. nil when there is no memory for them: the bus alone does then.
  static func make() -> (link: MessageLink, regions: [OfferedRegion])? {
    guard let commands = try? SharedRegion.create(bytes: MessageLink.bytes, writers: .maker),
      let answers = try? SharedRegion.create(bytes: MessageLink.bytes, writers: .others),
      let link = MessageLink(own: commands, peer: answers)
    else { return nil }
    return (
      link,
      [
        OfferedRegion(kind: SLUICE_REGION_COMMANDS, ring: 0, region: commands, writable: false),
        OfferedRegion(kind: SLUICE_REGION_ANSWERS, ring: 0, region: answers, writable: true),
      ]
    )
  }
}

extension LeaseReader: LeaseFacts {}
