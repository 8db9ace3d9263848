import FrameModel
import Plan

/// A range of frames in which an item is seen, with the members that are seen if it is a group.
struct PlanSegment {
  var item: PlanItem
  var frames: Range<Int64>
  var members: [PlanSegment] = []
}

/// Removes from every item the frames in which one opaque item above covers all of it.
struct Visibility {
  /// The canvas on which the items lie.
  let bounds: Rect
  let format: PixelFormat

  /// From bottom to top; the segments of one item in order of time.
  func segments(_ items: [PlanItem], in range: Range<Int64>) -> [PlanSegment] {
    let shown = items.map { $0.frames.clamped(to: range) }
    let covers = items.map { $0.isOpaque ? $0.settled.clamped(to: range) : range.lowerBound..<range.lowerBound }
    var changes: [Int64: (starts: [Int], ends: [Int])] = [:]
    for index in items.indices where !shown[index].isEmpty {
      changes[shown[index].lowerBound, default: ([], [])].starts.append(index)
      changes[shown[index].upperBound, default: ([], [])].ends.append(index)
      guard !covers[index].isEmpty else { continue }
      for edge in [covers[index].lowerBound, covers[index].upperBound] where changes[edge] == nil { changes[edge] = ([], []) }
    }
    var active: [Int] = []
    var since: [Int: Int64] = [:]
    var parts: [(item: Int, frames: Range<Int64>)] = []
    for frame in changes.keys.sorted() {
      if let change = changes[frame] {
        for index in change.ends { active.remove(at: active.partition { $0 >= index }) }
        for index in change.starts { active.insert(index, at: active.partition { $0 >= index }) }
      }
      let seen = visible(active, items, covers, at: frame)
      for (index, start) in since where !seen.contains(index) {
        parts.append((index, start..<frame))
        since[index] = nil
      }
      for index in seen where since[index] == nil { since[index] = frame }
    }
    parts.sort { ($0.item, $0.frames.lowerBound) < ($1.item, $1.frames.lowerBound) }
    return parts.map { part in
      var segment = PlanSegment(item: items[part.item], frames: part.frames)
      if case .group(let width, let height, _, let members) = segment.item.content {
        let bounds = Rect(x: 0, y: 0, width: Double(width), height: Double(height))
        segment.members = Visibility(bounds: bounds, format: format).segments(members, in: part.frames)
      }
      return segment
    }
  }

  /// Those of the active items that no single opaque item above covers.
  private func visible(_ active: [Int], _ items: [PlanItem], _ covers: [Range<Int64>], at frame: Int64) -> Set<Int> {
    var seen: Set<Int> = []
    var over: [Rect] = []
    for index in active.reversed() {
      let item = items[index]
      if !over.isEmpty {
        let area = area(of: item)
        if over.contains(where: { $0.contains(area) }) { continue }
      }
      seen.insert(index)
      if covers[index].contains(frame), case .resting(_, let place) = item.geometry {
        over.removeAll { place.contains($0) }
        over.append(place)
      }
    }
    return seen
  }

  /// The part of the canvas that must be covered to hide the item. It is grown to whole chroma samples, because a cover that ends
  /// within one lets the item show through there. The place of an item that moves is not known here: it may be anywhere.
  private func area(of item: PlanItem) -> Rect {
    guard case .resting(_, let place) = item.geometry else { return bounds }
    return place.grown(log2Width: format.log2ChromaWidth, log2Height: format.log2ChromaHeight).intersection(bounds)
  }
}

extension Array {
  /// Index of the first element for which `holds` is true, where it is false before and true from there on.
  func partition(_ holds: (Element) -> Bool) -> Int {
    var low = 0, high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
