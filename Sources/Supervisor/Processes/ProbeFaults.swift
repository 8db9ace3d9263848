import Scheduling
import SluiceBase

/// What follows when a program that probes ends before it has answered for all sources: whether the source that it was at is at
/// fault, or the program is started again. A value.
struct ProbeFaults {
  /// How the program ended before its answer was complete.
  enum End: Equatable, Sendable {
    /// It was silent for too long, and was ended.
    case silent
    case ended(WorkerEnd)
  }
  enum Verdict: Equatable {
    /// Begin again with the same source, after a pause.
    case again(milliseconds: Int32)
    /// The source is at fault; go on behind it.
    case fault(String)
    /// Nothing that was read is at fault, and it does not get on.
    case giveUp(String)
  }

  /// Ends over the same source by which it is found to be at fault: one may have been an accident.
  private static let patience = 3
  /// Ends from outside over the same source after which nothing is probed any more.
  static let mostFromOutside = 100
  private static let longestPause: Int32 = 200

  private var ends = 0
  private var fromOutside = 0

  /// - Parameter gotOn: it had answered for another source since it was started.
  mutating func take(_ end: End, gotOn: Bool) -> Verdict {
    if gotOn { self = ProbeFaults() }
    switch end {
    case .silent:
      self = ProbeFaults()
      return .fault("the decoder hung while it read this file")
    case .ended(let end) where end.weight == .fromOutside:
      fromOutside += 1
      guard fromOutside < Self.mostFromOutside else {
        return .giveUp("the decoder that reads the sources was ended by \(end.words) \(fromOutside) times")
      }
      return .again(milliseconds: min(Self.longestPause, 1 << min(10, Int32(fromOutside))))
    case .ended(let end):
      ends += 1
      guard ends >= Self.patience else { return .again(milliseconds: 0) }
      self = ProbeFaults()
      return .fault(Self.reason(end))
    }
  }

  private static func reason(_ end: WorkerEnd) -> String {
    switch end {
    case .outOfMemory(let limit):
      "the decoder reached its memory limit of \(limit.size) (\(limit.key)) while it read this file"
    case .endedNearLimit(_, let limit):
      "the decoder was ended near its memory limit of \(limit.size) (\(limit.key)) while it read this file"
    default: "the decoder crashed while it read this file"
    }
  }
}
