import CSluice
import ControlBus
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// Workers come and go.
extension RunEngine {
  /// A worker said HELLO: checks it, gives it a number, a lease, and the regions of its role.
  func attach(_ connection: FileDescriptor) {
    guard let hello = listener.hello(from: connection) else { return }
    guard hello.abi_major == UInt16(SLUICE_ABI_MAJOR) else { return AttachListener.refuse(connection, status: 1) }
    guard let index = freeIndex(),
      let lease = try? SharedRegion.create(
        bytes: LeaseLayout.bytes(slotCount: control.slotCount), writers: .others)
    else { return AttachListener.refuse(connection, status: 3) }
    let worker: WorkerHandle
    if hello.token == 0 {
      switch admit(connection, hello) {
      case .admitted(let third): worker = third
      case .refused(let status): return AttachListener.refuse(connection, status: status)
      }
    } else {
      guard let own = workers.first(where: { $0.token == hello.token && $0.index == nil }) else {
        return AttachListener.refuse(connection, status: 4)
      }
      guard hello.role == own.role.rawValue, own.role != SLUICE_ROLE_FILTER || admitsFilter(own, hello) else {
        return AttachListener.refuse(connection, status: 2)
      }
      worker = own
    }
    worker.index = index
    worker.connection = connection
    // Only now: a program that is still being loaded would starve on a busy machine until it counts as hung. Its threads are to come.
    let nice = prepared.launch.role(of: worker).nice
    if worker.isOurs, nice > 0 { sluice_set_nice(worker.process.pid, Int32(nice)) }
    worker.lease = LeaseReader(lease, slotCount: control.slotCount)
    worker.seenReleases = Array(repeating: 0, count: control.slotCount)
    var regions = [
      OfferedRegion(kind: SLUICE_REGION_CONTROL, ring: 0, region: control.region, writable: false),
      OfferedRegion(kind: SLUICE_REGION_LEASE, ring: 0, region: lease, writable: true),
      OfferedRegion(kind: SLUICE_REGION_PLAN, ring: 0, region: planRegion, writable: false),
    ]
    for (ring, description) in memory.rings.enumerated() {
      let fills = description.fillRole == worker.role.rawValue
      // A decoder sees no frame but its own, and an encoder of sound no picture.
      if worker.role == SLUICE_ROLE_DECODER || worker.role == SLUICE_ROLE_AUDIO, !fills { continue }
      if worker.isForSound, description.fillRole != SLUICE_ROLE_AUDIO.rawValue { continue }
      regions.append(OfferedRegion(kind: SLUICE_REGION_RING, ring: ring, region: ringRegions[ring], writable: fills))
    }
    if hello.features & SLUICE_FEATURE_LOG.rawValue != 0 { regions += worker.makeLink() }
    if !AttachListener.welcome(connection, worker: index, epoch: epoch, endpoint: busGuard.endpoint(directory), regions: regions)
    {
      kill(worker, "it went away during the handshake")
    }
  }

  /// Numbers go round, so that a late word of a dead worker is not taken for its successor's.
  private func freeIndex() -> Int? {
    for _ in 0..<Scheduler.unassigned {
      let index = nextIndex
      nextIndex = (nextIndex + 1) % Scheduler.unassigned
      if !workers.contains(where: { $0.index == index }) { return index }
    }
    return nil
  }

  /// A worker has ended and is reaped: it writes no more. Its slots come back, its work is issued again, a successor starts.
  func died(_ worker: WorkerHandle) throws(SluiceError) {
    pumpBus()
    // What it said before it died is true, also what its lease says and its messages had no time to.
    receive(from: worker)
    rescan(worker)
    workers.removeAll { $0 === worker }
    deaths.remove(worker.process)
    counters.add(worker)
    retire(worker)
    let wasAtWork = worker.index.map { scheduler.workDescription(of: $0) } ?? ""
    let cost = costOfBeginningAgain(worker)
    var progressed = worker.progress > 0
    let quarantines = scheduler.quarantines
    if let index = worker.index {
      outgoing[index] = nil
      if worker.role == SLUICE_ROLE_ENCODER { progressed = worker.isForSound ? soundCameFurther() : encoderCameFurther(index) }
      scheduler.ending = worker.killedFor ?? ending(of: worker)
      scheduler.endedBlameless = worker.killedFor == RunEngine.busFlooded
      scheduler.handle(.workerDied(index))
    }
    if scheduler.isDone || failure != nil { return }
    if !worker.isOurs || worker.isLeaving || worker.isExtra && !worker.isReady { return try goodbye(worker) }
    if worker.role == SLUICE_ROLE_ENCODER, prepared.launch.dropsOldest {
      throw SluiceError(
        .software, "\(worker.name) ended with \(worker.killedFor ?? worker.process.ending); a live output cannot be begun again",
        at: outputName, advice: "run it again")
    }
    if scheduler.quarantines > quarantines { worker.deathsInRow = 0 }
    if worker.killedFor == Scheduler.cannotFilter || worker.killedFor == RunEngine.busFlooded { progressed = true }
    try startAgain(worker, progressed: progressed, wasAtWork: wasAtWork + cost)
  }

  private func retire(_ worker: WorkerHandle) {
    var entry = RunStatistics.Worker()
    entry.name = worker.name
    entry.role = WorkerHandle.title(worker.role)
    entry.isOurs = worker.isOurs
    entry.pid = worker.process.pid
    entry.restarts = worker.restarts
    entry.peakPrivateBytes = worker.peakPrivateBytes
    retired.append(entry)
  }

  /// Asks all to end, waits a moment, ends the rest.
  func quitWorkers() {
    sampleMemory(exactly: scheduler.plan.frameCount < 30)
    for worker in workers { deliver([Message(.quit)], to: worker) }
    for worker in workers {
      if !worker.process.wait(milliseconds: worker.isOurs ? 500 : 1000) { worker.process.end() }
      counters.add(worker)
      retire(worker)
    }
    workers.removeAll()
  }

  /// The exact figure (proportional set sizes) walks page tables, so it is taken rarely; between two of them the growth of
  /// private memory, which is cheap to read, is added.
  func sampleMemory(exactly: Bool) {
    var anonymous: UInt64 = 0
    for worker in workers {
      let bytes = ProcessMemory.anonymous(worker.process.pid)
      worker.privateBytes = bytes
      worker.peakPrivateBytes = max(worker.peakPrivateBytes, bytes)
      if worker.isOurs { anonymous += bytes }
    }
    if exactly {
      // The budget is that of the run's own processes.
      let pids = workers.filter(\.isOurs).map(\.process.pid) + [getpid()] + (assembler.map { [$0.process.pid] } ?? [])
      exactMemory = (pids.reduce(0) { $0 + ProcessMemory.proportional($1) }, anonymous)
    }
    let growth = anonymous > exactMemory.anonymous ? anonymous - exactMemory.anonymous : 0
    currentMemory = exactMemory.total + growth
    peakMemory = max(peakMemory, currentMemory)
  }
}
