import SlotLedger

/// Lanes and their encoders: frames go out in order, within the encoder's credit.
extension RunState {
  /// Hands ready frames to a lane's encoder.
  mutating func encode(_ lane: Int, _ sound: SoundFlow?) {
    guard let encoder = lanes[lane].encoder else { return }
    while lanes[lane].current < lanes[lane].segments.count {
      let segment = lanes[lane].segments[lanes[lane].current]
      if !lanes[lane].begun {
        lanes[lane].begun = true
        out.actions.append(.begin(worker: encoder, segment: segment))
      }
      while let first = lanes[lane].window.first, first.ready, first.stage == outputStages,
        segment.frames.contains(first.number), sound?.isAhead(of: first.number, lane: lane, canvas.rate) ?? true,
        lanes[lane].encoding < setup.encodeCredit
      {
        lanes[lane].window.removeFirst()
        slots.ledger.hold(first.slot.slot, by: encoder)
        slots.release(first.slot.slot, by: Ledger.queue)
        lanes[lane].encoding += 1
        lanes[lane].nextEncode = first.number + 1
        out.counts.framesEncoded += 1
        out.actions.append(
          .encode(worker: encoder, frame: first.number, slot: first.slot.slot, generation: first.slot.generation))
      }
      guard lanes[lane].nextEncode == segment.frames.upperBound, sound?.allowsFinish ?? true else { return }
      out.actions.append(.finish(worker: encoder, segment: segment))
      lanes[lane].writing.append(segment)
      lanes[lane].current += 1
      lanes[lane].begun = false
    }
  }

  mutating func encoderReleased(_ worker: Int, _ slot: Int, _ generation: UInt32, _ count: Int) {
    guard slots.ledger[slot].generation == generation, let lane = lanes.index(ofEncoder: worker) else { return }
    guard count > 0, count <= slots.ledger.uses(slot, by: worker) else {
      return out.nonsense(worker, "slot \(slot) was given back more often than it was lent")
    }
    lanes[lane].encoding -= count
    for _ in 0..<count { slots.release(slot, by: worker) }
  }

  mutating func segmentWritten(_ worker: Int, _ segment: Int, _ bytes: UInt64) {
    guard let lane = lanes.index(ofEncoder: worker),
      let index = lanes[lane].writing.firstIndex(where: { $0.index == segment })
    else { return out.nonsense(worker, "segment \(segment) is not being written") }
    out.actions.append(.segmentDone(lanes[lane].writing.remove(at: index), bytes: bytes))
  }

  /// These frames show the one before. False when they did already.
  @discardableResult
  mutating func hold(_ frames: Range<Int64>, lane: Int) -> Bool {
    held.hold(frames.prefix { $0 < lanes[lane].end }, lane: lane, encoder: lanes[lane].encoder, &slots.out)
  }

  /// A live preview gives up the oldest frame that waits for the encoder, when it is finished and the encoder takes no more. The
  /// bytes then depend on the machine, which is why only outputs without segments may do so. False: none was given up.
  mutating func dropOldest(_ lane: Int) -> Bool {
    guard setup.dropsOldest, lanes[lane].encoding >= setup.encodeCredit, let first = lanes[lane].window.first, first.ready,
      first.stage == outputStages
    else { return false }
    lanes[lane].window.removeFirst()
    slots.release(first.slot.slot, by: Ledger.queue)
    lanes[lane].nextEncode = first.number + 1
    out.counts.dropped += 1
    return true
  }

  /// The frame that the next one could be equal to is not kept any more.
  mutating func forgetPrevious(_ lane: Int) {
    guard let previous = lanes[lane].previous else { return }
    lanes[lane].previous = nil
    if lanes[lane].previousHeld { slots.release(previous.slot.slot, by: Ledger.queue) }
    lanes[lane].previousHeld = false
  }
}
