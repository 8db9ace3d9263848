import CSluice
import ControlBus
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// The event loop of a run: turns what happens (bus messages, attaches, deaths, signals, time) into scheduler events, and the
/// scheduler's actions into messages. One thread; touches no pixel.
final class RunEngine {
  let configuration: RunConfiguration
  let prepared: RunPreparation
  let observer: any RunObserver
  let planRegion: SharedRegion
  let memory: MemoryPlan
  let directory: RunDirectory
  let listener: AttachListener
  var bus: RouterSocket
  var busGuard = BusGuard()
  let control: ControlRegionWriter
  let ringRegions: [SharedRegion]
  let output: OutputTarget
  let epoch = sluice_random()
  let signals: FileDescriptor
  let deaths: DeathWatch
  let started = sluice_now_ns()
  var scheduler: Scheduler
  var assembler: Assembler? = nil
  var flow: SegmentFlow
  /// The output is whole: written by the encoder itself, or joined.
  var isWritten = false
  private var writtenAt: UInt64 = 0
  var workers: [WorkerHandle] = []
  var retired: [RunStatistics.Worker] = []
  var counters = CounterSums()
  var segmentFiles: [Int: FileDescriptor] = [:]
  var segmentChecks: [(worker: WorkerHandle, segment: Int, bytes: UInt64, check: SegmentCheck)] = []
  var soundFile: FileDescriptor? = nil
  var nextIndex = 0
  var outgoing: [Int: [Message]] = [:]
  var restarts = 0
  var segmentsWritten = 0
  var outputBytes: UInt64 = 0
  var direct = DirectOutput()
  /// Lines of our own workers that the user has seen.
  var shown: Set<String> = []
  var pendingRestarts: [PendingRestart] = []
  /// Furthest frame that an encoder has let go of in each segment.
  var furthest: [Int: Int64] = [:]
  var furthestSound: Int64 = 0
  /// Who was waited for at the last look, and since when; when heartbeats were looked at, and from when on they count.
  var marks: [Scheduler.Waiting.Key: (mark: Int64, since: UInt64)] = [:]
  var nextProgressLook: UInt64 = 0
  var lastLook: UInt64 = 0
  var heartbeatsFrom: UInt64 = 0
  var peakMemory: UInt64 = 0
  var currentMemory: UInt64 = 0
  let commands: CommandServer
  var pendingCommands: [PendingCommand] = []
  /// Messages may be left on the bus: it is looked at again before anything is waited for.
  var busIsFull = false
  var limits = LimitTally()
  /// When the first frame went to the encoder: the beginning of real time; 0: none has. And when the next frame's time comes.
  var paceStart: UInt64 = 0
  var nextPace = UInt64.max
  var filterWatch = FilterWatch()
  var failure: SluiceError? = nil
  var finished = false
  private var nextTick: UInt64 = 0
  private var nextSample: UInt64 = 0
  private var nextExactSample: UInt64 = sluice_now_ns() + 400_000_000
  var exactMemory: (total: UInt64, anonymous: UInt64) = (0, 0)

  /// Whatever throws here has left nothing behind: every owner cleans up after itself.
  init(_ prepared: RunPreparation, configuration: RunConfiguration, observer: any RunObserver) throws(SluiceError) {
    self.prepared = prepared
    self.configuration = configuration
    self.observer = observer
    sluice_raise_descriptor_limit()
    Leftovers.sweep()
    let bytes = prepared.plan.bytes
    let planRegion = try SharedRegion.create(bytes: bytes.count, writers: .maker)
    UnsafeMutableRawBufferPointer(start: planRegion.base, count: bytes.count).copyBytes(from: bytes)
    self.planRegion = planRegion
    guard let view = PlanView(UnsafeRawPointer(planRegion.base), count: bytes.count) else {
      throw SluiceError(.software, "the compiled plan is not valid")
    }
    guard view.frameCount > 0 else {
      throw SluiceError(.badInput, "the timeline is empty", at: configuration.project.path)
    }
    let flow = RunEngine.flow(prepared, configuration, frames: view.frameCount, observer)
    self.flow = flow
    let missing = flow.missing
    let sound = RunEngine.sound(prepared, view, flow)
    try sound?.check(budget: prepared.memory, isAll: missing.isEmpty)
    let pictures =
      missing.isEmpty
      ? .nothing
      : try MemoryPlan.make(
        plan: view, budget: prepared.memory, decoders: prepared.decoders, renderers: prepared.renderers,
        lanes: prepared.lanes, lookAhead: Int64(prepared.launch.decoder.credit), segmented: !prepared.direct,
        filterBytes: prepared.launch.filterBytes(Set((0..<view.filterCount).map { view.filter($0).name })),
        besides: sound?.bytes ?? 0)
    memory = sound.map { pictures.adding($0) } ?? pictures
    // From here on there is something to clean up. A FIFO without a reader is waited for before.
    let isStream = configuration.encoderCommand == nil && OutputTarget.isPipe(configuration.output)
    let makeOutput = { () throws(SluiceError) in
      try OutputTarget(
        path: configuration.output, overwrite: configuration.overwrite, command: configuration.encoderCommand)
    }
    let stream = isStream ? try makeOutput() : nil
    let fd = sluice_signals()
    guard fd >= 0 else { throw SluiceError(.software, "signalfd: \(SystemError("signalfd").reason)") }
    signals = FileDescriptor(fd)
    if let stream { output = stream } else { output = try makeOutput() }
    directory = try RunDirectory()
    listener = try AttachListener(path: directory.attachSocket)
    commands = try CommandServer(path: directory.controlSocket)
    bus = try RouterSocket(endpoint: busGuard.endpoint(directory))
    var setup = SchedulerSetup(runs: missing, memory: memory)
    control = try ControlRegionWriter(
      rings: memory.rings, jobCount: setup.jobCount, epoch: epoch)
    var regions: [SharedRegion] = []
    for (ring, slots) in zip(memory.rings, memory.sizes[0].slots) {
      regions.append(
        try SharedRegion.create(
          bytes: max(ring.bytes, 4096), reserve: slots * ring.slotBytes, writers: .others))
    }
    ringRegions = regions
    deaths = try DeathWatch()

    let mapped = regions
    setup.renderCredit = prepared.launch.renderer.credit
    setup.encodeCredit = max(prepared.launch.encoder.credit, memory.encoderKeeps + 1)
    setup.dropsOldest = prepared.launch.dropsOldest
    setup.decoderPerSource = prepared.launch.decoderPerSource
    setup.holdOnError = configuration.onError == .hold
    setup.decoderDeaths = max(1, prepared.launch.decoder.restarts)
    setup.rendererDeaths = max(1, prepared.launch.renderer.restarts)
    setup.countFilterDeaths(prepared.launch)
    setup.sound?.deaths = max(1, prepared.launch.audio.restarts)
    let rings = memory.rings
    scheduler = Scheduler(plan: view, setup: setup) { slot in
      guard let ring = rings.firstIndex(where: { $0.firstSlot <= slot && slot < $0.firstSlot + $0.slotCount }) else { return nil }
      let offset = (slot - rings[ring].firstSlot) * rings[ring].slotBytes
      return FrameDescription(reading: mapped[ring].base + offset, slotBytes: rings[ring].slotBytes)
    }
  }

  /// Makes room for one more lane, if there is work for it. False when the budget or the machine does not allow it.
  func makeRoom() -> Bool {
    let lanes = scheduler.laneLimit + 1
    guard lanes <= memory.laneCapacity else { return false }
    for (index, slots) in memory.sizes(lanes: lanes).slots.enumerated() {
      guard ringRegions[index].reserve(upTo: slots * memory.rings[index].slotBytes) else { return false }
    }
    scheduler.handle(.room(lanes: lanes))
    return true
  }

  func run() throws(SluiceError) -> RunStatistics {
    defer { end() }
    if !scheduler.isDone { try startWorkers() }
    try beginJoining()
    while !finished {
      pumpBus()
      keepPace()
      scheduler.advance()
      try perform()
      checkEnd()
      if finished { break }
      if let failure { throw failure }
      try waitForEvents()
    }
    quitWorkers()
    try output.finish { () throws(SluiceError) in
      try self.takeSignal()
      try self.serveCommandsAlone()
    }
    try finishStore()
    report(final: true)
    return statistics()
  }

  private func startWorkers() throws(SluiceError) {
    warnOfUncontained()
    try startFilters()
    try startSound()
    for number in 0..<(scheduler.laneCount > 0 ? prepared.decoders : 0) { try spawn(SLUICE_ROLE_DECODER, number) }
    // Only what is rendered needs a renderer; who renders is known when the first frame comes, starting one costs 10 ms.
    guard scheduler.laneCount > 0 else { return }
    for number in 0..<prepared.renderers { try spawn(SLUICE_ROLE_RENDERER, number) }
    for number in 0..<scheduler.laneCount { try spawn(SLUICE_ROLE_ENCODER, number) }
  }

  func spawn(_ role: sluice_role, _ number: Int, restarts: Int = 0, forSound: Bool = false) throws(SluiceError) {
    let program = try WorkerPrograms.find(WorkerHandle.program(role), directory: configuration.workerDirectory)
    let token = sluice_random() | 1
    let limits = prepared.launch.role(role).limits
    let environment = limits.environment(budget: prepared.memory).merging(
      ["SLUICE_SOCKET": directory.attachSocket, "SLUICE_TOKEN": "\(token)"]) { $1 }
    let process = try ChildProcess(program, arguments: [], environment: environment)
    limits.apply(to: process.pid, number: number, memoryLimit: memoryLimit(role))
    let name = "\(forSound ? "sound-" : "")\(WorkerHandle.title(role))-\(number)"
    let worker = WorkerHandle(name: name, role: role, process: process, token: token, restarts: restarts)
    worker.isForSound = forSound
    workers.append(worker)
  }

  /// Sleeps until something happens or the next tick is due, then takes in everything but bus messages.
  private func waitForEvents() throws(SluiceError) {
    var fds = [
      pollfd(fd: bus.pollDescriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals.raw, events: Int16(POLLIN), revents: 0),
      listener.watched,
      assembler?.watched ?? pollfd(fd: -1, events: 0, revents: 0),
      pollfd(fd: isWritten ? -1 : direct.relay?.watch ?? -1, events: Int16(POLLIN), revents: 0),
      deaths.watched,
    ]
    let fixed = fds.count
    let waiting = listener.waiting
    for connection in waiting { fds.append(pollfd(fd: connection.raw, events: Int16(POLLIN), revents: 0)) }
    for worker in workers where !worker.isWatched { worker.isWatched = deaths.add(worker.process) }
    let third = workers.filter { !$0.isOurs && $0.connection != nil }
    for worker in third { fds.append(pollfd(fd: worker.connection?.raw ?? -1, events: Int16(POLLIN), revents: 0)) }
    let commandsAt = fds.count
    fds += commands.watched
    let now = sluice_now_ns()
    let next = min(nextTick, nextPace)
    let pause = next > now && !busIsFull ? Int32((next - now) / 1_000_000) + 1 : 0
    _ = poll(&fds, nfds_t(fds.count), pause)

    if fds[1].revents != 0 { try takeSignal() }
    if fds[2].revents != 0 { listener.accept(own: workers.map(\.process.pid)) }
    if fds[4].revents != 0 { direct.relay?.silenceDoorbell() }
    if prepared.direct { try checkDirectEnd() }
    if fds[3].revents != 0 { try watchAssembler() }
    for (index, connection) in waiting.enumerated() where fds[fixed + index].revents != 0 { attach(connection) }
    if fds[5].revents != 0 { for worker in workers where worker.process.hasEnded() { try died(worker) } }
    for (index, worker) in third.enumerated() where fds[fixed + waiting.count + index].revents != 0 { linkEnded(worker) }
    if sluice_now_ns() >= nextTick {
      nextTick = sluice_now_ns() + 100_000_000
      try tick()
    }
    commands.take(fds[commandsAt...])
    try serveCommands()
  }

  func takeSignal() throws(SluiceError) {
    guard sluice_read_signal(signals.raw) != 0 else { return }
    throw SluiceError(.interrupted, "interrupted")
  }

  private func tick() throws(SluiceError) {
    listener.tick()
    commands.tick()
    dropUnready()
    endLeavers()
    limits.note(scheduler.waitingFor)
    rescan()
    let now = sluice_now_ns()
    if now >= nextSample {
      nextSample = now + 200_000_000
      let exactly = now >= nextExactSample
      // Later and later: it walks the page tables of every process.
      if exactly { nextExactSample = now + min(20_000_000_000, max(500_000_000, 2 * (now - started))) }
      sampleMemory(exactly: exactly)
      try watchBus()
    }
    takeVerdicts()
    endHungWorkers()
    try startDue()
    try watchFilters()
    showStoreNotes()
    report(final: false)
  }

  /// The output as the user named it.
  var outputName: String {
    switch output.kind {
    case .standardOutput: "standard output"
    case .command: "--encoder-command"
    case .file: configuration.output
    }
  }

  /// Adds the place to an error that came from a worker about the output, which it knows as a descriptor only. Of an
  /// external encoder that has ended the reason is how it ended.
  func located(_ error: SluiceError) -> SluiceError {
    guard error.place.isEmpty, error.code == .cannotCreate || error.what.hasPrefix("output: ") else { return error }
    if let ending = output.commandEnding() {
      return SluiceError(.cannotCreate, "the encoder command ended with \(ending) before it had read all frames", at: outputName)
    }
    var error = error
    if error.what.hasPrefix("output: ") { error.what.removeFirst("output: ".count) }
    error.place = outputName
    return error
  }

  private func checkEnd() {
    guard failure == nil, scheduler.isDone, isWritten else { return }
    // The last streams are about to say that they have ended; they are waited for, but not for long.
    if writtenAt == 0 { writtenAt = sluice_now_ns() }
    finished = scheduler.openStreams == 0 || sluice_now_ns() - writtenAt > 1_000_000_000
  }

  /// Ends every process. Regions, sockets, directory and temporary files go with their owners.
  private func end() {
    output.abandon()
    dismissCommands()
    assembler?.process.end()
    for worker in workers { worker.process.end() }
    for connection in listener.waiting { AttachListener.refuse(connection, status: 3) }
    // What is finished is kept, but nobody waits long for it.
    _ = flow.store?.finish(milliseconds: 500)
  }
}
