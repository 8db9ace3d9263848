import SlotLedger

/// A slot as it is now: it means something only while the generation is the slot's.
struct SlotReference: Equatable, Sendable {
  var slot: Int
  var generation: UInt32
}

/// A run of equal frames that a stream delivered.
struct Delivery: Sendable {
  var slot: SlotReference
  var frames: Range<Int64>
  /// Where the frames end that it was delivered for, when it is held for those of a source that failed.
  var goodEnd: Int64? = nil
  /// Filters that the picture is through; `slot` is what came out of the last.
  var stage = 0
}

/// An open decode stream: a record of the plan, limited to what its lane needs.
struct StreamUse: Sendable {
  var handle: UInt32
  var record: Int
  /// nil: a still that all lanes share.
  var lane: Int?
  var ring: Int
  var quota: Int
  /// Slots on top of the quota, lent from the ring's reserve.
  var extra = 0
  /// Decoder that runs it; nil while none does (it died, and no other is ready).
  var worker: Int?
  var frames: Range<Int64>
  /// Where its decoder ends it.
  var end: Int64 = .max
  /// First frame not delivered yet.
  var next: Int64
  var deliveries: [Delivery] = []
  /// Slots granted to it or filled by it that are not free again.
  var owned = 0
  var ended = false
  /// Ended on purpose: what still comes is let go.
  var closing = false
  /// Closed in its decoder, to be opened again later.
  var parking = false
  var failed = false
  /// Its filters in the plan's table.
  var filters: Range<Int> = 0..<0
  var isStill: Bool { lane == nil }
  /// CLOSE was said: it gets nothing more, and END is waited for.
  var isClosed: Bool { closing || parking }

  func isAwaitingFilter(at frame: Int64) -> Bool {
    deliveries.first { $0.frames.contains(frame) }.map { $0.stage < filters.count } ?? false
  }

  /// nil also while the picture is not through its filters.
  func delivery(at frame: Int64) -> SlotReference? {
    deliveries.first { $0.frames.contains(frame) }.flatMap { $0.stage == filters.count ? $0.slot : nil }
  }
}

extension StreamUse {
  /// What it is at, for the count of faults.
  var item: WorkItem { .picture(record: record, frame: next) }
}

/// Which lane's stream of which record of the plan; lane -1: a still that all lanes share.
struct StreamKey: Hashable, Sendable {
  var lane: Int
  var record: Int

  init(lane: Int?, record: Int) {
    self.lane = lane ?? -1
    self.record = record
  }
}
