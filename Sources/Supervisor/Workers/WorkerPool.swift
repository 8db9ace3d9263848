import CSluice
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase

/// The workers of a run: started, watched, ended, and started again. It knows nothing of their work; whoever owns it says what is
/// waited for. Used from the supervisor's thread.
final class WorkerPool {
  private(set) var workers: [WorkerHandle] = []
  /// Figures of those that have ended, in the order of their ends.
  private(set) var retired: [RunStatistics.Worker] = []
  private(set) var counters = CounterSums()
  /// Workers that were started again.
  private(set) var restarts = 0
  let limits: MemoryLimits
  private let clock: MonotonicClock
  private let spawner: any WorkerSpawner
  private let warn: (String) -> Void
  private var numbers: WorkerNumbers
  private var ended: [EndedWorker] = []
  private var queue = RestartQueue<WorkerOrder>()
  private var heartbeats = HeartbeatWatch()
  private var progress = ProgressWatch<Scheduler.Waiting.Key>()

  /// - Parameters:
  ///   - numbers: how many workers there may be on the control bus.
  ///   - warn: gets lines for the user.
  init(
    _ limits: MemoryLimits, spawner: any WorkerSpawner, numbers: Int, clock: MonotonicClock, warn: @escaping (String) -> Void
  ) {
    self.limits = limits
    self.spawner = spawner
    self.numbers = WorkerNumbers(count: numbers)
    self.clock = clock
    self.warn = warn
  }

  func role(of worker: WorkerHandle) -> LaunchDescription.Role { limits.launch.role(of: worker) }

  // MARK: who is there

  /// The worker that has a number on the control bus.
  subscript(index: Int) -> WorkerHandle? { workers.first { $0.index == index } }

  func contains(_ worker: WorkerHandle) -> Bool { workers.contains { $0 === worker } }

  var guests: Int { workers.count { !$0.isOurs } }

  /// Whether nobody else is there to do a worker's work.
  func isLast(_ worker: WorkerHandle) -> Bool {
    !workers.contains {
      $0 !== worker && $0.role == worker.role && $0.isReady && !$0.isLeaving && $0.killedFor == nil
        && ($0.filter.key == worker.filter.key || $0.filter.key == 0)
    }
  }

  /// Whether a worker of a filter has been started, or will be, and has not attached yet.
  func isComing(filter name: String) -> Bool {
    workers.contains { $0.filter.name == name && $0.index == nil } || queue.contains { $0.filter == name }
  }

  // MARK: who comes

  /// Number for the name of a new worker: none is given twice in a run.
  private func nextNumber(_ role: WorkerRole) -> Int {
    var highest = -1
    for worker in workers where worker.role == role { highest = max(highest, worker.number ?? -1) }
    for worker in retired where worker.role == role.title {
      highest = max(highest, worker.name.split(separator: "-").last.flatMap { Int($0) } ?? -1)
    }
    return highest + 1
  }

  @discardableResult
  func start(_ order: WorkerOrder) throws(SluiceError) -> WorkerHandle {
    let token = sluice_random() | 1
    let process = try spawner.spawn(order, token: token)
    let worker = WorkerHandle(order, process: process, token: token, started: clock.now)
    workers.append(worker)
    return worker
  }

  /// One more of a role, beyond those that were started at first. `isExtra`: because somebody asked for it.
  @discardableResult
  func startOneMore(_ role: WorkerRole, isExtra: Bool = false) throws(SluiceError) -> WorkerHandle {
    try start(WorkerOrder(role: role, number: nextNumber(role), isExtra: isExtra))
  }

  /// Takes in a worker that attached by itself.
  func admit(_ role: WorkerRole, _ process: any WorkerProcess) -> WorkerHandle {
    let worker = WorkerHandle(
      WorkerOrder(role: role, number: nextNumber(role)), process: process, token: 0, started: clock.now)
    workers.append(worker)
    warn("\(worker.name) (process \(process.pid)) attached by itself")
    return worker
  }

  /// The worker that was started with a token and has not attached yet.
  func expected(token: UInt64) -> WorkerHandle? { workers.first { $0.token == token && $0.index == nil } }

  /// A number for a worker that attaches; nil: all are taken.
  func takeNumber() -> Int? { numbers.take { number in workers.contains { $0.index == number } } }

  // MARK: who goes

  /// Takes out a worker whose process has ended.
  func remove(_ worker: WorkerHandle) {
    workers.removeAll { $0 === worker }
    counters.add(worker)
    retired.append(RunStatistics.Worker(worker))
  }

  /// A worker of ours that was taken out needs a successor; `settle` starts it, or ends the run.
  /// - Parameters:
  ///   - progressed: it did work that is not lost with it.
  ///   - wasAtWork, cost: for the user, what it was at, and what its end costs.
  func succeed(_ worker: WorkerHandle, _ end: WorkerEnd, progressed: Bool, wasAtWork: String = "", cost: String = "") {
    if progressed { worker.endsInRow.clear() }
    ended.append(EndedWorker(worker: worker, end: end, wasAtWork: wasAtWork, cost: cost))
  }

  /// The work that a worker had when it ended is not tried again: that explains its end and those before.
  func explain(_ index: Int) { for at in ended.indices where ended[at].worker.index == index { ended[at].isExplained = true } }

  /// Starts successors of the workers that ended, or sees to it that they are started later. Throws when one has ended too often.
  func settle() throws(SluiceError) {
    guard !ended.isEmpty else { return }
    let ends = ended
    ended.removeAll()
    for end in ends { try startAgain(end) }
    try startDue()
  }

  /// Nobody that ended needs a successor.
  func forgetEnds() { ended.removeAll() }

  private func startAgain(_ ended: EndedWorker) throws(SluiceError) {
    let worker = ended.worker
    var ends = worker.endsInRow
    if ended.isExplained { ends.clear() }
    let pause: UInt64
    switch ends.count(ended.end.weight, restarts: role(of: worker).restarts) {
    case .again(let after): pause = after
    case .tooManyFaults, .tooManyFromOutside: throw ended.tooOften(ends)
    }
    if let text = ended.warning { warn(text) }
    restarts += 1
    queue.add(
      WorkerOrder(
        role: worker.role, number: worker.number ?? 0, filter: worker.filter.name, isExtra: worker.isExtra,
        restarts: worker.restarts + 1, endsInRow: ends), due: clock.now + pause)
  }

  /// Starts the workers whose pause is over.
  func startDue() throws(SluiceError) { for order in queue.takeDue(now: clock.now) { try start(order) } }

  /// A worker that is not started again has gone; says so where the user does not know it.
  func sayGoodbye(_ worker: WorkerHandle) {
    if !worker.isOurs, !worker.isLeaving {
      let reason = worker.killedFor.map { "was ended: \($0.words)" } ?? "has left"
      warn("\(worker.name) (process \(worker.process.pid)), which had attached by itself, \(reason)")
    } else if worker.isExtra, !worker.isReady {
      warn("\(worker.name) ended with \(limits.end(of: worker).words) before it was ready")
    }
  }

  /// Waits a moment for the end of all, which were told to quit, and ends the rest.
  func quit() {
    for worker in workers {
      if !worker.process.wait(milliseconds: worker.isOurs ? 500 : 1000) { worker.process.end() }
      counters.add(worker)
      retired.append(RunStatistics.Worker(worker))
    }
    workers.removeAll()
  }

  func endAll() { for worker in workers { worker.process.end() } }

  // MARK: who stands still

  /// Nanoseconds in which a worker ends after QUIT; SPEC.md gives it one second.
  static let quitPatience: UInt64 = 2_000_000_000

  /// Nanoseconds from which on silence counts: we ourselves may have stood still before.
  var silenceFrom: UInt64 { heartbeats.countsFrom }

  /// Ten times a second. Ends guests that said HELLO but not READY, those that went on when they were to quit, and those whose heartbeat
  /// stopped.
  func endSilent() {
    let now = clock.now
    // When we ourselves were stopped, everybody gets his time anew.
    if heartbeats.beginLook(now: now) { progress.forget() }
    for worker in workers {
      worker.flood.tick()
      let seconds = role(of: worker).deadlineSeconds
      if worker.killedFor == nil {
        if let since = worker.isDismissedSince, now > since, now - since > Self.quitPatience {
          worker.kill(
            .violation(worker.connection == nil ? "its connection closed, and it went on" : "it went on when it was to quit"))
        } else if !worker.isOurs, !worker.isReady, hasPassed(seconds, since: worker.started, now: now) {
          worker.kill(.deadline(.ready, seconds: seconds))
        }
      }
      let heartbeat = worker.lease?.heartbeat ?? 0
      if heartbeats.isSilent(
        heartbeat: heartbeat, readBy: clock.now, started: worker.started, deadline: seconds, now: now)
      {
        worker.kill(.deadline(.heartbeat, seconds: seconds))
      }
    }
  }

  /// Once a second. Ends workers that make no progress although nobody but they is waited for.
  /// - Parameters:
  ///   - waiting: what is waited for.
  ///   - isKept: the reader of the output keeps an encoder: that is nobody's fault.
  func endIdle(_ waiting: () -> [Scheduler.Waiting], isKept: Bool) {
    let now = clock.now
    guard progress.isDue(now: now) else { return }
    var works: [ProgressWatch<Scheduler.Waiting.Key>.Work] = []
    for waiting in waiting() {
      guard let worker = self[waiting.worker] else { continue }
      // Measuring the loudness is work without a block.
      let mark =
        waiting.key == .sound ? waiting.mark &+ Int64(truncatingIfNeeded: worker.lease?.value(.frames) ?? 0) : waiting.mark
      works.append(
        .init(
          key: waiting.key, worker: waiting.worker, mark: mark, isKept: isKept && worker.role.encodes,
          limitSeconds: role(of: worker).progressSeconds))
    }
    for work in progress.look(works, now: now) {
      self[work.worker]?.kill(.deadline(.progress, seconds: work.limitSeconds))
    }
  }

  /// Ends filters that do not come to an end with a picture.
  /// - Parameter job: the job that a worker has longest.
  func endLateFilters(job: (Int) -> UInt32?) {
    let now = clock.now
    for worker in workers where worker.role == .filter {
      let seconds = role(of: worker).deadlineSeconds
      if worker.job.isLate(job: worker.index.flatMap(job), seconds: seconds, now: now), worker.killedFor == nil {
        worker.kill(.deadline(.picture, seconds: seconds))
      }
    }
  }

  // MARK: memory

  /// Private bytes of the run's own workers, and, where `exactly`, all that its own processes have together. Notes what each has.
  /// - Parameter helper: a process of the run that is no worker.
  func sampleMemory(exactly: Bool, helper: pid_t?) -> (anonymous: UInt64, total: UInt64?) {
    var anonymous: UInt64 = 0
    for worker in workers {
      let bytes = ProcessMemory.anonymous(worker.process.pid)
      worker.memory.note(bytes)
      if worker.isOurs { anonymous += bytes }
    }
    guard exactly else { return (anonymous, nil) }
    // The budget is that of the run's own processes.
    let pids = workers.filter(\.isOurs).map(\.process.pid) + [getpid()] + (helper.map { [$0] } ?? [])
    return (anonymous, pids.reduce(0) { $0 + ProcessMemory.proportional($1) })
  }
}

/// A worker of ours that has ended, until its successor is started.
private struct EndedWorker {
  var worker: WorkerHandle
  var end: WorkerEnd
  var wasAtWork: String
  var cost: String
  var isExplained = false

  private var place: String { wasAtWork.isEmpty ? "" : ", \(wasAtWork)" }

  /// nil: the user need not know.
  var warning: String? {
    guard end.isShown else { return nil }
    // An end from outside has nothing to do with what the worker was at.
    let at = end.weight == .fromOutside ? "" : place
    return "\(worker.name) ended with \(end.words)\(at)\(cost); it is started again"
  }

  func tooOften(_ ends: EndsInRow) -> SluiceError {
    if end.weight == .fromOutside, ends.fromOutside > EndsInRow.mostFromOutside {
      return SluiceError(
        .software, "\(worker.name) was ended from outside \(ends.fromOutside) times in a row, at last with \(end.words)",
        advice: "find out who ends it: the system for want of memory, or another program")
    }
    // One that never attached cannot work here at all: a program that does not fit, a library that is missing.
    return SluiceError(
      worker.index == nil ? .unavailable : .software,
      "\(worker.name) ended again and again, at last with \(end.words)\(place)\(cost)")
  }
}

extension RunStatistics.Worker {
  /// Figures of a worker as it is now.
  init(_ worker: WorkerHandle) {
    self.init()
    name = worker.name
    role = worker.role.title
    isOurs = worker.isOurs
    pid = worker.process.pid
    restarts = worker.restarts
    privateBytes = worker.memory.now
    peakPrivateBytes = worker.memory.peak
    frames = worker.lease?.value(.frames) ?? 0
    state = worker.state
  }
}
