/// Output frames that show another picture than the plan says, because their own could not be had.
struct HeldPictures: Sendable {
  /// They show what the frame before shows; where there is none in the segment, the canvas.
  private(set) var frames: Set<Int64> = []
  /// Lanes without an encoder that are to begin again because of a held frame.
  private var lanesToRewind: Set<Int> = []
  /// A stream's last good picture stands in for those that could not be decoded.
  var hasStream = false

  var isEmpty: Bool { frames.isEmpty && !hasStream }
  func contains(_ frame: Int64) -> Bool { frames.contains(frame) }

  /// What was encoded of these frames' segment had them still to come, so it is begun again: by another encoder where there is one.
  /// False when all of them were held already.
  mutating func hold(_ frames: some Sequence<Int64>, lane: Int, encoder: Int?, _ out: inout Outbox) -> Bool {
    var isNews = false
    for frame in frames where self.frames.insert(frame).inserted { isNews = true }
    guard isNews else { return false }
    if let encoder {
      out.actions.append(.kill(worker: encoder, cause: .beginsAgain))
    } else {
      lanesToRewind.insert(lane)
    }
    return true
  }

  mutating func takeLanesToRewind() -> [Int] {
    guard !lanesToRewind.isEmpty else { return [] }
    defer { lanesToRewind.removeAll() }
    return lanesToRewind.sorted()
  }
}
