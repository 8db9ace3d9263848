/// How large the store may be, in bytes. A value.
public struct StoreLimits: Equatable, Sendable {
  public static let standardTotal: UInt64 = 20 << 30

  /// Of everything together.
  public var total: UInt64
  /// Of each kind; a kind that is not named is bounded by the total alone.
  public var kinds: [ContentKind: UInt64]

  public init(total: UInt64 = StoreLimits.standardTotal, kinds: [ContentKind: UInt64] = [.analysis: 64 << 20]) {
    self.total = total
    self.kinds = kinds
  }

  /// Of one entry of the kind, and of all of its kind.
  public func bytes(of kind: ContentKind) -> UInt64 { min(total, kinds[kind] ?? total) }
}

/// What is in a store at one moment, and what has to go. A value without I/O.
public struct StoreIndex: Sendable {
  public private(set) var entries: [StoreEntry]

  public init(_ entries: [StoreEntry]) { self.entries = entries }

  /// Of all kinds for nil.
  public func bytes(of kind: ContentKind? = nil) -> UInt64 {
    entries.reduce(0) { kind == nil || kind == $1.kind ? $0 + $1.bytes : $0 }
  }

  /// Takes out what was not used for longest, until limits hold and `room` more bytes of a kind fit; returns it in the order
  /// in which it is to be removed. First a kind that is too large gives up its own, then all together. Room that is larger
  /// than the kind's limit empties it: ask `StoreLimits.bytes(of:)` before.
  public mutating func shrink(to limits: StoreLimits, room: (kind: ContentKind, bytes: UInt64)? = nil) -> [StoreEntry] {
    var total = UInt64(0)
    var totals: [ContentKind: UInt64] = [:]
    for entry in entries {
      total += entry.bytes
      totals[entry.kind, default: 0] += entry.bytes
    }
    if let room {
      total += room.bytes
      totals[room.kind, default: 0] += room.bytes
    }
    guard total > limits.total || totals.contains(where: { $0.value > limits.bytes(of: $0.key) }) else { return [] }
    entries.sort { $0.used != $1.used ? $0.used < $1.used : $0.name < $1.name }
    var removed: [StoreEntry] = []
    func takeOut(where isSurplus: (StoreEntry) -> Bool) {
      entries.removeAll { entry in
        guard isSurplus(entry) else { return false }
        total -= entry.bytes
        totals[entry.kind, default: 0] -= entry.bytes
        removed.append(entry)
        return true
      }
    }
    takeOut { totals[$0.kind, default: 0] > limits.bytes(of: $0.kind) }
    takeOut { _ in total > limits.total }
    return removed
  }
}
