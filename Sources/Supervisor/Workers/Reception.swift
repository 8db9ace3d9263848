import CSluice
import Plan
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase

/// Workers that come: ours, which prove it with their token, and guests, other people's programs on the terms of ipc-schema/SPEC.md,
/// which are watched and ended through a pidfd, never started, and believed nothing.
/// Used from the supervisor's thread.
final class Reception {
  private let pool: WorkerPool
  private let regions: RunRegions
  private let sink: any FrameSink
  private let bus: WorkerBus
  private let listener: AttachListener
  private let room: RunRoom

  init(
    _ pool: WorkerPool, _ regions: RunRegions, _ sink: any FrameSink, _ bus: WorkerBus, _ listener: AttachListener,
    budget: UInt64
  ) {
    self.pool = pool
    self.regions = regions
    self.sink = sink
    self.bus = bus
    self.listener = listener
    room = RunRoom(
      budget: budget, memory: regions.memory, takesSegments: sink.takesSegments, outputName: sink.name)
  }

  /// A worker said HELLO: checks it, gives it a number, a lease, and the regions of its role.
  func attach(_ connection: FileDescriptor, _ scheduler: inout Scheduler) {
    guard let hello = listener.hello(from: connection) else { return }
    do throws(Admission.Refusal) {
      guard hello.abi_major == UInt16(SLUICE_ABI_MAJOR) else { throw .version }
      guard let index = pool.takeNumber(), let lease = regions.makeLease() else { throw .noRoom }
      let worker = hello.token == 0 ? try admitGuest(connection, hello, &scheduler) : try admitOwn(hello, scheduler)
      var offers = regions.offers(to: worker.role, lease: lease)
      let logs = hello.features & SLUICE_FEATURE_LOG.rawValue != 0 ? MessageLink.make() : nil
      offers += logs?.regions ?? []
      worker.attachment = WorkerAttachment(
        index: index, connection: connection, lease: LeaseReader(lease, slotCount: regions.slotCount), link: logs?.link,
        slotCount: regions.slotCount)
      // Only now: a program that is still being loaded would starve on a busy machine until it counts as hung. Its threads are to come.
      let nice = pool.role(of: worker).nice
      if worker.isOurs, nice > 0 { sluice_set_nice(worker.process.pid, Int32(nice)) }
      if !AttachListener.welcome(
        connection, worker: index, epoch: regions.epoch, endpoint: bus.endpoint, regions: offers)
      {
        worker.kill(.violation("it went away during the handshake"))
      }
    } catch {
      AttachListener.refuse(connection, error)
    }
  }

  private func admitOwn(_ hello: sluice_hello, _ scheduler: Scheduler) throws(Admission.Refusal) -> WorkerHandle {
    guard let worker = pool.expected(token: hello.token) else { throw .token }
    guard hello.role == worker.role.wire else { throw .role }
    if worker.role == .filter { worker.filter = try service(worker.filter.name, hello, scheduler) }
    return worker
  }

  private func admitGuest(
    _ connection: FileDescriptor, _ hello: sluice_hello, _ scheduler: inout Scheduler
  ) throws(Admission.Refusal) -> WorkerHandle {
    guard let role = WorkerRole(wire: hello.role) else { throw .role }
    let service = role == .filter ? try service(nil, hello, scheduler) : nil
    let situation = Admission.Situation(
      isOver: scheduler.isDone, guests: pool.guests, takesSegments: sink.takesSegments)
    try Admission.check(role, readsPlan: hello.features & SLUICE_FEATURE_PLAN.rawValue != 0, situation) {
      (try? makeRoom(for: role, 1, &scheduler)) != nil
    }
    guard let process = ForeignProcess(peerOf: connection) else { throw .noRoom }
    let worker = pool.admit(role, process)
    if let service { worker.filter = service }
    // What others decode, draw and encode is not known to be what our programs would make of it.
    if role != .filter { sink.distrust() }
    return worker
  }

  /// The filter that a worker is, by its own word or by what it was started for. Throws when the run has none of that name.
  private func service(
    _ name: String?, _ hello: sluice_hello, _ scheduler: Scheduler
  ) throws(Admission.Refusal) -> FilterService {
    let key = hello.filter != 0 ? hello.filter : name.map(WorkerEffect.key) ?? 0
    guard scheduler.hasFilter(key) else { throw .role }
    return FilterService(name: name ?? scheduler.filterName(key), key: key)
  }

  /// Checks that `count` more of a role make sense and fit into the budget; of encoders, makes room for their lanes.
  func makeRoom(for role: WorkerRole, _ count: Int, _ scheduler: inout Scheduler) throws(SluiceError) {
    let situation = RunRoom.Situation(
      isOver: sink.isWhole || scheduler.isDone, workers: pool.workers.count,
      extras: pool.workers.count { $0.isExtra && $0.role != .encoder },
      encoders: pool.workers.count { $0.role == .encoder && !$0.isLeaving }, lanes: scheduler.laneLimit,
      hasWorkForAnotherLane: scheduler.hasWorkForAnotherLane, decodesNothing: scheduler.plan.streamCount == 0)
    let lanes = try room.lanes(for: role, count, situation)
    while scheduler.laneLimit < lanes {
      guard regions.reserve(lanes: scheduler.laneLimit + 1) else {
        throw SluiceError(.unavailable, "this machine has no memory for another segment")
      }
      scheduler.handle(.room(lanes: scheduler.laneLimit + 1))
    }
  }
}
