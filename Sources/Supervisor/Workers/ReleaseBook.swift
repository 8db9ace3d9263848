/// Uses of slots that a worker has let go, as far as the ledger knows of them. The worker's running counts in its lease are the truth;
/// a message is only the doorbell: one that was lost is made up for by the next or by a look, one that comes twice says nothing new.
struct ReleaseBook: Sendable {
  private var seen: [UInt32]
  /// Slots with a release that no message has told of, and since when.
  private var noticed: [Int: UInt64] = [:]

  init(slots: Int) { seen = Array(repeating: 0, count: slots) }

  func has(_ slot: Int) -> Bool { seen.indices.contains(slot) }

  /// Uses that are let go and were not known of; they are known from now on.
  /// - Parameters:
  ///   - released: the worker's running count, which wraps round.
  ///   - uses: uses that it has according to the ledger; it cannot let go of more.
  mutating func take(_ slot: Int, released: UInt32, uses: Int) -> Int {
    let count = min(Int(released &- seen[slot]), uses)
    guard count > 0 else { return 0 }
    seen[slot] &+= UInt32(count)
    noticed[slot] = nil
    return count
  }

  /// Whether a release counts without a message. A decoder may have said, before it let go, that the slot serves more frames. So it
  /// counts only when a heartbeat came since it was noticed (it sends before it beats) and one more look has passed.
  mutating func isOverdue(_ slot: Int, released: UInt32, lastHeartbeat: UInt64, now: @autoclosure () -> UInt64) -> Bool {
    guard released != seen[slot] else {
      noticed[slot] = nil
      return false
    }
    guard let since = noticed[slot] else {
      noticed[slot] = now()
      return false
    }
    return lastHeartbeat > since
  }
}
