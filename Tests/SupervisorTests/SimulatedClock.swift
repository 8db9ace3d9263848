import SluiceBase
import SystemBase

@testable import Supervisor

/// A time that tests move.
final class SimulatedClock: Sendable {
  private let time: Monitor<UInt64>

  init(_ time: UInt64 = 1_000_000_000_000) { self.time = Monitor(time) }

  var now: UInt64 { time.with { $0 } }
  func advance(_ nanoseconds: UInt64) { time.with { $0 += nanoseconds } }
  func advance(seconds: Double) { advance(UInt64(seconds * 1e9)) }

  var clock: MonotonicClock { MonotonicClock { self.now } }
}
