import Plan

/// What the scheduler may count on for filters; part of `SchedulerSetup`.
public struct FilterSetup: Sendable, Equatable {
  /// Ring of each decode stream's filtered pictures; nil: it has no filter. Empty: no stream has.
  public var streamRings: [Int?] = []
  /// Ring of filtered output frames; nil: the whole frame has no filter.
  public var outputRing: Int? = nil
  /// Finished output frames of a lane that may wait for its encoder, or be kept by it.
  public var outputSlots = 0
  public init() {}
}

/// How many filtered pictures a stream or a lane may own in each stage of its chain: granted in frame order within a stage, so
/// that the oldest picture that is not through always gets its slot from the last stage back to the first.
enum FilterQuota {
  /// One is read by the next stage while another is filled.
  static let passing = 2

  static func stream(stage: Int, of count: Int, isStill: Bool, slack: Int) -> Int {
    if isStill { return 1 }
    return stage + 1 < count || slack == 0 ? passing : 2 * passing
  }

  static func stream(_ record: StreamRecord, slack: Int) -> Int {
    let count = record.workerFilters.count
    return (0..<count).reduce(0) { $0 + stream(stage: $1, of: count, isStill: record.isStill, slack: slack) }
  }

  static func lane(stage: Int, of count: Int, finished: Int) -> Int { stage + 1 < count ? passing : finished }
  static func lane(_ count: Int, finished: Int) -> Int {
    (0..<count).reduce(0) { $0 + lane(stage: $1, of: count, finished: finished) }
  }
}

/// Whose pictures, and after which of its filters.
struct FilterPlace: Hashable, Sendable {
  enum Owner: Hashable, Sendable { case stream(UInt32), lane(Int) }
  var owner: Owner
  var stage: Int
}

/// One picture at one filter worker.
struct FilterJob: Sendable {
  var worker: Int
  var place: FilterPlace
  /// Record of the plan that the picture is of; nil: a whole frame.
  var record: Int?
  /// Index in the plan's table of filters.
  var filter: Int
  /// First output frame that the picture serves; with `everyFrame` the one frame it is for.
  var frame: Int64
  var input: SlotReference
  var output: SlotReference

  var item: WorkItem { .filtered(record: record, filter: filter, frame: frame) }
}

struct FilterWorker: Sendable {
  var index: Int
  /// Key of the filter's name; 0: it serves any.
  var serves: UInt64
  /// Jobs that it may have at once.
  var credit: Int
}

/// The picture that an output frame's filter made last: the next frame may be the same.
struct FilterMemo: Sendable {
  var input: SlotReference
  var output: SlotReference
}
