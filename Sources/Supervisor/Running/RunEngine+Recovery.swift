import CSluice
import SharedRing
import SluiceBase

/// A worker that is started again when its time has come.
struct PendingRestart {
  var due: UInt64
  var role: sluice_role
  var filter: String?
  var isExtra: Bool
  var number: Int
  var isForSound: Bool
  var restarts: Int
  var deathsInRow: Int
}

/// What is done about workers that ended or stand still.
///
/// A death after progress costs nothing but time, however often it happens. Deaths without progress in between are counted:
/// the first restart is at once, the others wait 100 ms, 400 ms, … (at most 5 s), and when the role's `restarts` are used up
/// the run ends. Work that causes them is found before that; see Scheduler+Suspects.
extension RunEngine {
  static func pause(deathsInRow: Int) -> UInt64 {
    guard deathsInRow > 1 else { return 0 }
    return min(5_000_000_000, 100_000_000 << (2 * UInt64(min(deathsInRow - 2, 8))))
  }

  /// Whether an encoder came further in its segment than any before it; it alone begins its work from the start again, so what
  /// it did is no progress by itself.
  func encoderCameFurther(_ index: Int) -> Bool {
    guard let reach = scheduler.reach(of: index) else { return true }
    defer { furthest[reach.segment] = max(furthest[reach.segment] ?? 0, reach.frame) }
    return reach.frame > furthest[reach.segment] ?? 0
  }

  /// `wasAtWork`: what to say about it. Throws when it has ended too often.
  func startAgain(_ worker: WorkerHandle, progressed: Bool, wasAtWork: String) throws(SluiceError) {
    let deaths = progressed ? 0 : worker.deathsInRow + 1
    let limit = prepared.launch.role(of: worker).restarts
    let reason = worker.killedFor ?? ending(of: worker)
    let place = wasAtWork.isEmpty ? "" : ", \(wasAtWork)"
    guard limit > 0, deaths <= limit else {
      // One that never attached cannot work here at all: a program that does not fit, a library that is missing.
      throw SluiceError(
        worker.index == nil ? .unavailable : .software, "\(worker.name) ended again and again, at last with \(reason)\(place)")
    }
    if worker.killedFor != Scheduler.beginsAgain {
      observer.warning("\(worker.name) ended with \(reason)\(place); it is started again")
    }
    restarts += 1
    let restart = PendingRestart(
      due: sluice_now_ns() + RunEngine.pause(deathsInRow: deaths), role: worker.role, filter: worker.filter,
      isExtra: worker.isExtra, number: WorkerHandle.number(in: worker.name) ?? 0,
      isForSound: worker.isForSound, restarts: worker.restarts + 1,
      deathsInRow: deaths)
    pendingRestarts.append(restart)
    try startDue()
  }

  /// Starts the workers whose pause is over.
  func startDue() throws(SluiceError) {
    let now = sluice_now_ns()
    let due = pendingRestarts.filter { $0.due <= now }
    pendingRestarts.removeAll { $0.due <= now }
    for restart in due {
      if let filter = restart.filter {
        try spawnFilter(filter, restart.number, restarts: restart.restarts)
      } else {
        try spawn(restart.role, restart.number, restarts: restart.restarts, forSound: restart.isForSound)
      }
      workers.last?.isExtra = restart.isExtra
      workers.last?.deathsInRow = restart.deathsInRow
    }
  }

  /// Ends workers whose heartbeat stopped, and those that make no progress although nobody but they is waited for.
  func endHungWorkers() {
    let now = sluice_now_ns()
    // When we ourselves were stopped (job control, a debugger), everybody gets his time anew.
    if lastLook != 0, now - lastLook > 2_000_000_000 {
      heartbeatsFrom = now
      marks.removeAll()
    }
    lastLook = now
    for worker in workers {
      worker.traffic.messages = 0
      let seconds = prepared.launch.role(of: worker).deadlineSeconds
      // A heartbeat of times to come is a lie, and none at all; one of this moment may be later than `now`.
      let beat = worker.lease?.heartbeat ?? 0
      let last = max(beat <= sluice_now_ns() ? beat : 0, worker.started, heartbeatsFrom)
      if now > last, now - last > UInt64(seconds) * 1_000_000_000 { kill(worker, "it sent no heartbeat for \(seconds) s") }
    }
    assembler?.endIfHung(
      silence: prepared.launch.encoder.deadlineSeconds, progress: prepared.launch.encoder.progressSeconds, from: heartbeatsFrom)
    guard now >= nextProgressLook else { return }
    nextProgressLook = now + 1_000_000_000
    var present: [Scheduler.Waiting.Key: (mark: Int64, since: UInt64)] = [:]
    for waiting in scheduler.waiting {
      guard let worker = workers.first(where: { $0.index == waiting.worker }) else { continue }
      var since = now
      // Measuring the loudness is work without a block.
      let mark =
        waiting.key == .sound ? waiting.mark &+ Int64(truncatingIfNeeded: worker.lease?.value(.frames) ?? 0) : waiting.mark
      // A reader that does not read keeps the encoder of a pipe: that is nobody's fault.
      let isKept = worker.role == SLUICE_ROLE_ENCODER && direct.relay?.isKeptByReader == true
      if !isKept, let known = marks[waiting.key], known.mark == mark { since = known.since }
      present[waiting.key] = (mark, since)
      let seconds = prepared.launch.role(of: worker).progressSeconds
      if now - since > UInt64(seconds) * 1_000_000_000 { kill(worker, "it made no progress for \(seconds) s") }
    }
    marks = present
  }
}
