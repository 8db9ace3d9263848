/// A run of output frames that one encoder instance encodes on its own: one closed GOP or several.
public struct Segment: Equatable, Sendable {
  public var index: Int
  public var frames: Range<Int64>

  public init(index: Int, frames: Range<Int64>) {
    self.index = index
    self.frames = frames
  }

  /// Frames of a segment of a long timeline.
  public static let length: Int64 = 240

  /// Cuts `count` frames. The cuts depend on the count alone, so that the bytes of the output do not depend on the machine. A
  /// short timeline is cut into an even number of equal parts of at most `length` frames, so that two lanes share them evenly.
  public static func cut(_ count: Int64) -> [Segment] {
    var segments: [Segment] = []
    var first: Int64 = 0
    while first < count {
      let end = end(after: first, of: count)
      segments.append(Segment(index: segments.count, frames: first..<end))
      first = end
    }
    return segments
  }

  /// Where the segment ends that holds `frame` when `count` frames are cut.
  package static func end(after frame: Int64, of count: Int64) -> Int64 {
    guard count <= length * 8 else { return min((frame / length + 1) * length, count) }
    let parts = max(1, min(2 * ((count + 2 * length - 1) / (2 * length)), count))
    var part = frame * parts / count
    while count * (part + 1) / parts <= frame { part += 1 }
    return count * (part + 1) / parts
  }
}
