import Scheduling

/// Ends of one worker and its successors in a row, without progress in between: how long the next one waits, and when there is
/// none any more.
///
/// Ends that the work may have caused are held to the role's `restarts`: the first restart is at once, the others wait 100 ms,
/// 400 ms, … (at most 5 s). Ends from outside say nothing about this run: there may be many more of them, and each makes the pause
/// 10 ms longer (at most 1 s).
struct EndsInRow: Equatable, Sendable {
  private(set) var faults = 0
  private(set) var fromOutside = 0

  static let mostFromOutside = 100

  enum Verdict: Equatable, Sendable {
    /// nanoseconds
    case again(after: UInt64)
    case tooManyFaults
    case tooManyFromOutside
  }

  /// What came before is explained, or over.
  mutating func clear() { self = EndsInRow() }

  /// One more end. `restarts` 0: none is started again, whatever ended it.
  mutating func count(_ weight: WorkerEnd.Weight, restarts: Int) -> Verdict {
    switch weight {
    case .none:
      clear()
      return restarts > 0 ? .again(after: 0) : .tooManyFaults
    case .restart:
      faults += 1
      return restarts > 0 && faults <= restarts ? .again(after: Self.pause(faults: faults)) : .tooManyFaults
    case .fromOutside:
      fromOutside += 1
      if restarts == 0 { return .tooManyFaults }
      return fromOutside <= Self.mostFromOutside
        ? .again(after: min(1_000_000_000, 10_000_000 * UInt64(fromOutside - 1))) : .tooManyFromOutside
    }
  }

  private static func pause(faults: Int) -> UInt64 {
    guard faults > 1 else { return 0 }
    return min(5_000_000_000, 100_000_000 << (2 * UInt64(min(faults - 2, 8))))
  }
}
