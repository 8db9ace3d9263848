import Timeline

/// What others want to know of the scheduler.
extension Scheduler {
  public mutating func takeChangedSlots() -> [Int] { ledger.takeChanged() }

  func quota(_ handle: UInt32) -> UInt32 { UInt32(uses[handle]?.quota ?? 0) }

  /// Stage that the oldest frame of the first unfinished lane waits for; empty when none can be named.
  var waitingFor: String {
    guard let lane = lanes.first(where: { !$0.isDone }) else {
      return sound.map { $0.isDone ? "" : $0.window.first?.ready == false ? "audio" : "encode" } ?? ""
    }
    if lane.nextCompose >= lane.end { return "encode" }
    guard let first = lane.window.first else { return isAwaitingFilter(lane) ? "filter" : "decode" }
    if first.ready, !isSoundAhead(of: first.number, lane: 0) { return "audio" }
    if first.ready { return first.stage < filtering.output.count ? "filter" : "encode" }
    return "render"
  }

  /// The next frame's pictures are decoded, and one is not through its filters.
  private func isAwaitingFilter(_ lane: Lane) -> Bool {
    uses.values.contains { $0.isAwaitingFilter(at: lane.nextCompose) }
  }

  /// Jobs that a worker has, with their output slots.
  func jobs(of worker: Int) -> [(job: Int, slot: Int, generation: UInt32)] {
    jobs.indices.compactMap { index in
      jobs[index].flatMap { $0.worker == worker ? (index, $0.slot.slot, $0.slot.generation) : nil }
    }
  }

  /// What a worker was at, for the message about its death: the file and the frame.
  func workDescription(of worker: Int) -> String {
    if let use = uses.values.filter({ $0.worker == worker && !$0.ended }).min(by: { $0.next < $1.next }) {
      return "while it decoded \(plan.source(plan.stream(use.record).source).place) for frame \(use.next)"
    }
    if let work = filterWork(of: worker) { return "at the \(work)" }
    if let sound, sound.worker == worker, let next = sound.window.first(where: { !$0.ready }) {
      return "while it mixed \(soundPlace(next.block))"
    }
    if let sound, sound.encoder == worker, !sound.isWritten {
      return "while it encoded the sound up to \(Scheduler.seconds(sound.sent))"
    }
    for case let job? in jobs where job.worker == worker { return "while it rendered frame \(job.frame)" }
    if let lane = lanes.first(where: { $0.encoder == worker && !$0.isDone }) {
      return "while it encoded from frame \(lane.segments[min(lane.current, lane.segments.count - 1)].frames.lowerBound)"
    }
    return ""
  }
}
