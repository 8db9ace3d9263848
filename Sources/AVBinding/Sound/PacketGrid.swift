/// Where packets of a stream can begin that all hold as many sample frames: coarse timestamps are moved to the nearest of these
/// places. A value.
struct PacketGrid {
  /// Sample frames of a packet; 0 where they differ.
  let length: Int64
  /// Where some packet ends; nil until one was seen.
  private var origin: Int64?

  init(length: Int64) { self.length = length }

  var isRegular: Bool { length > 0 }
  var isKnown: Bool { origin != nil }

  /// A packet ends there. Of the first packet of a file the beginning may be cut off, so packets are counted from its end.
  mutating func note(end: Int64) { origin = origin ?? end }

  /// The place that `position` means. nil where none is as near as `tolerance`.
  func nearest(_ position: Int64, tolerance: Int64) -> Int64? {
    guard let origin, isRegular else { return nil }
    let offset = position - origin
    let below = offset >= 0 ? offset / length : -((-offset + length - 1) / length)
    let low = origin + below * length
    let nearest = position - low <= length / 2 ? low : low + length
    return abs(nearest - position) <= tolerance ? nearest : nil
  }
}
