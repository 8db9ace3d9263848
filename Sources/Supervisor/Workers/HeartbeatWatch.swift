/// Finds workers whose heartbeat has stopped. A supervisor that was itself stopped (job control, a debugger) heard nothing and could
/// not look: then everybody's time begins anew.
struct HeartbeatWatch: Sendable {
  /// Silence counts from here on at the earliest, nanoseconds.
  private(set) var countsFrom: UInt64 = 0
  private var lastLook: UInt64 = 0
  /// Nanoseconds between two looks above which it was we who were stopped.
  static let longestPause: UInt64 = 2_000_000_000

  /// To be called at the beginning of each look. True when time begins anew.
  mutating func beginLook(now: UInt64) -> Bool {
    defer { lastLook = now }
    guard lastLook != 0, now - lastLook > Self.longestPause else { return false }
    countsFrom = now
    return true
  }

  /// Whether a worker has been silent for more than `deadline` seconds.
  /// - Parameters:
  ///   - heartbeat: what it wrote as the time of its last heartbeat. One of times to come is a lie, and none at all.
  ///   - readBy: the time when it was read, or after that: a heartbeat of this moment may be later than `now`.
  ///   - started: when the worker was started.
  func isSilent(heartbeat: UInt64, readBy: UInt64, started: UInt64, deadline: Int, now: UInt64) -> Bool {
    hasPassed(deadline, since: max(heartbeat <= readBy ? heartbeat : 0, started, countsFrom), now: now)
  }
}
