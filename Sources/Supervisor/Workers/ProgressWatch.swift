/// Finds workers that give heartbeats but whose work stands still although nobody but they is waited for.
struct ProgressWatch<Key: Hashable & Sendable>: Sendable {
  /// Work that is waited for.
  struct Work: Sendable {
    var key: Key
    /// Number of the worker that has it.
    var worker: Int
    /// Changes with any progress.
    var mark: Int64
    /// Its worker itself is kept by somebody else: no time counts.
    var isKept = false
    /// Longest time without progress.
    var limitSeconds: Int
  }

  private var known: [Key: (mark: Int64, since: UInt64)] = [:]
  private var nextLook: UInt64 = 0
  /// Nanoseconds between two looks.
  static var interval: UInt64 { 1_000_000_000 }

  func isDue(now: UInt64) -> Bool { now >= nextLook }

  /// Everybody's time begins anew.
  mutating func forget() { known.removeAll() }

  /// Takes what is waited for now; gives what has been standing still for too long.
  mutating func look(_ waiting: [Work], now: UInt64) -> [Work] {
    nextLook = now + Self.interval
    var present: [Key: (mark: Int64, since: UInt64)] = [:]
    var late: [Work] = []
    for work in waiting {
      var since = now
      if !work.isKept, let before = known[work.key], before.mark == work.mark { since = before.since }
      present[work.key] = (work.mark, since)
      if hasPassed(work.limitSeconds, since: since, now: now) { late.append(work) }
    }
    known = present
    return late
  }
}
