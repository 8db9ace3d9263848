import Plan
import SlotLedger

/// A run of segments in progress: decode streams, frames in order, an encoder.
struct Lane: Sendable {
  var segments: [Segment] = []
  /// Index into `segments` of the one being encoded.
  var current = 0
  var encoder: Int? = nil
  /// BEGIN was sent for the current segment; frames were sent to and are still held by the encoder.
  var begun = false
  var encoding = 0
  var nextEncode: Int64 = 0
  var nextCompose: Int64 = 0
  var window: [OutputFrame] = []
  var previous: (slot: SlotReference, signature: FrameSignature)? = nil
  var previousHeld = false
  /// Streams of the plan before this one are open, done or not ours.
  var nextStream = 0
  /// Segments that are sent but not yet written.
  var writing: [Segment] = []

  var end: Int64 { segments.last?.frames.upperBound ?? 0 }
  /// All is written: it may begin another run.
  var isDone: Bool { current >= segments.count && writing.isEmpty }
  /// Segments at the end of which nothing is composed yet.
  var unstarted: Int {
    var count = 0
    for segment in segments.dropFirst(current + 1).reversed() {
      guard segment.frames.lowerBound >= nextCompose else { break }
      count += 1
    }
    return count
  }

  mutating func begin(_ run: [Segment]) {
    segments = run
    current = 0
    begun = false
    nextEncode = run.first?.frames.lowerBound ?? 0
    nextCompose = nextEncode
    nextStream = 0
  }

  /// Nothing of it is encoded: it begins again at the segment that was not written. Its frames and their slots are let go by
  /// others. Frames that are to be encoded once more.
  mutating func rewind() -> Int64 {
    if let pending = writing.first, let back = segments.firstIndex(of: pending) { current = back }
    writing.removeAll()
    begun = false
    encoding = 0
    let start = segments[current].frames.lowerBound
    defer {
      nextEncode = start
      nextCompose = start
      nextStream = 0
    }
    return nextEncode - start
  }

  /// A slot of the lane's frames is granted anew.
  mutating func replace(_ slot: SlotReference, with renewed: SlotReference) {
    for index in window.indices where window[index].slot == slot { window[index].slot = renewed }
    if previous?.slot == slot { previous?.slot = renewed }
  }
}
