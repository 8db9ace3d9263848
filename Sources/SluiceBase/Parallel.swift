/// Work that is shared out in equal, contiguous parts.
public enum Parallel {
  /// Results in order. Traps when the system has no thread left.
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
