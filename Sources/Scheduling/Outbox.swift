/// What the scheduler's parts have decided and is not carried out yet, in order; and what they counted.
struct Outbox: Sendable {
  var actions: [SchedulerAction] = []
  var counts = Scheduler.Counts()
  /// The run is to end: nothing new is begun.
  private(set) var hasFailed = false

  mutating func take() -> [SchedulerAction] {
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  mutating func warn(_ text: String) { actions.append(.warn(text)) }

  mutating func fail(_ text: String, code: Int32) {
    hasFailed = true
    actions.append(.fail(text, code: code))
  }

  /// A worker said what cannot be: counted, and the worker is ended.
  mutating func nonsense(_ worker: Int, _ text: String) {
    counts.nonsense += 1
    actions.append(.kill(worker: worker, cause: .violation(text)))
  }
}
