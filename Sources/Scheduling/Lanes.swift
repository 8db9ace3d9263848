import Plan

/// Who encodes which part of the timeline. A lane has a contiguous run of segments and one encoder; a lane that has finished
/// its run takes the next one that nobody has, or the rear half of what another lane has not begun. Nothing of it decides a byte:
/// a segment is encoded by a fresh encoder, whoever does it.
struct Lanes: Sendable {
  private var all: [Lane]
  /// Runs that no lane has taken yet, in order.
  private var pool: [[Segment]]
  /// Lanes that the slots suffice for.
  private(set) var limit: Int

  /// The lanes get their first runs before there is an encoder, so that decoding starts at once.
  init(_ runs: [[Segment]], count: Int) {
    pool = runs
    limit = count
    let segments = runs.reduce(0) { $0 + $1.count }
    all = Array(repeating: Lane(), count: min(count, max(1, segments)))
    for lane in all.indices { takeRun(lane, among: all.count - lane) }
  }

  subscript(lane: Int) -> Lane {
    get { all[lane] }
    _modify { yield &all[lane] }
  }
  var indices: Range<Int> { all.indices }
  var count: Int { all.count }
  var first: Lane? { all.first }
  func contains(where isSo: (Lane) -> Bool) -> Bool { all.contains(where: isSo) }
  func first(where isSo: (Lane) -> Bool) -> Lane? { all.first(where: isSo) }

  /// Number of the lane that a worker encodes.
  func index(ofEncoder worker: Int) -> Int? { all.firstIndex { $0.encoder == worker } }

  var isDone: Bool { pool.isEmpty && all.allSatisfy(\.isDone) }
  /// Whether one more encoder would have something to do, if it had room.
  var hasWorkForAnother: Bool { !pool.isEmpty || all.contains { $0.unstarted > 0 } }

  /// A lane cannot go on without a stream's next picture.
  func isMissing(_ use: StreamUse) -> Bool {
    all.indices.contains { index in
      (use.lane ?? index) == index && !all[index].isDone && use.frames.contains(all[index].nextCompose)
        && use.next <= all[index].nextCompose
    }
  }

  mutating func raiseLimit(to count: Int) { limit = max(limit, count) }

  /// Encoders that have no lane take those that wait for one: begun ones first, then new ones while there is room and work. Lanes
  /// that have finished their runs get new ones.
  /// - Parameter encoders: all that are ready; `isLeaving`: they take no new work.
  mutating func assign(_ encoders: [Int], isLeaving: (Int) -> Bool) {
    for encoder in encoders where !isLeaving(encoder) && !all.contains(where: { $0.encoder == encoder && !$0.isDone }) {
      assign(encoder)
    }
    for lane in all.indices where all[lane].isDone && all[lane].encoder != nil {
      if pool.isEmpty { stealRun(lane) } else { takeRun(lane, among: encoders.count) }
    }
  }

  private mutating func assign(_ encoder: Int) {
    let own = index(ofEncoder: encoder)
    if let lane = all.firstIndex(where: { $0.encoder == nil && !$0.isDone }) {
      if let own { all[own].encoder = nil }
      all[lane].encoder = encoder
      return
    }
    guard own == nil, hasWorkForAnother else { return }
    if let lane = all.firstIndex(where: { $0.encoder == nil }) {
      all[lane].encoder = encoder
    } else if all.count < limit {
      var lane = Lane()
      lane.encoder = encoder
      all.append(lane)
    }
  }

  /// The next run of the pool, or as much of it as is an equal share among so many lanes.
  private mutating func takeRun(_ lane: Int, among sharers: Int) {
    guard !pool.isEmpty else { return }
    let total = pool.reduce(0) { $0 + $1.count }
    let share = (total + sharers - 1) / max(1, sharers)
    var run = pool.removeFirst()
    if run.count > share {
      pool.insert(Array(run[share...]), at: 0)
      run.removeSubrange(share...)
    }
    all[lane].begin(run)
  }

  /// The rear half of what the lane with the most to do has not begun.
  private mutating func stealRun(_ lane: Int) {
    guard let victim = all.indices.max(by: { (all[$0].unstarted, $1) < (all[$1].unstarted, $0) }) else { return }
    let count = (all[victim].unstarted + 1) / 2
    guard count > 0 else { return }
    let run = Array(all[victim].segments.suffix(count))
    all[victim].segments.removeLast(count)
    all[lane].begin(run)
  }

  /// A lane keeps what it has begun, and no more.
  mutating func giveBackUnstarted(_ lane: Int) {
    let count = all[lane].unstarted
    guard count > 0 else { return }
    pool.insert(Array(all[lane].segments.suffix(count)), at: 0)
    all[lane].segments.removeLast(count)
  }
}
