/// A preview in real time: a frame is begun when its time has come, so that what is shown keeps pace with the clock.
struct Pace: Sendable {
  /// Frames a second.
  let rate: Double
  /// When the first frame went to the encoder: the beginning of real time. nil: none has.
  private var start: UInt64?
  /// Frames that are begun ahead of their time, so that they are finished by then.
  static let lead: Int64 = 2

  init(rate: Double) { self.rate = max(0.01, rate) }

  /// - Parameter hasStarted: an encoder has a frame.
  /// - Returns: the first frame that may not be begun yet, and when its time comes, nanoseconds; nil: when real time has begun.
  mutating func look(hasStarted: Bool, now: UInt64) -> (limit: Int64, next: UInt64?) {
    if start == nil, hasStarted { start = now }
    guard let start else { return (Self.lead, nil) }
    let passed = Int64(Double(now - start) / 1e9 * rate)
    return (passed + Self.lead, start + UInt64(Double(passed + 1) / rate * 1e9))
  }
}
