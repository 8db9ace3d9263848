import SharedRing
import Timeline

/// Who encodes which part of the timeline. A lane has a contiguous run of segments and one encoder; a lane that has finished
/// its run takes the next of the pool, or the rear half of what another has not begun. Nothing of it decides a byte: a
/// segment is encoded by a fresh encoder, whoever does it.
extension Scheduler {
  public var laneCount: Int { lanes.count }

  /// Gives the lanes their first runs, before there is an encoder, so that decoding starts at once.
  mutating func shareOut() {
    for lane in lanes.indices { takeRun(lane, among: lanes.count - lane) }
  }

  /// Finished lanes get new runs, lanes without an encoder get one; what has become possible by an attach or a detach is done.
  mutating func arrangeLanes() {
    for lane in lanes.indices where lanes[lane].isDone { endRun(lane) }
    assignEncoders()
    for lane in lanes.indices where lanes[lane].isDone && lanes[lane].encoder != nil {
      if pool.isEmpty { stealRun(lane) } else { takeRun(lane, among: encoders.count) }
    }
  }

  /// An encoder has ended its segment, or has none: it may have to go, and what its lane still held is let go.
  private mutating func endRun(_ lane: Int) {
    forgetPrevious(lane)
    forgetMemos(lane)
    // Streams that reach further than the run did, because its rear was taken away.
    for handle in uses.keys.sorted() where uses[handle]?.lane == lane && uses[handle]?.closing == false { close(handle) }
    guard let encoder = lanes[lane].encoder, leaving.contains(encoder) else { return }
    lanes[lane].encoder = nil
    actions.append(.dismiss(worker: encoder))
  }

  /// Encoders that have no lane take those that wait for one: begun ones first, then new ones while there is room and work.
  private mutating func assignEncoders() {
    let free = encoders.filter { encoder in
      !leaving.contains(encoder) && !lanes.contains { $0.encoder == encoder && !$0.isDone }
    }
    for encoder in free {
      let own = lanes.firstIndex { $0.encoder == encoder }
      if let lane = lanes.firstIndex(where: { $0.encoder == nil && !$0.isDone }) {
        if let own { lanes[own].encoder = nil }
        lanes[lane].encoder = encoder
        continue
      }
      guard own == nil, !pool.isEmpty || lanes.contains(where: { $0.unstarted > 0 }) else { continue }
      if let lane = lanes.firstIndex(where: { $0.encoder == nil }) {
        lanes[lane].encoder = encoder
      } else if lanes.count < laneLimit {
        var lane = Lane()
        lane.encoder = encoder
        lanes.append(lane)
      }
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
    lanes[lane].begin(run)
  }

  /// The rear half of what the lane with the most to do has not begun.
  private mutating func stealRun(_ lane: Int) {
    guard let victim = lanes.indices.max(by: { (lanes[$0].unstarted, $1) < (lanes[$1].unstarted, $0) }) else { return }
    let count = (lanes[victim].unstarted + 1) / 2
    guard count > 0 else { return }
    let run = Array(lanes[victim].segments.suffix(count))
    lanes[victim].segments.removeLast(count)
    lanes[lane].begin(run)
  }

  /// What a worker has is finished, or begun elsewhere; nothing new comes to it.
  mutating func workerLeaving(_ worker: Int) {
    guard leaving.insert(worker).inserted else { return }
    if renderers.contains(worker) { return dismissIdleRenderers() }
    if filtering.workers.contains(where: { $0.index == worker }) { return dismissIdleFilters() }
    if let lane = lanes.firstIndex(where: { $0.encoder == worker }) {
      let count = lanes[lane].unstarted
      if count > 0 {
        pool.insert(Array(lanes[lane].segments.suffix(count)), at: 0)
        lanes[lane].segments.removeLast(count)
      }
      return  // `endRun` dismisses it
    }
    // A decoder's streams go on elsewhere once it has ended, at the first picture that is missing.
    actions.append(.dismiss(worker: worker))
  }

  mutating func dismissIdleRenderers() {
    for worker in renderers where leaving.contains(worker) && !dismissed.contains(worker) {
      guard !jobs.contains(where: { $0?.worker == worker }) else { continue }
      dismissed.insert(worker)
      actions.append(.dismiss(worker: worker))
    }
  }

  /// An attached encoder's lane needs slots of its own.
  mutating func room(lanes count: Int) {
    laneLimit = min(max(laneLimit, count), setup.lanes + setup.sizes.count - 1)
    let sizes = setup.sizes[laneLimit - setup.lanes]
    for (ring, slots) in sizes.slots.enumerated() { ledger.activate(ring: ring, count: slots) }
    rings = sizes.slots
    reserve = sizes.reserve
  }

  /// Whether one more encoder would have something to do, if it had room.
  public var hasWorkForAnotherLane: Bool { !pool.isEmpty || lanes.contains { $0.unstarted > 0 } }
}
