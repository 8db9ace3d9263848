import CSluice

/// Where the supervisor takes the time from: nanoseconds that only rise, from a point that is not told. A run has one clock, and
/// whatever decides by time is given it, or a time that was read from it; so tests let hours pass at once. May be used from any thread.
public struct MonotonicClock: Sendable {
  private let read: @Sendable () -> UInt64

  public init(_ read: @escaping @Sendable () -> UInt64) { self.read = read }

  public var now: UInt64 { read() }

  /// CLOCK_MONOTONIC, which workers' heartbeats are taken from, too.
  public static let system = MonotonicClock { sluice_now_ns() }
}

/// Whether more than so many seconds have passed since `since`. A moment that is still to come has not passed.
func hasPassed(_ seconds: Int, since: UInt64, now: UInt64) -> Bool {
  now > since && now - since > UInt64(seconds) * 1_000_000_000
}
