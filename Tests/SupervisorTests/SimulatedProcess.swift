import CSluice
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase

@testable import Supervisor

/// A process that does what a test says.
final class SimulatedProcess: WorkerProcess {
  let pid: pid_t
  let watch = FileDescriptor(-1)
  private(set) var status: Int32?
  private(set) var signals: [Int32] = []

  init(pid: pid_t) { self.pid = pid }

  var isKilled: Bool { signals.contains(SIGKILL) }
  /// - Parameter status: as wait(2) tells it: a signal, or an exit code times 256.
  func die(_ status: Int32) { self.status = status }

  func hasEnded() -> Bool { status != nil }
  func signal(_ number: Int32) { signals.append(number) }
  func wait(milliseconds: Int32) -> Bool { hasEnded() }
  func end() { status = status ?? SIGKILL }
  var ending: String { status.map { "status \($0)" } ?? "running" }
}

/// Starts nothing, and notes what it was to start and when.
final class SimulatedSpawner: WorkerSpawner {
  private(set) var started: [(order: WorkerOrder, process: SimulatedProcess, at: UInt64)] = []
  /// Thrown instead of the next start.
  var refusal: SluiceError?
  private let clock: MonotonicClock

  init(_ clock: MonotonicClock) { self.clock = clock }

  func spawn(_ order: WorkerOrder, token: UInt64) throws(SluiceError) -> any WorkerProcess {
    if let refusal { throw refusal }
    let process = SimulatedProcess(pid: pid_t(1000 + started.count))
    started.append((order, process, clock.now))
    return process
  }
}

/// A pool whose workers are simulated, and what it says to the user.
final class SimulatedPool {
  let time = SimulatedClock()
  let spawner: SimulatedSpawner
  let pool: WorkerPool
  private let lines = Monitor<[String]>([])

  init(_ change: (inout LaunchDescription) -> Void = { _ in }, numbers: Int = 63) {
    var launch = LaunchDescription()
    change(&launch)
    let lines = lines
    spawner = SimulatedSpawner(time.clock)
    pool = WorkerPool(
      MemoryLimits(launch, planned: 0, budget: 1 << 30), spawner: spawner, numbers: numbers, clock: time.clock,
      warn: { line in lines.with { $0.append(line) } })
  }

  /// Lines for the user since the last call.
  func takeLines() -> [String] {
    lines.with { lines in
      defer { lines.removeAll() }
      return lines
    }
  }

  func process(_ worker: WorkerHandle) -> SimulatedProcess {
    guard let process = worker.process as? SimulatedProcess else { fatalError("a real process in a simulation") }
    return process
  }

  /// The worker says HELLO and is let in; its lease is one that `beat` writes.
  func attach(_ worker: WorkerHandle) throws {
    let slots = 4
    let region = try SharedRegion.create(bytes: LeaseLayout.bytes(slotCount: slots), writers: .others)
    guard let number = pool.takeNumber() else { throw SluiceError(.software, "no number is left") }
    worker.attachment = WorkerAttachment(
      index: number, connection: FileDescriptor(-1), lease: LeaseReader(region, slotCount: slots), link: nil, slotCount: slots)
    worker.isReady = true
    beat(worker)
  }

  func beat(_ worker: WorkerHandle, at moment: UInt64? = nil) {
    guard let region = worker.lease?.region else { return }
    sluice_store_release64(
      &region.base.assumingMemoryBound(to: sluice_lease.self).pointee.heartbeat, moment ?? time.now)
  }

  /// A worker ends; what the engine does then.
  func die(_ worker: WorkerHandle, _ status: Int32, progressed: Bool = false) throws(SluiceError) {
    process(worker).die(status)
    pool.remove(worker)
    pool.succeed(worker, pool.limits.end(of: worker), progressed: progressed)
    try pool.settle()
  }

  /// The loop's tick, ten times a second.
  func tick(_ waiting: [Scheduler.Waiting] = [], isKept: Bool = false) throws(SluiceError) {
    pool.endSilent()
    pool.endIdle({ waiting }, isKept: isKept)
    try pool.startDue()
  }
}
