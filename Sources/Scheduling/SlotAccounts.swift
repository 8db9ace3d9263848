import CSchema
import FrameModel
import Plan
import SlotLedger

/// A run's slots: the ledger, and on whose account each slot is that is not free. A slot is a decode stream's (named by its
/// handle), a filter place's, a lane's (output frames) or the sound's; when it becomes free, whoever it belonged to may get it anew.
struct SlotAccounts: Sendable {
  let plan: PlanView
  let setup: SchedulerSetup
  /// Looks at a slot's frame header: nil when it does not hold. The one thing that comes from outside.
  let describe: @Sendable (Int) -> FrameDescription?
  var ledger: Ledger
  /// Slots of each ring that may be used, those of them that are lent beyond the streams' quotas, and how many of these are lent.
  private(set) var rings: [Int]
  private var reserve: [Int]
  private var lent: [Int]
  /// Decode streams by handle.
  var uses: [UInt32: StreamUse] = [:]
  private(set) var open: [StreamKey: UInt32] = [:]
  private var nextHandle: UInt32 = 1
  var filtered = FilteredSlots()
  /// Output slots of each lane.
  private(set) var outputSlots: [Int]
  /// Bits of the workers that encode.
  var encoders: UInt64 = 0
  var out = Outbox()

  init(plan: PlanView, setup: SchedulerSetup, describe: @escaping @Sendable (Int) -> FrameDescription?) {
    self.plan = plan
    self.setup = setup
    self.describe = describe
    rings = setup.sizes[0].slots
    reserve = setup.sizes[0].reserve
    lent = Array(repeating: 0, count: setup.rings.count)
    ledger = Ledger(rings: setup.rings, active: rings)
    outputSlots = Array(repeating: 0, count: setup.lanes + setup.sizes.count)
  }

  /// Words that stand for a slot's owner where a stream's handle would stand.
  static let sound = UInt32(SLUICE_STREAM_SOUND)
  private static let filteredPicture: UInt32 = 0xffff_fe00
  private static func output(lane: Int) -> UInt32 { 0xffff_ff00 | UInt32(lane) }
  private static func lane(of word: UInt32) -> Int? { word >= 0xffff_ff00 ? Int(word & 0xff) : nil }
  static func isStream(_ word: UInt32) -> Bool { word < filteredPicture }

  func isSlot(_ slot: Int) -> Bool { slot >= 0 && slot < ledger.slots.count }
  func reference(_ slot: Int) -> SlotReference { SlotReference(slot: slot, generation: ledger[slot].generation) }

  /// There are slots for more lanes.
  mutating func activate(_ sizes: LaneSizes) {
    for (ring, slots) in sizes.slots.enumerated() { ledger.activate(ring: ring, count: slots) }
    rings = sizes.slots
    reserve = sizes.reserve
  }

  // MARK: release

  /// Gives back one use of a slot, and the slot to its owner when it became free.
  mutating func release(_ slot: Int, by holder: Int) {
    let owner = ledger[slot].stream
    if ledger.release(slot, by: holder) { becameFree(slot, owner) }
  }

  /// Takes a worker that has ended out of every slot.
  mutating func reclaimAll(from worker: Int) {
    for slot in ledger.slots.indices {
      let owner = ledger[slot].stream
      if ledger.reclaim(slot, from: worker) { becameFree(slot, owner) }
    }
  }

  /// A ready slot that nobody wants: one use and its end, so that it goes the ledger's own way to free.
  mutating func freeUnheld(_ slot: Int) {
    ledger.hold(slot, by: Ledger.queue)
    release(slot, by: Ledger.queue)
  }

  private mutating func becameFree(_ slot: Int, _ owner: UInt32) {
    if owner == Self.filteredPicture { return filteredSlotFreed(slot) }
    if owner == Self.sound { return }
    if let lane = Self.lane(of: owner) {
      outputSlots[lane] -= 1
      return
    }
    guard uses[owner] != nil else { return }
    uses[owner]?.owned -= 1
    topUp(owner)
    retireIfIdle(owner)
  }

  // MARK: output frames

  mutating func grantOutput(lane: Int, frame: Int64) -> SlotReference? {
    guard outputSlots[lane] < setup.outputSlotsPerLane,
      let slot = ledger.grant(
        ring: setup.outputRing, to: Scheduler.unassigned, stream: Self.output(lane: lane), frame: frame)
    else { return nil }
    outputSlots[lane] += 1
    return reference(slot)
  }

  mutating func revokeOutput(_ slot: Int, lane: Int) {
    ledger.revoke(slot)
    outputSlots[lane] -= 1
  }

  // MARK: filtered pictures

  mutating func grantFiltered(_ place: FilterPlace, ring: Int, to worker: Int, frame: Int64) -> SlotReference? {
    guard let slot = ledger.grant(ring: ring, to: worker, stream: Self.filteredPicture, frame: frame) else { return nil }
    filtered.take(slot, place)
    return reference(slot)
  }

  /// The worker that was to fill it has ended.
  mutating func revokeFiltered(_ slot: Int) {
    ledger.revoke(slot)
    filteredSlotFreed(slot)
  }

  private mutating func filteredSlotFreed(_ slot: Int) {
    guard let place = filtered.free(slot) else { return }
    if case .stream(let handle) = place.owner { retireIfIdle(handle) }
  }

  /// Slots of filtered pictures of a stream.
  func filteredCount(_ use: StreamUse) -> Int {
    (0..<use.filters.count).reduce(0) { $0 + filtered.count(FilterPlace(owner: .stream(use.handle), stage: $1)) }
  }

  /// Untouched pictures that went to the encoder and that it keeps until it gets the next ones.
  func keptByEncoder(_ place: FilterPlace) -> Int {
    guard setup.encoderKeeps > 0 else { return 0 }
    return min(filtered.slots(of: place) { isWithEncoderAlone(ledger[$0]) }, setup.encoderKeeps)
  }

  private func isWithEncoderAlone(_ slot: Ledger.Slot) -> Bool {
    slot.holders & encoders != 0 && slot.holders & (slot.holders - 1) == 0
  }

  // MARK: slots of streams

  /// Grants slots up to the stream's quota, not counting what its lane's encoder may keep until it gets the next frames.
  mutating func topUp(_ handle: UInt32) {
    guard var use = uses[handle], let worker = use.worker, !use.ended, !use.isClosed,
      ledger.freeCount(ring: use.ring) > 0
    else { return }
    let allowed = use.quota + use.extra + (use.owned < use.quota + use.extra ? 0 : keptByEncoder(use))
    while use.owned < allowed, let slot = ledger.grant(ring: use.ring, to: worker, stream: handle, frame: use.next) {
      use.owned += 1
      out.actions.append(.grant(worker: worker, handle: handle, slot: slot, generation: ledger[slot].generation))
    }
    uses[handle] = use
  }

  private func keptByEncoder(_ use: StreamUse) -> Int {
    guard setup.encoderKeeps > 0, use.lane != nil else { return 0 }
    return min(ledger.slots.count { $0.stream == use.handle && isWithEncoderAlone($0) }, setup.encoderKeeps)
  }

  /// A codec holds more pictures than its kind usually does: it gets one more slot while the reserve lasts.
  mutating func needsSlot(_ worker: Int, _ handle: UInt32) {
    guard let use = uses[handle], use.worker == worker, !use.ended, !use.isClosed else { return }
    guard lent[use.ring] < reserve[use.ring] else {
      out.actions.append(.deny(worker: worker, handle: handle))
      return
    }
    lent[use.ring] += 1
    uses[handle]?.extra += 1
    topUp(handle)
  }

  /// A stream without a granted slot waits for us, and does nothing.
  func hasSlotToFill(_ use: StreamUse) -> Bool {
    ledger.slots.contains { $0.stream == use.handle && $0.state == .granted }
  }

  mutating func codecReleased(_ worker: Int, _ slot: Int, _ generation: UInt32) {
    guard isSlot(slot) else { return out.nonsense(worker, "slot \(slot) is out of range") }
    guard ledger.isCurrent(slot, generation: generation, owner: worker), ledger.uses(slot, by: worker) > 0 else { return }
    release(slot, by: worker)
  }

  /// Slots that a stream's decoder has not published come back, and its own holds end. Only when it cannot write any more.
  mutating func takeBack(_ handle: UInt32, from worker: Int) {
    for slot in ledger.slots.indices where ledger[slot].stream == handle {
      if ledger[slot].state == .granted {
        ledger.revoke(slot)
        uses[handle]?.owned -= 1
      } else if ledger.reclaim(slot, from: worker) {
        uses[handle]?.owned -= 1
      }
    }
  }

  /// Whether the rings have slots for one more stream. An open one has its whole quota set aside; an ended one has what is still
  /// out, because the encoder may keep that until it gets the next frames. `MemoryPlan` makes the rings large enough for both.
  private func hasRoom(for index: Int, _ record: StreamRecord) -> Bool {
    let ring = setup.streamRings[index]
    let taken = uses.values.reduce(0) { $1.ring == ring ? $0 + ($1.ended ? $1.owned : $1.quota) : $0 }
    return taken + quota(record) <= rings[ring] - reserve[ring] && hasFilterRoom(for: index, record)
  }

  private func hasFilterRoom(for index: Int, _ record: StreamRecord) -> Bool {
    guard !record.workerFilters.isEmpty, let ring = setup.filters.streamRings[index] else { return true }
    var taken = 0
    for use in uses.values where !use.filters.isEmpty && setup.filters.streamRings[use.record] == ring {
      let isThrough = use.closing || use.ended && use.deliveries.allSatisfy { $0.stage == use.filters.count }
      let owned = filteredCount(use)
      taken += isThrough ? owned : max(owned, FilterQuota.stream(plan.stream(use.record), slack: setup.slack))
    }
    return taken + FilterQuota.stream(record, slack: setup.slack) <= rings[ring]
  }

  private func quota(_ record: StreamRecord) -> Int { record.isStill ? record.slots : record.slots + setup.slack }
}

// MARK: streams open and close

extension SlotAccounts {
  /// In the order in which they were opened, as far as their handles tell.
  var handles: [UInt32] { uses.keys.sorted() }
  func handles(lane: Int) -> [UInt32] { handles.filter { uses[$0]?.lane == lane && uses[$0]?.closing == false } }

  func use(of record: Int, lane: Int) -> StreamUse? {
    (open[StreamKey(lane: lane, record: record)] ?? open[StreamKey(lane: nil, record: record)]).flatMap { uses[$0] }
  }

  /// Opens the lane's next streams, strictly in order of their first frame: the one that is needed first is never overtaken
  /// by one that would take its slots.
  mutating func openStreams(_ number: Int, _ lane: inout Lane) {
    while lane.nextStream < plan.streamCount {
      let index = lane.nextStream
      let record = plan.stream(index)
      if record.firstFrame > lane.nextCompose + setup.lookAhead { return }
      let first = max(record.firstFrame, lane.nextCompose)
      let frames = first..<max(first, min(record.endFrame, lane.end))
      if frames.isEmpty, record.firstFrame >= lane.end { return }
      if !frames.isEmpty, !record.isStill || open[StreamKey(lane: nil, record: index)] == nil {
        guard hasRoom(for: index, record) else { return }
        start(
          index, record, frames: record.isStill ? record.firstFrame..<record.endFrame : frames,
          lane: record.isStill ? nil : number)
      }
      lane.nextStream += 1
    }
  }

  private mutating func start(_ index: Int, _ record: StreamRecord, frames: Range<Int64>, lane: Int?) {
    let handle = nextHandle
    nextHandle = (nextHandle &+ 1) & 0x7fff_ffff
    uses[handle] = StreamUse(
      handle: handle, record: index, lane: lane, ring: setup.streamRings[index], quota: quota(record), worker: nil,
      frames: frames, next: frames.lowerBound)
    uses[handle]?.filters = record.firstFilter..<record.firstFilter + record.workerFilters.count
    open[StreamKey(lane: lane, record: index)] = handle
    out.counts.streamsOpened += 1
  }

  /// From here on the stream's last picture stands for the rest; where there is none, the layer is left out.
  mutating func hold(_ handle: UInt32) {
    guard var use = uses[handle] else { return }
    use.ended = true
    use.failed = true
    if !use.deliveries.isEmpty {
      let last = use.deliveries[use.deliveries.count - 1]
      use.deliveries[use.deliveries.count - 1].goodEnd = last.frames.upperBound
      use.deliveries[use.deliveries.count - 1].frames = last.frames.lowerBound..<use.frames.upperBound
    }
    use.next = use.frames.upperBound
    uses[handle] = use
  }

  /// A delivery's first frame becomes one of its own. What is held for frames that could not be decoded stays with the last.
  mutating func splitFirst(_ handle: UInt32, _ index: Int) {
    guard let use = uses[handle] else { return }
    let frames = use.deliveries[index].frames
    let end = min(use.deliveries[index].goodEnd ?? frames.upperBound, frames.upperBound)
    guard end - frames.lowerBound > 1 else { return }
    var rest = use.deliveries[index]
    rest.frames = frames.lowerBound + 1..<frames.upperBound
    uses[handle]?.deliveries[index].frames = frames.lowerBound..<frames.lowerBound + 1
    uses[handle]?.deliveries.insert(rest, at: index + 1)
    ledger.hold(rest.slot.slot, by: Ledger.queue)
  }

  /// The layer of a stream has no picture: those that are here are let go.
  mutating func leaveOut(_ handle: UInt32) {
    guard let use = uses[handle] else { return }
    uses[handle]?.deliveries.removeAll()
    uses[handle]?.failed = true
    for delivery in use.deliveries { release(delivery.slot.slot, by: Ledger.queue) }
  }

  /// Ends a stream before its end: its pictures are let go, its decoder is told, its slots come back with its END.
  mutating func close(_ handle: UInt32) {
    guard var use = uses[handle] else { return }
    let dropped = use.deliveries
    use.deliveries.removeAll()
    use.closing = true
    if use.worker == nil { use.ended = true }
    uses[handle] = use
    forgetOpen(use)
    for delivery in dropped { release(delivery.slot.slot, by: Ledger.queue) }
    if let worker = use.worker, !use.ended { out.actions.append(.close(worker: worker, handle: handle)) }
    retireIfIdle(handle)
  }

  /// Removes an ended stream that owns no slot any more. A failed one stays until it has passed: its frames are still asked
  /// for.
  mutating func retireIfIdle(_ handle: UInt32) {
    guard let use = uses[handle], use.ended, use.owned == 0, use.deliveries.isEmpty, !use.failed || use.closing,
      filteredCount(use) == 0
    else { return }
    uses[handle] = nil
    lent[use.ring] -= use.extra
    forgetOpen(use)
  }

  private mutating func forgetOpen(_ use: StreamUse) {
    let key = StreamKey(lane: use.lane, record: use.record)
    if open[key] == use.handle { open[key] = nil }
  }

  /// Lets go of the pictures that no frame to come of a lane will show.
  mutating func dropPassed(_ lane: Int, _ lanes: Lanes) {
    let passed = lanes[lane].nextCompose
    for handle in handles {
      guard var use = uses[handle], use.lane == lane else { continue }
      // Nor is one opened any more that was a suspect until all its frames had been composed without it.
      if use.failed || use.worker == nil && !use.ended, use.frames.upperBound <= passed {
        close(handle)
        continue
      }
      var dropped: [SlotReference] = []
      while let first = use.deliveries.first, first.frames.upperBound <= passed {
        dropped.append(first.slot)
        use.deliveries.removeFirst()
      }
      guard !dropped.isEmpty else { continue }
      uses[handle] = use
      for slot in dropped { release(slot.slot, by: Ledger.queue) }
      retireIfIdle(handle)
    }
    closeStills(lanes)
  }

  /// Lets go of the shared stills that no lane is at. A lane that comes to one later opens it again: kept for it, they could
  /// take the slots that another lane needs to go on.
  mutating func closeStills(_ lanes: Lanes) {
    for handle in handles {
      guard let use = uses[handle], use.lane == nil, !use.closing else { continue }
      let isNeeded = lanes.contains {
        $0.nextCompose < min($0.end, use.frames.upperBound) && use.frames.lowerBound <= $0.nextCompose + setup.lookAhead
      }
      if !isNeeded { close(handle) }
    }
  }
}
