import CSluice
import ControlBus
import FrameModel
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase

/// `sluice bench handoff`: frames handed from one process to the next through ledger, bus and slots, as in a render.
/// The producer stamps the frame's header when it has filled the slot; the consumer reads the stamp when it has the frame.
public enum HandoffBench {
  struct Size {
    var name: String
    var width: Int
    var height: Int
  }
  static let sizes = [
    Size(name: "64x64", width: 64, height: 64), Size(name: "3840x2160", width: 3840, height: 2160),
    Size(name: "7680x4320", width: 7680, height: 4320),
  ]
  static let count = 2000

  /// Prints p50 and p99 latency with one frame under way and hand-offs a second with four, for each size.
  public static func run(json: Bool, workerDirectory: String? = nil) throws(SluiceError) {
    var lines: [JSONValue] = []
    for size in sizes {
      let bench = try Bench(size, workerDirectory)
      let latencies = try bench.measure(frames: count, inFlight: 1).latencies.sorted()
      let rate = try bench.measure(frames: count, inFlight: 4)
      let p50 = Double(latencies[latencies.count / 2]) / 1e3
      let p99 = Double(latencies[latencies.count * 99 / 100]) / 1e3
      let perSecond = Double(count) / rate.seconds
      lines.append(
        .object([
          JSONMember("width", .number(size.width)), JSONMember("height", .number(size.height)),
          JSONMember("p50Microseconds", .number(p50)), JSONMember("p99Microseconds", .number(p99)),
          JSONMember("perSecond", .number(perSecond)),
        ]))
      if !json {
        try? System.writeAll(
          1, "\(size.name): p50 \(Int(p50.rounded())) us, p99 \(Int(p99.rounded())) us, \(Int(perSecond)) hand-offs a second\n")
      }
    }
    if json { try? System.writeAll(1, JSONValue.object([JSONMember("sizes", .array(lines))]).line + "\n") }
  }

  /// A supervisor with one ring, one producer and one consumer.
  private final class Bench {
    let directory: RunDirectory
    let listener: AttachListener
    let bus: RouterSocket
    let control: ControlRegionWriter
    let ring: SharedRegion
    let plan: SharedRegion
    var ledger = Ledger(rings: [8])
    var leases: [SharedRegion] = []
    var connections: [FileDescriptor] = []
    var processes: [ChildProcess] = []
    let producer = 0
    let consumer = 1

    init(_ size: Size, _ workerDirectory: String?) throws(SluiceError) {
      let slotBytes = PlaneLayout.slotBytes(PlaneLayout(.yuv420p, width: size.width, height: size.height).bytes)
      let description = RingDescription(
        fillRole: .decoder, firstSlot: 0, slotCount: 8, slotBytes: slotBytes)
      directory = try RunDirectory()
      listener = try AttachListener(path: directory.attachSocket)
      bus = try RouterSocket(endpoint: directory.busEndpoint)
      control = try ControlRegionWriter(rings: [description], jobCount: 1, epoch: 1)
      ring = try SharedRegion.create(bytes: description.bytes, writers: .others)
      plan = try SharedRegion.create(bytes: 4096, writers: .maker)
      for program in ["sluice-decoder", "sluice-encoder"] {
        processes.append(
          try ChildProcess(
            try WorkerPrograms.find(program, directory: workerDirectory), arguments: ["--handoff-bench"],
            environment: ["SLUICE_SOCKET": directory.attachSocket, "SLUICE_TOKEN": "1"]))
        try attach(writable: program == "sluice-decoder")
      }
      var ready = 0
      try until { message, _ in
        if message.kind == .ready { ready += 1 }
        return ready == 2
      }
    }

    private func attach(writable: Bool) throws(SluiceError) {
      var fd = pollfd(fd: listener.descriptor.raw, events: Int16(POLLIN), revents: 0)
      guard poll(&fd, 1, 5000) == 1 else { throw SluiceError(.software, "the worker does not attach") }
      listener.accept(own: processes.map(\.pid))
      guard let connection = listener.waiting.first else { throw SluiceError(.software, "the worker does not attach") }
      fd.fd = connection.raw
      guard poll(&fd, 1, 5000) == 1, listener.hello(from: connection) != nil else {
        throw SluiceError(.software, "the worker does not attach")
      }
      let lease = try SharedRegion.create(bytes: LeaseLayout.bytes(slotCount: control.slotCount), writers: .others)
      leases.append(lease)
      connections.append(connection)
      let regions = [
        OfferedRegion(kind: SLUICE_REGION_CONTROL, ring: 0, region: control.region, writable: false),
        OfferedRegion(kind: SLUICE_REGION_LEASE, ring: 0, region: lease, writable: true),
        OfferedRegion(kind: SLUICE_REGION_PLAN, ring: 0, region: plan, writable: false),
        OfferedRegion(kind: SLUICE_REGION_RING, ring: 0, region: ring, writable: writable),
      ]
      guard
        AttachListener.welcome(
          connection, worker: connections.count - 1, epoch: 1, endpoint: directory.busEndpoint, regions: regions)
      else { throw SluiceError(.software, "the worker went away during the handshake") }
    }

    /// Takes messages until `body` says that it has enough.
    private func until(_ body: (Message, Int) -> Bool) throws(SluiceError) {
      var fd = pollfd(fd: bus.pollDescriptor, events: Int16(POLLIN), revents: 0)
      while true {
        while let (worker, messages) = bus.receive() { for message in messages where body(message, worker) { return } }
        guard poll(&fd, 1, 5000) > 0 else { throw SluiceError(.software, "the workers of the benchmark are silent") }
      }
    }

    private func grant(_ frame: Int64) {
      guard let slot = ledger.grant(ring: 0, to: producer, stream: 1, frame: frame) else { return }
      flush()
      _ = bus.send([Message(.grant, slot: UInt32(slot), generation: ledger[slot].generation, frame: frame)], to: producer)
    }

    private func flush() { for slot in ledger.takeChanged() { control.store(slot, ledger[slot]) } }

    func measure(frames: Int, inFlight: Int) throws(SluiceError) -> (latencies: [UInt64], seconds: Double) {
      var latencies: [UInt64] = []
      latencies.reserveCapacity(frames)
      var issued = 0
      let start = MonotonicClock.system.now
      while issued < inFlight {
        grant(Int64(issued))
        issued += 1
      }
      try until { message, _ in
        let slot = Int(message.slot)
        switch message.kind {
        case .done:
          guard ledger.publish(slot, generation: message.generation, owner: producer, frame: message.frame) else { return false }
          ledger.hold(slot, by: consumer)
          flush()
          _ = bus.send([Message(.encode, slot: message.slot, generation: message.generation, frame: message.frame)], to: consumer)
        case .release:
          ledger.release(slot, by: consumer)
          latencies.append(message.arg)
          if issued < frames {
            grant(Int64(issued))
            issued += 1
          }
        default: break
        }
        return latencies.count == frames
      }
      return (latencies, Double(MonotonicClock.system.now - start) / 1e9)
    }
  }
}
