import CSluice
import SlotLedger

/// Who may attach: workers that the run has started, and guests, which attach by themselves on the terms of ipc-schema/SPEC.md.
struct Admission: Sendable {
  /// Reasons to refuse, as a WELCOME carries them.
  enum Refusal: UInt32, Error, Sendable {
    case version = 1
    /// A role, a filter or a feature that the run has no use for.
    case role = 2
    /// No number, no memory, no work or no process left.
    case noRoom = 3
    /// A token that the run has not given, or that has come already.
    case token = 4
  }

  /// How the run is.
  struct Situation: Sendable {
    /// Every frame is in its output.
    var isOver: Bool
    var guests: Int
    /// The output takes segments of anybody.
    var takesSegments: Bool
  }

  /// Half of the numbers are kept for workers that the run starts.
  static let guestLimit = Int(SLUICE_MAX_WORKERS) / 2

  /// Whether a guest may come. A filter's name is checked before.
  /// - Parameters:
  ///   - readsPlan: it evaluates the plan.
  ///   - makeRoom: makes room for an encoder's lane; false when there is none. Called when nothing else speaks against it.
  static func check(
    _ role: WorkerRole, readsPlan: Bool, _ situation: Situation, makeRoom: () -> Bool
  ) throws(Refusal) {
    switch role {
    case .filter: break
    case .decoder, .renderer: guard readsPlan else { throw .role }
    case .encoder: guard readsPlan, situation.takesSegments else { throw .role }
    case .audio, .soundEncoder: throw .role
    }
    guard !situation.isOver, situation.guests < guestLimit else { throw .noRoom }
    // What it takes of memory is its own, but an encoder's lane is the run's.
    guard role != .encoder || makeRoom() else { throw .noRoom }
  }
}

/// Numbers of workers on the control bus. They go round, so that a late word of a dead worker is not taken for its successor's.
struct WorkerNumbers: Sendable {
  private var next = 0
  /// Numbers that there are.
  private let count: Int

  init(count: Int) { self.count = count }

  /// nil: all are taken.
  mutating func take(isTaken: (Int) -> Bool) -> Int? {
    for _ in 0..<count {
      let number = next
      next = (next + 1) % count
      if !isTaken(number) { return number }
    }
    return nil
  }
}
