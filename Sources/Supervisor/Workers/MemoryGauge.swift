import CSluice
import SluiceBase

/// Memory of all processes of a run. The exact figure (proportional set sizes) walks page tables, so it is taken rarely, later and
/// later; between two of them the growth of private memory, which is cheap to read, is added.
struct MemoryGauge: Sendable {
  private(set) var current: UInt64 = 0
  private(set) var peak: UInt64 = 0
  private var exact: (total: UInt64, anonymous: UInt64) = (0, 0)
  private let started: UInt64
  private var nextSample: UInt64 = 0
  private var nextExact: UInt64
  /// Nanoseconds between two samples.
  static let interval: UInt64 = 200_000_000

  init(started: UInt64) {
    self.started = started
    nextExact = started + 400_000_000
  }

  enum Sample: Equatable, Sendable { case none, quick, exact }

  /// The sample that is due now.
  mutating func takeDue(now: UInt64) -> Sample {
    guard now >= nextSample else { return .none }
    nextSample = now + Self.interval
    guard now >= nextExact else { return .quick }
    nextExact = now + min(20_000_000_000, max(500_000_000, 2 * (now - started)))
    return .exact
  }

  /// - Parameters:
  ///   - anonymous: private bytes of the run's own workers.
  ///   - total: exact bytes of all of the run's own processes; nil: not measured.
  mutating func note(anonymous: UInt64, total: UInt64?) {
    if let total { exact = (total, anonymous) }
    current = exact.total + (anonymous > exact.anonymous ? anonymous - exact.anonymous : 0)
    peak = max(peak, current)
  }
}
