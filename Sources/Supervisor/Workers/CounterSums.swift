import SharedRing
import SlotLedger

/// Sums of the counters of workers that have ended.
struct CounterSums {
  private var sums: [WorkerRole: [StageCounter: UInt64]] = [:]
  /// Of the audio worker that ended last.
  private(set) var audio: AudioProfile?

  mutating func add(_ worker: WorkerHandle) {
    guard let lease = worker.lease else { return }
    if worker.role == .audio { audio = lease.audioProfile }
    for counter in StageCounter.allCases {
      sums[worker.role, default: [:]][counter, default: 0] &+= lease.value(counter)  // may be nonsense
    }
  }

  /// Of the workers of some roles together.
  func stage(_ roles: WorkerRole...) -> RunStatistics.Stage {
    var stage = RunStatistics.Stage()
    for counter in StageCounter.allCases {
      stage[counter] = roles.reduce(0) { $0 &+ (sums[$1]?[counter] ?? 0) }
    }
    return stage
  }
}
