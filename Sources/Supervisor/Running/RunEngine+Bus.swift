import CSluice
import ControlBus
import SharedRing
import SluiceBase

/// What is said between supervisor and workers: in the logs where a worker has them, the bus being the bell, else on the bus.
extension RunEngine {
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
    for worker in workers { hear(worker) }
  }

  /// Takes in what the worker's log says and was not heard yet.
  func hear(_ worker: WorkerHandle) {
    guard let link = worker.link, let index = worker.index else { return }
    do throws(MessageLink.Broken) {
      let messages = try link.hear()
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
      link.say(messages)
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
