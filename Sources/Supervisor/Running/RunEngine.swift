import CSluice
import ControlBus
import FrameModel
import Plan
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase

/// A run: connects what happens (messages, attaches, deaths, signals, time) with the scheduler, and what the scheduler decides with those
/// who do it. It decides nothing itself: how things are decided stands with the parts. One thread; touches no pixel.
final class RunEngine {
  let configuration: RunConfiguration
  let prepared: RunPreparation
  let observer: any RunObserver
  let clock: MonotonicClock
  let loop: EventLoop
  let regions: RunRegions
  let ports: RunPorts
  let bus: WorkerBus
  let pool: WorkerPool
  let sink: any FrameSink
  let commands: ControlCommands
  let reception: Reception
  var scheduler: Scheduler
  var report: RunReport
  var lines = WorkerLines()
  /// Ends the run at the end of the turn.
  var failure: SluiceError?
  private var reach = EncoderReach()
  private var filters = FilterWatch()
  /// nil: as fast as it goes.
  private var pace: (pace: Pace, timer: EventLoop.Token)?
  /// Since when the output is whole.
  private var wholeSince: UInt64?

  /// Whatever throws here has left nothing behind: every owner cleans up after itself.
  init(
    _ prepared: RunPreparation, configuration: RunConfiguration, observer: any RunObserver, clock: MonotonicClock = .system
  ) throws(SluiceError) {
    sluice_raise_descriptor_limit()
    Leftovers.sweep()
    let design = try RunDesign(prepared, configuration, clock: clock, warning: observer.warning)
    // From here on there is something to clean up. A FIFO without a reader is waited for before.
    let stream = FrameSinks.isStream(configuration, prepared) ? try FrameSinks.target(configuration, prepared) : nil
    let signals = try RunPorts.signals()
    var target = stream
    if target == nil { target = try FrameSinks.target(configuration, prepared) }
    ports = try RunPorts(signals: signals, clock: clock)
    bus = try WorkerBus(endpoint: ports.directory.busEndpoint)
    regions = try RunRegions(design.plan, design.memory, jobCount: design.setup.jobCount)
    let limits = MemoryLimits(prepared.launch, design.memory, budget: prepared.memory)
    let canvas = design.plan.view.canvas
    sink = try FrameSinks.make(
      design.flow, target, configuration, isDirect: prepared.direct,
      SinkContext(
        clock: clock, encoder: prepared.launch.encoder, budget: prepared.memory, limit: limits.limit(of: .encoder),
        workerDirectory: configuration.workerDirectory,
        // No codec makes more of a picture than 16 bits for each of three samples and as much again.
        largestPicture: UInt64(canvas.width * canvas.height) * 12, plan: design.plan.region, hasSound: prepared.hasSound,
        soundFrames: design.plan.view.soundFrames ?? 0, warn: observer.warning))
    self.prepared = prepared
    self.configuration = configuration
    self.observer = observer
    self.clock = clock
    loop = EventLoop(clock: clock)
    let spawner = ProgramSpawner(
      limits, workerDirectory: configuration.workerDirectory, attachSocket: ports.directory.attachSocket)
    pool = WorkerPool(limits, spawner: spawner, numbers: Scheduler.unassigned, clock: clock, warn: observer.warning)
    commands = ControlCommands(ports.commands)
    reception = Reception(pool, regions, sink, bus, ports.listener, budget: prepared.memory)
    let rate = configuration.project.canvas.rate.double
    report = RunReport(prepared, rate: rate, started: clock.now)
    scheduler = Scheduler(plan: design.plan.view, setup: design.setup, describe: regions.frameReader)
    if prepared.launch.isRealTime { pace = (Pace(rate: rate), loop.timer { () throws(SluiceError) in }) }
  }

  func run() throws(SluiceError) -> RunStatistics {
    defer { end() }
    do throws(SluiceError) {
      return try work()
    } catch {
      guard error.code == .interrupted, error.advice.isEmpty else { throw error }
      let remains = configuration.store == nil && !prepared.direct ? "nothing is kept with --no-cache" : sink.flow.remains
      throw SluiceError(error.code, error.what, at: error.place, advice: remains)
    }
  }

  private func work() throws(SluiceError) -> RunStatistics {
    if !scheduler.isDone { try startWorkers() }
    register()
    try sink.start(in: loop)
    while true {
      bus.pump(pool, take)
      keepPace()
      scheduler.advance()
      try perform()
      if scheduler.isDone || failure != nil { pool.forgetEnds() } else { try pool.settle() }
      if hasEnded() { break }
      if let failure { throw failure }
      try loop.turn(mayWait: !bus.isFull)
      try commands.serve(self)
    }
    quitWorkers()
    try finishOutput()
    observer.progress(report.progress(scheduler, sink, now: clock.now, isFinal: true))
    return report.statistics(scheduler, pool, sink, run: ports.directory.name, now: clock.now)
  }

  private func startWorkers() throws(SluiceError) {
    if let text = prepared.launch.uncontainedWarning(configuration.launchFile) { observer.warning(text) }
    for (name, filter) in prepared.launch.filters.sorted(by: { $0.key < $1.key })
    where !filter.command.isEmpty && scheduler.hasFilter(WorkerEffect.key(of: name)) {
      for number in 0..<filter.count { try pool.start(WorkerOrder(role: .filter, number: number, filter: name)) }
    }
    if let sound = regions.memory.sound {
      try pool.start(WorkerOrder(role: .audio, number: 0))
      if sound.destination != .lane { try pool.start(WorkerOrder(role: .soundEncoder, number: 0)) }
    }
    guard scheduler.laneCount > 0 else { return }
    for number in 0..<prepared.decoders { try pool.start(WorkerOrder(role: .decoder, number: number)) }
    // Only what is rendered needs a renderer; who renders is known when the first frame comes, starting one costs 10 ms.
    for number in 0..<prepared.renderers { try pool.start(WorkerOrder(role: .renderer, number: number)) }
    for number in 0..<scheduler.laneCount { try pool.start(WorkerOrder(role: .encoder, number: number)) }
  }

  /// What the loop waits for.
  private func register() {
    ports.watchSignals(in: loop)
    // What waits on the bus is taken in at the beginning of each turn.
    let bus = bus
    loop.watch(list: { $0.append(bus.watched) }, { (_: ArraySlice<pollfd>) throws(SluiceError) in })
    ports.watchArrivals(in: loop, of: pool) { [unowned self] in reception.attach($0, &scheduler) }
    ports.watchDeaths(in: loop, of: pool) { [unowned self] (worker) throws(SluiceError) in try died(worker) }
    ports.watchGuests(in: loop, of: pool) { [unowned self] in guestSpoke($0) }
    commands.attach(to: loop)
    loop.every(100_000_000) { [unowned self] () throws(SluiceError) in try tick() }
  }

  // MARK: time

  /// Allows the frames whose time has come, and wakes the loop when the next one's does.
  private func keepPace() {
    guard pace != nil else { return }
    let found = pace?.pace.look(hasStarted: scheduler.counts.framesEncoded > 0, now: clock.now)
    guard let found, let timer = pace?.timer else { return }
    scheduler.allow(before: found.limit)
    loop.set(timer, due: found.next)
  }

  private func tick() throws(SluiceError) {
    ports.listener.tick()
    commands.tick()
    report.limits.note(scheduler.waitingFor)
    for worker in pool.workers { LeaseScan.read(worker, regions, clock, &scheduler) }
    try sampleMemory()
    takeVerdicts()
    pool.endSilent()
    pool.endIdle({ scheduler.waiting }, isKept: sink.isKeptByReader)
    try pool.startDue()
    try watchFilters()
    showNotes()
    observer.progress(report.progress(scheduler, sink, now: clock.now, isFinal: false))
  }

  private func sampleMemory() throws(SluiceError) {
    let sample = report.memory.takeDue(now: clock.now)
    guard sample != .none else { return }
    noteMemory(exactly: sample == .exact)
    guard try bus.beginsAnew() else { return }
    observer.warning("the control bus was flooded: it begins anew, with all workers")
    for worker in pool.workers { worker.kill(.busFlooded) }
  }

  private func noteMemory(exactly: Bool) {
    let bytes = pool.sampleMemory(exactly: exactly, helper: sink.helper)
    report.memory.note(anonymous: bytes.anonymous, total: bytes.total)
  }

  private func takeVerdicts() {
    for verdict in sink.look(silenceFrom: pool.silenceFrom) {
      // Of one that has gone meanwhile the segment has begun again.
      guard let index = verdict.worker.index, pool.contains(verdict.worker), scheduler.isWriting(verdict.segment, index)
      else { continue }
      switch verdict.result {
      case .segment(let copy):
        sink.flow.replace(verdict.segment, with: copy)
        scheduler.handle(.segmentWritten(worker: index, segment: verdict.segment, bytes: verdict.bytes))
      case .nothing: verdict.worker.kill(.violation("what it wrote is no segment of its frames"))
      case .failed(let error): failure = failure ?? error
      }
    }
  }

  /// Workers that do not come to an end with a picture, and filters that nobody serves.
  private func watchFilters() throws(SluiceError) {
    pool.endLateFilters { scheduler.filterJobs(of: $0).first?.job }
    let missing = scheduler.missingFilters.map {
      FilterWatch.Missing(
        name: $0, isComing: pool.isComing(filter: $0), limitSeconds: prepared.launch.filters[$0]?.waitSeconds)
    }
    for finding in filters.look(missing, now: clock.now) {
      if let error = finding.error(launchFile: configuration.launchFile) { throw error }
      observer.warning(finding.words(socket: ports.directory.attachSocket))
    }
  }

  private func showNotes() { for note in sink.takeNotes() { observer.warning(note) } }

  // MARK: deaths

  /// A worker has ended and is reaped: it writes no more. Its slots come back, its work is issued again, a successor starts.
  private func died(_ worker: WorkerHandle) throws(SluiceError) {
    // What it said before it died is true, also what its lease says and its messages had no time to.
    bus.pump(pool, take)
    bus.receive(from: worker, take)
    LeaseScan.read(worker, regions, clock, &scheduler)
    pool.remove(worker)
    let end = pool.limits.end(of: worker)
    var wasAtWork = ""
    var cost = ""
    var progressed = false
    if let index = worker.index {
      wasAtWork = scheduler.workDescription(of: index)
      if worker.role == .encoder { cost = sink.cost(ofDeathAt: scheduler.reach(of: index)) }
      bus.forget(index)
      progressed = hasProgressed(worker, index)
      scheduler.handle(.workerDied(index, cause: end))
    }
    if scheduler.isDone || failure != nil { return }
    if !worker.isOurs || worker.isLeaving || worker.isExtra && !worker.isReady { return try replaceLeaver(worker) }
    if worker.role.encodes, prepared.launch.dropsOldest {
      throw SluiceError(
        .software, "\(worker.name) ended with \(end.words); a live output cannot be begun again", at: sink.name,
        advice: "run it again")
    }
    pool.succeed(worker, end, progressed: progressed, wasAtWork: wasAtWork, cost: cost)
  }

  /// Whether a worker that has ended did work that is not lost with it.
  private func hasProgressed(_ worker: WorkerHandle, _ index: Int) -> Bool {
    switch worker.role {
    case .encoder: reach.isFurther(scheduler.reach(of: index))
    case .soundEncoder: reach.isFurther(sound: scheduler.soundReach)
    case .decoder, .renderer, .audio, .filter: worker.progress > 0
    }
  }

  /// A worker that is not started again has gone. Somebody must be left to do its work: else one of ours takes its place.
  private func replaceLeaver(_ worker: WorkerHandle) throws(SluiceError) {
    pool.sayGoodbye(worker)
    switch worker.role {
    case .audio, .soundEncoder:
      // There is one of each, which is needed as long as there is sound to be made.
      if scheduler.needsSound { try pool.start(WorkerOrder(role: worker.role, number: 0)) }
    case .filter: break  // It is somebody else's: the render waits for the next one.
    case .decoder, .renderer, .encoder:
      guard !pool.workers.contains(where: { $0.role == worker.role && !$0.isLeaving }) else { return }
      try pool.startOneMore(worker.role)
    }
  }

  // MARK: the end

  private func hasEnded() -> Bool {
    guard failure == nil, scheduler.isDone, sink.isWhole else { return false }
    // The last streams are about to say that they have ended; they are waited for, but not for long.
    let now = clock.now
    let since = wholeSince ?? now
    wholeSince = since
    return scheduler.openStreams == 0 || now - since > 1_000_000_000
  }

  /// Asks all to end, waits a moment, ends the rest.
  private func quitWorkers() {
    noteMemory(exactly: scheduler.plan.frameCount < 30)
    for worker in pool.workers { bus.send([Message(.quit)], to: worker) }
    pool.quit()
  }

  /// Signals and commands are served meanwhile.
  private func finishOutput() throws(SluiceError) {
    let last = EventLoop(clock: clock)
    ports.watchSignals(in: last)
    commands.attach(to: last)
    defer { showNotes() }
    try sink.finish { () throws(SluiceError) in
      commands.tick()
      try last.turn(mayWait: false)
      try commands.serve(self)
    }
  }

  /// Ends every process. Regions, sockets, directory and temporary files go with their owners.
  private func end() {
    commands.dismiss(self)
    pool.endAll()
    ports.refuseAll()
    sink.abandon()
  }
}
