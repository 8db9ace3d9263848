import CSluice
import SluiceBase

/// Whether further workers fit, and how workers leave.
extension RunEngine {
  /// Checks that `count` more of a role make sense and fit into the budget; of encoders, makes room for their lanes.
  func makeRoom(for role: sluice_role, _ count: Int) throws(SluiceError) {
    guard !finished, !isWritten, !scheduler.isDone else {
      throw SluiceError(.tryAgain, "the run is about to end: there is no work left")
    }
    let most = Scheduler.mostWorkers
    guard workers.count + count <= most else {
      throw SluiceError(.unavailable, "a run has at most \(most) workers, this one has \(workers.count)")
    }
    switch role {
    case SLUICE_ROLE_ENCODER: try makeLanes(count)
    case SLUICE_ROLE_DECODER where scheduler.plan.streamCount == 0:
      throw SluiceError(.unavailable, "this run decodes nothing: its timeline has no sources")
    default:
      let need = MemoryPlan.programBytes * UInt64(count)
      let left = prepared.memory - min(prepared.memory, committedMemory(lanes: scheduler.laneLimit))
      guard need <= left else { throw noRoom(need, left) }
    }
  }

  /// Lanes for `count` more encoders.
  private func makeLanes(_ count: Int) throws(SluiceError) {
    guard !prepared.direct else {
      throw SluiceError(
        .unavailable, "this output is written by one encoder, frame after frame", at: outputName,
        advice: "only files with segments (mp4, mkv, mov, webm) take more")
    }
    guard scheduler.hasWorkForAnotherLane else {
      throw SluiceError(.tryAgain, "all segments have been begun: there is none for another encoder")
    }
    let wanted = count + workers.count { $0.role == SLUICE_ROLE_ENCODER && !$0.isForSound && !$0.isLeaving }
    guard wanted <= memory.laneCapacity else {
      throw SluiceError(
        .unavailable, "there is room for \(memory.laneCapacity) encoders, by memory and by segments", at: "--memory",
        advice: "start the run with a larger --memory")
    }
    let need = committedMemory(lanes: max(wanted, scheduler.laneLimit))
    guard need <= prepared.memory else {
      throw noRoom(
        need - committedMemory(lanes: scheduler.laneLimit),
        prepared.memory - min(prepared.memory, committedMemory(lanes: scheduler.laneLimit)))
    }
    while scheduler.laneLimit < wanted {
      guard makeRoom() else { throw SluiceError(.unavailable, "this machine has no memory for another segment") }
    }
  }

  /// What the plan for so many lanes takes, and the workers that came later.
  private func committedMemory(lanes: Int) -> UInt64 {
    memory.sizes(lanes: lanes).bytes
      + UInt64(workers.count { $0.isExtra && $0.role != SLUICE_ROLE_ENCODER }) * MemoryPlan.programBytes
  }

  private func noRoom(_ need: UInt64, _ left: UInt64) -> SluiceError {
    SluiceError(
      .unavailable,
      "that needs about \(need >> 20) MiB more; of the run's budget of \(prepared.memory >> 20) MiB \(left >> 20) MiB are left",
      at: "--memory", advice: "start the run with a larger --memory")
  }

  /// Lets a worker go when it has done what it has; it is not started again.
  func leave(_ worker: WorkerHandle) {
    guard !worker.isLeaving else { return }
    worker.isLeaving = true
    if let index = worker.index, worker.isReady {
      scheduler.handle(.workerLeaving(index))
    } else {
      worker.process.signal(SIGKILL)
    }
  }

  /// Ends those that were told to quit, or closed their connection, and went on.
  func endLeavers() {
    for worker in workers where worker.dismissedAt > 0 && worker.killedFor == nil {
      guard sluice_now_ns() - worker.dismissedAt > RunEngine.quitPatience else { continue }
      kill(worker, worker.connection == nil ? "its connection closed, and it went on" : "it went on when it was to quit")
    }
  }

  /// Nanoseconds in which a worker ends after QUIT; SPEC.md gives it one second.
  private static let quitPatience: UInt64 = 2_000_000_000
}
