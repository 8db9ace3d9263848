/// Owns the segments that a parameter renders, and the value curves in them. Made whenever a parameter's events change.
final class SegmentStorage {
  let segments: UnsafeMutablePointer<Segment>
  let count: Int
  private let curves: UnsafeMutablePointer<Float>

  /// - Parameter curves: by index of the segment that shows it.
  init(_ list: [Segment], curves list2: [Int: [Float]]) {
    count = list.count
    segments = .allocate(capacity: max(1, count))
    var total = 0
    for values in list2.values { total += values.count }
    curves = .allocate(capacity: max(1, total))
    var at = 0
    for (index, var segment) in list.enumerated() {
      if let values = list2[index] {
        segment.curve = UnsafePointer(curves + at)
        segment.curveCount = values.count
        for value in values {
          (curves + at).initialize(to: value)
          at += 1
        }
      }
      (segments + index).initialize(to: segment)
    }
  }

  deinit {
    segments.deallocate()
    curves.deallocate()
  }

  /// The value at a frame.
  func value(at frame: Double) -> Double {
    var index = 0
    while index + 1 < count, segments[index + 1].start <= frame { index += 1 }
    return segments[index].value(at: frame)
  }
}
