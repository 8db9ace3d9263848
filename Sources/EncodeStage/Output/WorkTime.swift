import CSluice
import SharedRing

/// Counts the time of calls into an output: that in which the reader of a pipe kept us waiting is blocked time, the rest is work.
struct WorkTime {
  let counters: (any StageCounters)?
  private var blocked: UInt64 = 0

  init(_ counters: (any StageCounters)?) { self.counters = counters }

  /// - Parameters:
  ///   - start: when the call began, on the clock of `sluice_now_ns`.
  ///   - total: nanoseconds that the output has been blocked so far.
  ///   - frames: what the call finished.
  mutating func count(since start: UInt64, blocked total: UInt64, frames: UInt64) {
    guard let counters else { return }
    let waited = total - blocked
    let elapsed = sluice_now_ns() - start
    counters.add(.busyNanoseconds, elapsed - min(elapsed, waited))
    if waited > 0 { counters.add(.blockedNanoseconds, waited) }
    if frames > 0 { counters.add(.frames, frames) }
    blocked = total
  }
}
