import CSluice
import ControlBus
import SharedRing
import SluiceBase

/// What is said between supervisor and workers: in the logs where a worker has them, the bus being the doorbell, else on the bus.
/// ZeroMQ bounds the length of a part and the number of messages, but not the parts of one that never ends: it gathers them, out of
/// sight, until there is no memory. So our own memory is watched, and with the socket what it gathered goes.
struct BusGuard {
  private static let allowance: UInt64 = 192 << 20
  private var least = UInt64.max
  fileprivate var floods = 0

  /// Another socket has another name: who is connected to the old one talks to nobody.
  func endpoint(_ directory: RunDirectory) -> String { directory.busEndpoint + (floods == 0 ? "" : "-\(floods)") }

  fileprivate mutating func isFlooded() -> Bool {
    guard !sluice_is_sanitized() else { return false }  // their memory grows by itself
    let now = ProcessMemory.anonymous(getpid())
    least = min(least, now)
    guard now > least, now - least > Self.allowance else { return false }
    least = .max
    return true
  }
}

extension RunEngine {
  /// Reason of a kill that is nobody's fault.
  static let busFlooded = "the control bus was flooded"

  /// Nobody can say who floods the bus: it begins anew, and so do all workers. Whoever does it again ends the run.
  func watchBus() throws(SluiceError) {
    guard busGuard.isFlooded() else { return }
    busGuard.floods += 1
    guard busGuard.floods <= 3 else {
      throw SluiceError(
        .software, "the control bus was flooded \(busGuard.floods) times, by a worker or by another program of this user")
    }
    observer.warning("the control bus was flooded: it begins anew, with all workers")
    bus = try RouterSocket(endpoint: busGuard.endpoint(directory))
    sluice_trim_memory()
    for worker in workers { kill(worker, RunEngine.busFlooded) }
  }

  /// Messages that are taken in at once: a flood does not keep the loop from everything else.
  static let batch = 2048

  /// Takes in everything that waits on the bus and in the logs; of a flood only a part.
  func pumpBus() {
    // The bus's descriptor is edge-triggered: what is left there must be fetched without being waited for.
    busIsFull = true
    for _ in 0..<RunEngine.batch {
      guard let (index, messages) = bus.receive() else {
        busIsFull = false
        break
      }
      guard let worker = workers.first(where: { $0.index == index }) else { continue }
      guard isBearable(messages.count, from: worker) else { continue }
      if messages.isEmpty {
        kill(worker, "it sent a malformed message")
        continue
      }
      if worker.link == nil { for message in messages { take(message, from: worker, index) } }
    }
    for worker in workers { receive(from: worker) }
  }

  /// Takes in what the worker's log says and was not heard yet.
  func receive(from worker: WorkerHandle) {
    guard let link = worker.link, let index = worker.index else { return }
    do throws(MessageLink.Broken) {
      let messages = try link.receive()
      guard isBearable(messages.count, from: worker) else { return }
      for message in messages { take(message, from: worker, index) }
      link.flush()
    } catch {
      kill(worker, "its message log is damaged")
    }
  }

  /// Says it to a worker. One that is gone is noticed by its pidfd.
  func deliver(_ messages: [Message], to worker: WorkerHandle) {
    guard let index = worker.index, !messages.isEmpty else { return }
    if let link = worker.link {
      link.send(messages)
      _ = bus.send([messages[0]], to: index)
      return
    }
    var rest = messages[...]
    while !rest.isEmpty {
      _ = bus.send(Array(rest.prefix(200)), to: index)
      rest = rest.dropFirst(200)
    }
  }
}

extension WorkerHandle {
  /// Makes the logs; the regions to hand over. Empty when there is no memory for them: the bus alone does then.
  func makeLink() -> [OfferedRegion] {
    guard let commands = try? SharedRegion.create(bytes: MessageLink.bytes, writers: .maker),
      let answers = try? SharedRegion.create(bytes: MessageLink.bytes, writers: .others),
      let link = MessageLink(own: commands, peer: answers)
    else { return [] }
    self.link = link
    return [
      OfferedRegion(kind: SLUICE_REGION_COMMANDS, ring: 0, region: commands, writable: false),
      OfferedRegion(kind: SLUICE_REGION_ANSWERS, ring: 0, region: answers, writable: true),
    ]
  }
}
