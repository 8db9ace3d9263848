import FrameModel
import Plan

/// Joins the items of two clips by a transition.
struct TransitionBuilder {
  let context: PlanContext
  let surface: Surface
  /// Canvas of the timeline that the clips are on.
  let canvas: Canvas
  /// Output frames of the transition.
  let frames: Range<Int64>

  /// `before` plays on until the transition ends; `after` starts with it. `before` is empty when nothing was there.
  func join(_ before: inout [PlanItem], _ after: inout [PlanItem], _ kind: Project.Transition.Kind, place: String) {
    switch kind {
    case .dissolve: dissolve(&before, &after, place)
    case .fade(let color):
      set(.fade(color), &before, &after)
      // Only one of the two is seen at a time; the other's pictures are not decoded.
      let middle = frames.lowerBound + Int64(frames.count + 1) / 2
      before = before.compactMap { $0.cut(to: TimeMap.always.lowerBound..<middle) }
      after = after.compactMap { $0.cut(to: middle..<TimeMap.always.upperBound) }
    case .wipe(let direction): set(.wipe(direction), &before, &after)
    case .slide(let direction): set(.slide(direction), &before, &after)
    case .push(let direction): set(.push(direction), &before, &after)
    }
  }

  private func set(_ kind: PlanBytes.TransitionRecord.Kind, _ before: inout [PlanItem], _ after: inout [PlanItem]) {
    let index = record(kind)
    leave(&before, index)
    enter(&after, index)
  }

  private func record(_ kind: PlanBytes.TransitionRecord.Kind) -> Int {
    context.add(
      PlanBytes.TransitionRecord(
        first: frames.lowerBound, end: frames.upperBound, kind: kind, area: surface.map(canvas.bounds)))
  }

  private func enter(_ items: inout [PlanItem], _ index: Int) {
    for item in items.indices where items[item].frames.overlaps(frames) { items[item].entering = (index, frames) }
  }

  private func leave(_ items: inout [PlanItem], _ index: Int) {
    for item in items.indices where items[item].frames.overlaps(frames) { items[item].leaving = (index, frames) }
  }

  /// When the new clip covers the old one, it is enough that it becomes opaque over it. Otherwise both are added up in a group,
  /// each with its share. Clips with blend modes must see what lies below, and are laid one over the other.
  private func dissolve(_ before: inout [PlanItem], _ after: inout [PlanItem], _ place: String) {
    let fading = before.filter { $0.frames.overlaps(frames) }
    let coming = after.filter { $0.frames.overlaps(frames) }
    if fading.isEmpty || fading.allSatisfy({ old in coming.allSatisfy { $0.covers(old) } && !coming.isEmpty }) {
      enter(&after, record(.dissolve))
      return
    }
    let index = record(.cross)
    guard (fading + coming).allSatisfy({ $0.blend == .normal }) else {
      leave(&before, index)
      enter(&after, index)
      return
    }
    var members = (fading + coming).compactMap { $0.cut(to: frames) }
    for member in members.indices {
      members[member].blend = .plus
      members[member].isOpaque = false
      if member < fading.count { members[member].leaving = (index, frames) } else { members[member].entering = (index, frames) }
    }
    let always = TimeMap.always
    before = before.compactMap { $0.cut(to: always.lowerBound..<frames.lowerBound) }
    after = after.compactMap { $0.cut(to: frames.upperBound..<always.upperBound) }
    let bounds = surface.bounds
    before.append(
      PlanItem(
        content: .group(width: Int(bounds.width), height: Int(bounds.height), background: .clear, items: members),
        frames: frames, geometry: .resting(source: bounds, destination: bounds), isOpaque: false, place: place))
  }
}

extension PlanItem {
  /// Whether nothing of `other` shows where this one is opaque over it.
  fileprivate func covers(_ other: PlanItem) -> Bool {
    guard isOpaque, case .resting(_, let mine) = geometry, case .resting(_, let its) = other.geometry else { return false }
    return mine.contains(its.grown(log2Width: 1, log2Height: 1)) || mine == its
  }
}
