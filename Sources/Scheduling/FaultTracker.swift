/// A piece of work that may be at fault when its worker ends.
enum WorkItem: Hashable, Sendable {
  /// The next picture of a decode stream, whichever lane and decoder it is opened for.
  case picture(record: Int, frame: Int64)
  /// A picture of a stream record (nil: a whole frame) at one filter of the plan; `frame`: of its job.
  case filtered(record: Int?, filter: Int, frame: Int64)
  /// An output frame at a renderer.
  case frame(Int64)
  /// A block of sound at its mixer.
  case block(Int64)

  var isBlock: Bool {
    if case .block = self { return true }
    return false
  }
}

/// Deaths over each piece of work, counted from its last progress on. Work that ends its worker again and again must not end the
/// run's workers for ever: at a limit it is quarantined, and is not tried again.
///
/// Only ends that the work can have caused come here (`WorkerEnd.suspectsWork`).
struct FaultTracker: Sendable {
  private var deaths: [WorkItem: Int] = [:]

  var isEmpty: Bool { deaths.isEmpty }
  func deaths(over item: WorkItem) -> Int { deaths[item] ?? 0 }

  /// A worker ended over it. The number of deaths when it is to be quarantined for them: it is not counted any more then.
  /// - Parameter isAlone: nothing else can have ended the worker.
  mutating func blame(_ item: WorkItem, limit: Int, isAlone: Bool = true) -> Int? {
    let count = deaths(over: item) + 1
    guard count >= limit, isAlone else {
      deaths[item] = count
      return nil
    }
    deaths[item] = nil
    return count
  }

  /// It came out well.
  mutating func clear(_ item: WorkItem) { if !deaths.isEmpty { deaths[item] = nil } }

  /// Sound is made in order, so one block that came out well speaks for all before it.
  mutating func clearBlocks(except item: WorkItem? = nil) {
    if !deaths.isEmpty { deaths = deaths.filter { !$0.key.isBlock || $0.key == item } }
  }
}
