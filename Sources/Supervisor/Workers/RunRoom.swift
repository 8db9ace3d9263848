import Scheduling
import SlotLedger
import SluiceBase

/// Whether further workers make sense in a run and fit into its budget. A value: it decides, and does nothing.
struct RunRoom {
  /// How the run is.
  struct Situation {
    /// All work is done, or about to be.
    var isOver: Bool
    var workers: Int
    /// Workers that came later, encoders aside; encoders that are to stay.
    var extras: Int
    var encoders: Int
    /// Lanes that there is room for by now.
    var lanes: Int
    var hasWorkForAnotherLane: Bool
    var decodesNothing: Bool
  }

  /// Bytes.
  let budget: UInt64
  let memory: MemoryPlan
  /// Anybody may encode segments of the output.
  let takesSegments: Bool
  let outputName: String

  /// Checks that `count` more of a role fit. Throws the reason why not.
  /// - Returns: lanes that are needed for them.
  func lanes(for role: WorkerRole, _ count: Int, _ now: Situation) throws(SluiceError) -> Int {
    guard !now.isOver else { throw SluiceError(.tryAgain, "the run is about to end: there is no work left") }
    let most = Scheduler.mostWorkers
    guard now.workers + count <= most else {
      throw SluiceError(.unavailable, "a run has at most \(most) workers, this one has \(now.workers)")
    }
    switch role {
    case .encoder: return try lanesForEncoders(count, now)
    case .decoder where now.decodesNothing:
      throw SluiceError(.unavailable, "this run decodes nothing: its timeline has no sources")
    case .decoder, .renderer, .soundEncoder, .audio, .filter:
      let need = MemoryPlan.programBytes * UInt64(count)
      let left = left(now)
      guard need <= left else { throw noRoom(need, left) }
      return now.lanes
    }
  }

  private func lanesForEncoders(_ count: Int, _ now: Situation) throws(SluiceError) -> Int {
    guard takesSegments else {
      throw SluiceError(
        .unavailable, "this output is written by one encoder, frame after frame", at: outputName,
        advice: "only files with segments (mp4, mkv, mov, webm) take more")
    }
    guard now.hasWorkForAnotherLane else {
      throw SluiceError(.tryAgain, "all segments have been begun: there is none for another encoder")
    }
    let wanted = count + now.encoders
    guard wanted <= memory.laneCapacity else {
      throw SluiceError(
        .unavailable, "there is room for \(memory.laneCapacity) encoders, by memory and by segments", at: "--memory",
        advice: "start the run with a larger --memory")
    }
    let need = committed(lanes: max(wanted, now.lanes), now)
    guard need <= budget else { throw noRoom(need - committed(lanes: now.lanes, now), left(now)) }
    return max(wanted, now.lanes)
  }

  /// What the plan for so many lanes takes, and the workers that came later.
  private func committed(lanes: Int, _ now: Situation) -> UInt64 {
    memory.sizes(lanes: lanes).bytes + UInt64(now.extras) * MemoryPlan.programBytes
  }

  private func left(_ now: Situation) -> UInt64 { budget - min(budget, committed(lanes: now.lanes, now)) }

  private func noRoom(_ need: UInt64, _ left: UInt64) -> SluiceError {
    SluiceError(
      .unavailable,
      "that needs about \(need >> 20) MiB more; of the run's budget of \(budget >> 20) MiB \(left >> 20) MiB are left",
      at: "--memory", advice: "start the run with a larger --memory")
  }
}
