/// Who holds which slot: the slot protocol's state machine as a pure value, driven by the supervisor and mirrored into the
/// slot table. States and transitions are those of ipc-schema/SPEC.md: free → granted → ready → free.
///
/// Every transition that does not fit (a stale generation, a wrong owner, a slot out of range) is refused and counted:
/// what a worker says is never trusted.
public struct Ledger: Sendable {
  public enum State: UInt8, Sendable { case free = 0, granted = 1, ready = 2 }

  public struct Slot: Equatable, Sendable {
    public var generation: UInt32 = 0
    public var state = State.free
    /// Worker that fills it, or 0xff.
    public var owner: UInt8 = 0xff
    public var holders: UInt64 = 0
    public var ring: Int = 0
    public var stream: UInt32 = .max
    public var frame: Int64 = -1
  }

  /// Holder index of the supervisor's own queues: a frame that waits for its turn.
  public static let queue = 63

  public private(set) var slots: [Slot]
  /// Uses of slot s by holder h, at s * 64 + h: a holder may need one slot for several jobs.
  private var uses: [UInt16]
  private var free: [[Int]]
  /// First slot of each ring, and how many of its slots may be granted.
  private let first: [Int]
  private var active: [Int]
  public private(set) var inUse = 0
  public private(set) var peakInUse = 0
  public private(set) var refused = 0
  /// Slots that changed since the mirror was last brought up to date, possibly repeated.
  public private(set) var changed: [Int] = []

  /// `rings[i]` slots in ring i, numbered one ring after the other. `active`: how many of each may be granted at first;
  /// nil: all.
  public init(rings: [Int], active count: [Int]? = nil) {
    var first: [Int] = []
    slots = []
    for (ring, count) in rings.enumerated() {
      first.append(slots.count)
      slots.append(contentsOf: repeatElement(Slot(ring: ring), count: count))
    }
    self.first = first
    active = rings.map { _ in 0 }
    free = rings.map { _ in [] }
    uses = Array(repeating: 0, count: slots.count * 64)
    for ring in rings.indices { activate(ring: ring, count: count?[ring] ?? rings[ring]) }
  }

  /// From now on the first `count` slots of a ring may be granted; never fewer than before.
  public mutating func activate(ring: Int, count: Int) {
    let end = ring + 1 < first.count ? first[ring + 1] : slots.count
    precondition(first[ring] + count <= end, "activate of slots that the ring does not have")
    guard count > active[ring] else { return }
    free[ring].insert(contentsOf: (first[ring] + active[ring]..<first[ring] + count).reversed(), at: 0)
    active[ring] = count
  }

  /// Slots that may be granted, of all rings.
  public var activeCount: Int { active.reduce(0, +) }

  public func freeCount(ring: Int) -> Int { free[ring].count }
  public subscript(slot: Int) -> Slot { slots[slot] }
  public func uses(_ slot: Int, by holder: Int) -> Int { Int(uses[slot * 64 + holder]) }

  public mutating func takeChanged() -> [Int] {
    defer { changed.removeAll(keepingCapacity: true) }
    return changed
  }

  /// grant: free → granted, with a new generation. nil when the ring has no free slot.
  public mutating func grant(ring: Int, to owner: Int, stream: UInt32, frame: Int64) -> Int? {
    guard let slot = free[ring].popLast() else { return nil }
    slots[slot].generation &+= 1
    if slots[slot].generation == 0 { slots[slot].generation = 1 }  // 0 is "never" in done[] and released[]
    slots[slot].state = .granted
    slots[slot].owner = UInt8(owner)
    slots[slot].stream = stream
    slots[slot].frame = frame
    inUse += 1
    peakInUse = max(peakInUse, inUse)
    changed.append(slot)
    return slot
  }

  /// A granted slot gets another owner before anybody was told of it.
  public mutating func reassign(_ slot: Int, to owner: Int) {
    precondition(slots[slot].state == .granted, "reassign of a slot that is not granted")
    slots[slot].owner = UInt8(owner)
    changed.append(slot)
  }

  /// reissue: a granted slot whose owner is dead is granted anew. The new generation.
  public mutating func renew(_ slot: Int, owner: Int) -> UInt32 {
    precondition(slots[slot].state == .granted, "renew of a slot that is not granted")
    slots[slot].generation = slots[slot].generation == .max ? 1 : slots[slot].generation + 1
    slots[slot].owner = UInt8(owner)
    changed.append(slot)
    return slots[slot].generation
  }

  /// A message that names this slot, generation and owner is about the present grant.
  public func isCurrent(_ slot: Int, generation: UInt32, owner: Int) -> Bool {
    slot >= 0 && slot < slots.count && slots[slot].generation == generation && slots[slot].owner == UInt8(owner)
  }

  /// publish: granted → ready, held by the supervisor's queue. False (and counted) when it does not fit.
  public mutating func publish(_ slot: Int, generation: UInt32, owner: Int, frame: Int64) -> Bool {
    guard isCurrent(slot, generation: generation, owner: owner), slots[slot].state == .granted else {
      refused += 1
      return false
    }
    slots[slot].state = .ready
    slots[slot].frame = frame
    changed.append(slot)
    return true
  }

  /// hold: one more use of a ready slot.
  public mutating func hold(_ slot: Int, by holder: Int) {
    precondition(slots[slot].state == .ready, "hold of a slot that is not ready")
    uses[slot * 64 + holder] += 1
    slots[slot].holders |= 1 << UInt64(holder)
    changed.append(slot)
  }

  /// release: one use less. True when the slot became free.
  @discardableResult
  public mutating func release(_ slot: Int, by holder: Int) -> Bool {
    guard slot >= 0, slot < slots.count, uses[slot * 64 + holder] > 0 else {
      refused += 1
      return false
    }
    uses[slot * 64 + holder] -= 1
    if uses[slot * 64 + holder] == 0 { slots[slot].holders &= ~(1 << UInt64(holder)) }
    changed.append(slot)
    return freeIfUnheld(slot)
  }

  /// reclaim: takes a dead or finished holder out of a slot, however often it held it. True when the slot became free.
  @discardableResult
  public mutating func reclaim(_ slot: Int, from holder: Int) -> Bool {
    guard uses[slot * 64 + holder] > 0 else { return false }
    uses[slot * 64 + holder] = 0
    slots[slot].holders &= ~(1 << UInt64(holder))
    changed.append(slot)
    return freeIfUnheld(slot)
  }

  /// A granted slot that will not be filled (its owner is dead or done) becomes free.
  public mutating func revoke(_ slot: Int) {
    precondition(slots[slot].state == .granted, "revoke of a slot that is not granted")
    makeFree(slot)
  }

  private mutating func freeIfUnheld(_ slot: Int) -> Bool {
    guard slots[slot].state == .ready, slots[slot].holders == 0 else { return false }
    makeFree(slot)
    return true
  }

  private mutating func makeFree(_ slot: Int) {
    slots[slot].state = .free
    slots[slot].owner = 0xff
    slots[slot].stream = .max
    slots[slot].frame = -1
    free[slots[slot].ring].append(slot)
    inUse -= 1
    changed.append(slot)
  }
}
