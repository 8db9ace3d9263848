/// Things that are to be done when their time has come, in the order in which they were added: workers that start again after a pause.
struct RestartQueue<Order> {
  private var waiting: [(due: UInt64, order: Order)] = []

  mutating func add(_ order: Order, due: UInt64) { waiting.append((due, order)) }

  /// Those that are due, each once.
  mutating func takeDue(now: UInt64) -> [Order] {
    guard waiting.contains(where: { $0.due <= now }) else { return [] }
    let due = waiting.filter { $0.due <= now }
    waiting.removeAll { $0.due <= now }
    return due.map(\.order)
  }

  func contains(where isMeant: (Order) -> Bool) -> Bool { waiting.contains { isMeant($0.order) } }
}
