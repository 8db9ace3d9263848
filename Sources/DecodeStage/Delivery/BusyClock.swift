import SharedRing
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Adds up the CPU time of the threads that pass by, into `busyNanoseconds`. Thread-safe.
final class BusyClock: Sendable {
  private let last = Monitor<[UInt: UInt64]>([:])
  private let counters: any StageCounters

  init(_ counters: any StageCounters) { self.counters = counters }

  /// Counts what the calling thread worked since it was here before; the first time only notes where it stands.
  func tick() {
    var time = timespec()
    guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return }
    let now = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    let before = last.with { $0.updateValue(now, forKey: UInt(pthread_self())) }
    if let before, now > before { counters.add(.busyNanoseconds, now - before) }
  }
}
