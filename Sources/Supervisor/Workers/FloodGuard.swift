/// Bounds what one worker may send: messages between two ticks, and lines for the user in its life.
struct FloodGuard: Sendable {
  private var messages = 0
  private var lines = 0
  /// Records that no honest worker sends in a tenth of a second: it has at most SLUICE_MAX_SLOTS slots to speak of.
  static let messageLimit = 50_000
  /// Lines of a third party's that the user gets to see.
  static let lineLimit = 100

  /// Ten times a second.
  mutating func tick() { messages = 0 }

  /// False when it is too much.
  mutating func takes(messages count: Int) -> Bool {
    messages += count
    return messages <= Self.messageLimit
  }

  /// False when it is too much.
  mutating func takesLine() -> Bool {
    lines += 1
    return lines <= Self.lineLimit
  }
}

/// Finds that the control bus is flooded. ZeroMQ bounds the length of a part and the number of messages, but not the parts of one
/// that never ends: it gathers them, out of sight, until there is no memory. So the supervisor's own memory is watched, and with the
/// socket what it gathered goes.
struct BusGuard: Sendable {
  enum Verdict: Equatable, Sendable {
    case quiet
    /// The bus is to begin anew, under another name, with all workers.
    case flooded
    /// It has begun anew too often.
    case hopeless
  }

  private var least = UInt64.max
  /// Times that the bus was flooded.
  private(set) var floods = 0
  /// Bytes by which our memory may grow.
  static let allowance: UInt64 = 192 << 20
  /// Floods after which it begins anew.
  static let limit = 3

  /// - Parameter memory: bytes of private memory that the supervisor has now.
  mutating func look(memory: UInt64) -> Verdict {
    least = min(least, memory)
    guard memory - least > Self.allowance else { return .quiet }
    least = .max
    floods += 1
    return floods <= Self.limit ? .flooded : .hopeless
  }
}
