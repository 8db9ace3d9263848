import CSluice
import FrameModel
import SharedRing
import Timeline

/// Decode streams: opened when the playhead comes near, given slots, closed when it has passed.
extension Scheduler {
  /// Opens the lane's next streams, strictly in order of their first frame: the one that is needed first is never overtaken
  /// by one that would take its slots.
  mutating func openStreams(_ lane: Int) {
    while lanes[lane].nextStream < plan.streamCount {
      let index = lanes[lane].nextStream
      let record = plan.stream(index)
      if record.firstFrame > lanes[lane].nextCompose + setup.lookAhead { return }
      let first = max(record.firstFrame, lanes[lane].nextCompose)
      let frames = first..<max(first, min(record.endFrame, lanes[lane].end))
      if frames.isEmpty {
        if record.firstFrame >= lanes[lane].end { return }
        lanes[lane].nextStream += 1
        continue
      }
      if record.isStill {
        if open[StreamKey(lane: -1, index: index)] == nil {
          guard hasRoom(for: record, ring: setup.streamRings[index]), hasFilterRoom(for: index, record) else { return }
          start(index, record, frames: record.firstFrame..<record.endFrame, lane: nil)
        }
      } else {
        guard hasRoom(for: record, ring: setup.streamRings[index]), hasFilterRoom(for: index, record) else { return }
        start(index, record, frames: frames, lane: lane)
      }
      lanes[lane].nextStream += 1
    }
  }

  private func quota(_ record: StreamRecord) -> Int { record.isStill ? record.slots : record.slots + setup.slack }

  /// Whether the ring has slots for one more stream. An open one has its whole quota set aside; an ended one has what is still
  /// out, because the encoder may keep that until it gets the next frames. `MemoryPlan` makes the ring large enough for both.
  private func hasRoom(for record: StreamRecord, ring: Int) -> Bool {
    let taken = uses.values.reduce(0) { $1.ring == ring ? $0 + ($1.ended ? $1.owned : $1.quota) : $0 }
    return taken + quota(record) <= rings[ring] - reserve[ring]
  }

  /// A codec holds more pictures than its kind usually does: it gets one more slot while the reserve lasts.
  mutating func needsSlot(_ worker: Int, _ handle: UInt32) {
    guard var use = uses[handle], use.worker == worker, !use.ended, !use.isClosed else { return }
    guard lent[use.ring] < reserve[use.ring] else {
      actions.append(.deny(worker: worker, handle: handle))
      return
    }
    lent[use.ring] += 1
    use.extra += 1
    uses[handle] = use
    topUp(handle)
  }

  private mutating func start(_ index: Int, _ record: StreamRecord, frames: Range<Int64>, lane: Int?) {
    let handle = nextHandle
    nextHandle = (nextHandle &+ 1) & 0x7fff_ffff
    uses[handle] = StreamUse(
      handle: handle, record: index, lane: lane, ring: setup.streamRings[index], quota: quota(record), worker: nil,
      frames: frames, next: frames.lowerBound)
    uses[handle]?.filters = record.firstFilter..<record.firstFilter + record.workerFilters.count
    open[StreamKey(lane: lane ?? -1, index: index)] = handle
    counts.streamsOpened += 1
  }

  /// Gives streams without a decoder to the decoder with the fewest streams.
  mutating func placeStreams() {
    let decoders = decoders.filter { !leaving.contains($0) }
    guard !decoders.isEmpty else { return }
    arrangeTrial(decoders)
    for handle in uses.keys.sorted() {
      guard let use = uses[handle], use.worker == nil, !use.ended, !use.closing else { continue }
      if endIfPoisoned(handle) { continue }
      let own = setup.decoderPerSource ? decoders[plan.stream(use.record).source % decoders.count] : -1
      func rank(_ decoder: Int) -> (Int, Int, Int) { (decoder == own ? 0 : 1, load(of: decoder), decoder) }
      let worker = decoders.filter { mayJoin($0, use) }.min { rank($0) < rank($1) }
      if let worker { place(handle, in: worker) }
    }
  }

  /// Streams that are open in a decoder.
  func load(of decoder: Int) -> Int { uses.values.count { $0.worker == decoder && !$0.ended } }

  mutating func place(_ handle: UInt32, in worker: Int) {
    guard var use = uses[handle] else { return }
    use.end = end(of: use)
    use.worker = worker
    uses[handle] = use
    actions.append(.open(worker: worker, handle: handle, stream: use.record, first: use.next, end: use.end))
    topUp(handle)
  }

  /// Grants slots up to the stream's quota, not counting what its lane's encoder may keep until it gets the next frames.
  mutating func topUp(_ handle: UInt32) {
    guard var use = uses[handle], let worker = use.worker, !use.ended, !use.isClosed,
      ledger.freeCount(ring: use.ring) > 0
    else { return }
    let allowed = use.quota + use.extra + (use.owned < use.quota + use.extra ? 0 : keptByEncoder(use))
    while use.owned < allowed, let slot = ledger.grant(ring: use.ring, to: worker, stream: handle, frame: use.next) {
      use.owned += 1
      actions.append(.grant(worker: worker, handle: handle, slot: slot, generation: ledger[slot].generation))
    }
    uses[handle] = use
  }

  private func keptByEncoder(_ use: StreamUse) -> Int {
    guard setup.encoderKeeps > 0, let lane = use.lane, let encoder = lanes[lane].encoder, lanes[lane].encoding > 0
    else { return 0 }
    let kept = ledger.slots.count { $0.stream == use.handle && $0.holders == 1 << UInt64(encoder) }
    return min(kept, setup.encoderKeeps)
  }

  mutating func published(
    _ worker: Int, _ handle: UInt32, _ slot: Int, _ generation: UInt32, _ first: Int64, _ count: Int64, _ held: Bool
  ) {
    guard slot >= 0, slot < ledger.slots.count else { return nonsense(worker, "slot \(slot) is out of range") }
    // Late words of an earlier grant or a closed stream are no fault: they are ignored.
    guard ledger.isCurrent(slot, generation: generation, owner: worker), ledger[slot].stream == handle,
      var use = uses[handle], use.worker == worker
    else { return }
    let again = ledger[slot].state == .ready
    guard again || ledger.publish(slot, generation: generation, owner: worker, frame: first) else {
      return nonsense(worker, "slot \(slot) was not granted")
    }
    // Between CLOSE and END pictures may be missing.
    if use.closing || use.ended || use.parking && first != use.next {
      if held, !again { ledger.hold(slot, by: worker) } else { freeUnheld(slot, handle) }
      return
    }
    guard first == use.next, count > 0, first + count <= use.frames.upperBound, describe(slot) != nil else {
      ledger.hold(slot, by: worker)  // taken back when it is dead
      return nonsense(worker, "frames \(first) to \(first &+ count &- 1) of stream \(use.record) are not the next ones")
    }
    ledger.hold(slot, by: Ledger.queue)
    if held, !again { ledger.hold(slot, by: worker) }
    use.deliveries.append(Delivery(slot: SlotReference(slot: slot, generation: generation), frames: first..<first + count))
    suspects[StreamPlace(use)] = nil
    use.next = first + count
    uses[handle] = use
    // Frames that none of the layers showed have been composed without it.
    if let lane = use.lane, first + count <= lanes[lane].nextCompose { dropPassed(lane) }
  }

  /// A ready slot that nobody wants: one use and its end, so that it goes the ledger's own way to free.
  private mutating func freeUnheld(_ slot: Int, _ handle: UInt32) {
    ledger.hold(slot, by: Ledger.queue)
    release(slot, by: Ledger.queue)
  }

  mutating func codecReleased(_ worker: Int, _ slot: Int, _ generation: UInt32) {
    guard slot >= 0, slot < ledger.slots.count else { return nonsense(worker, "slot \(slot) is out of range") }
    guard ledger.isCurrent(slot, generation: generation, owner: worker), ledger.uses(slot, by: worker) > 0 else { return }
    release(slot, by: worker)
  }

  mutating func streamEnded(_ worker: Int, _ handle: UInt32) {
    guard var use = uses[handle], use.worker == worker, !use.ended else { return }
    guard use.isClosed || use.next >= end(of: use) else {
      return nonsense(worker, "stream \(use.record) ended at frame \(use.next), before \(use.frames.upperBound)")
    }
    let isParked = use.parking && !use.closing && use.next < use.end
    use.parking = false
    if isParked { use.worker = nil } else { use.ended = true }
    uses[handle] = use
    if !isParked, !use.closing, use.next < use.frames.upperBound { hold(handle) }
    takeBack(handle, from: worker)
    retireIfIdle(handle)
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

  /// Removes an ended stream that owns no slot any more. A failed one stays until it has passed: its frames are still asked
  /// for.
  mutating func retireIfIdle(_ handle: UInt32) {
    guard let use = uses[handle], use.ended, use.owned == 0, use.deliveries.isEmpty, !use.failed || use.closing,
      ownsFiltered(use) == 0
    else { return }
    uses[handle] = nil
    let lane = use.lane ?? -1
    lent[use.ring] -= use.extra
    if open[StreamKey(lane: lane, index: use.record)] == handle { open[StreamKey(lane: lane, index: use.record)] = nil }
  }

  mutating func streamFailed(_ worker: Int, _ handle: UInt32, _ reason: String, _ code: Int32) {
    guard let use = uses[handle], use.worker == worker, !use.ended else { return }
    guard setup.holdOnError else { return fail(reason, code: code) }
    hasFailedStream = true
    actions.append(.warn("\(reason); the last good picture is held"))
    hold(handle)
    takeBack(handle, from: worker)
    retireIfIdle(handle)
  }

  /// Lets go of the pictures that no frame to come will show.
  mutating func dropPassed(_ lane: Int) {
    let passed = lanes[lane].nextCompose
    for handle in uses.keys.sorted() {
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
    closeStills()
  }

  /// Lets go of the shared stills that no lane is at. A lane that comes to one later opens it again: kept for it, they could
  /// take the slots that another lane needs to go on.
  mutating func closeStills() {
    for handle in uses.keys.sorted() {
      guard let use = uses[handle], use.lane == nil, !use.closing else { continue }
      let isNeeded = lanes.contains {
        $0.nextCompose < min($0.end, use.frames.upperBound) && use.frames.lowerBound <= $0.nextCompose + setup.lookAhead
      }
      if !isNeeded { close(handle) }
    }
  }
}
