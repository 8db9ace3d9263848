import SharedRing

/// A live preview: frames keep to real time, and those that nobody takes in time are given up. The bytes then depend on the
/// machine, which is why only outputs without segments may do so.
extension Scheduler {
  /// Frames of a lane that may wait for its encoder.
  var longestWindow: Int { setup.dropsOldest ? 2 : setup.outputSlotsPerLane + setup.encodeCredit }

  /// Gives up the oldest frame that waits for the encoder, when it is finished and the encoder takes no more. False: none.
  mutating func dropOldest(_ lane: Int) -> Bool {
    guard setup.dropsOldest, lanes[lane].encoding >= setup.encodeCredit, let first = lanes[lane].window.first, first.ready,
      first.stage == filtering.output.count
    else { return false }
    lanes[lane].window.removeFirst()
    release(first.slot.slot, by: Ledger.queue)
    lanes[lane].nextEncode = first.number + 1
    counts.dropped += 1
    return true
  }

  /// Frames before `frame` may be begun.
  public mutating func allow(before frame: Int64) { horizon = max(frame, 0) }
}
