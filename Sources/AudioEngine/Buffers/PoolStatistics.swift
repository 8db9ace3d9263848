/// How near a pool is to its end: low below half, medium below four fifths, high from there.
public enum PoolPressure: String, Sendable, Comparable {
  case low, medium, high

  public init(inUse: Int, of capacity: Int) {
    if inUse * 2 < capacity || inUse == 0 {
      self = .low
    } else if inUse * 5 < capacity * 4 {
      self = .medium
    } else {
      self = .high
    }
  }

  var rank: Int { self == .low ? 0 : self == .medium ? 1 : 2 }
  public static func < (a: PoolPressure, b: PoolPressure) -> Bool { a.rank < b.rank }
}

/// The state of a pool. Everything in it is made when the graph is; `created` never rises after that.
public struct PoolStatistics: Sendable, Equatable {
  /// What it holds: "buffer", "gain".
  public var name: String
  public var created: Int
  public var inUse: Int
  public var peakInUse: Int
  /// Acquired since the beginning, what was given back included.
  public var acquired: Int
  /// Reserved memory; pages that nothing was written to are not resident.
  public var bytes: Int

  /// Free to be acquired.
  public var pooled: Int { created - inUse }
  public var pressure: PoolPressure { PoolPressure(inUse: inUse, of: created) }
}
