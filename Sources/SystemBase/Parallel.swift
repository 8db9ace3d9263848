/// Shares work out among threads, in equal and contiguous parts.
public enum Parallel {
  /// Returns the results in the order of the items. Traps when no thread can be started.
  public static func map<T: Sendable, R: Sendable>(_ items: [T], threads: Int, _ body: @escaping @Sendable (T) -> R) -> [R] {
    guard threads > 1 else { return items.map(body) }
    let parts = Monitor([Int: [R]]())
    let workers = (0..<threads).map { part in
      WorkThread("parallel-\(part)") {
        let results = items[(items.count * part / threads)..<(items.count * (part + 1) / threads)].map(body)
        parts.with { $0[part] = results }
      }
    }
    for worker in workers { worker.join() }
    return parts.with { parts in (0..<threads).flatMap { parts[$0] ?? [] } }
  }
}
