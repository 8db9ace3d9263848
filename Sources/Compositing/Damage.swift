import Plan
import SharedRing

/// Remembers what was drawn into every output slot, so that only changes are drawn again. A slot is trusted when its generation is one
/// above that of the frame drawn there last: every grant raises it by one, so nobody else had the slot in between.
///
/// A pixel depends on the layers that touch it, in their order, and on nothing else. So the changed pixels lie in the boxes of those
/// layers that are not in both lists, or not in the same order.
public struct DamageTracker {
  private struct Drawn {
    var generation: UInt32
    var memory: UnsafeMutableRawPointer
    var layers: [(hash: Int, identity: DrawIdentity, box: Box)]
  }
  private var slots: [UInt32: Drawn] = [:]
  /// Frames that are begun and not finished, by slot.
  private var pending: [UInt32: Drawn] = [:]

  public init() {}

  /// Begins a frame. Returns boxes on the chroma grid, none over another, that together hold every pixel of `scene` that is not in the
  /// slot already. The slot is not trusted again unless `finish` follows. Several slots may be begun at a time.
  public mutating func begin(_ output: WritableSlot, _ scene: Scene) -> [Box] {
    let layers = scene.draws.map { (hash: $0.identity.hashValue, identity: $0.identity, box: $0.box) }
    pending[output.index] = Drawn(generation: output.generation, memory: output.memory, layers: layers)
    guard let before = slots.removeValue(forKey: output.index), before.memory == output.memory,
      output.generation != 0, before.generation &+ 1 == output.generation
    else { return [scene.whole] }
    return DamageTracker.boxes(before.layers, layers, scene.whole)
  }

  /// The slot holds the whole frame that was begun there last.
  public mutating func finish(_ output: WritableSlot) {
    guard let drawn = pending.removeValue(forKey: output.index) else { return }
    if slots.count >= 256 { slots.removeAll() }
    slots[output.index] = drawn
  }

  private static func boxes(
    _ old: [(hash: Int, identity: DrawIdentity, box: Box)], _ new: [(hash: Int, identity: DrawIdentity, box: Box)], _ whole: Box
  ) -> [Box] {
    var damage = Damage(whole: whole)
    var next = 0
    for layer in new {
      var at = next
      while at < old.count, old[at].hash != layer.hash || old[at].identity != layer.identity { at += 1 }
      if at == old.count {
        damage.add(layer.box)
      } else {
        for index in next..<at { damage.add(old[index].box) }
        next = at + 1
      }
    }
    for index in next..<old.count { damage.add(old[index].box) }
    return damage.boxes
  }
}

/// A set of pixels as boxes that do not lie over one another.
public struct Damage {
  public let whole: Box
  public private(set) var boxes: [Box] = []

  public init(whole: Box) { self.whole = whole }

  /// Adds the part of `box` within `whole`. From 33 boxes on, one box around all of them takes their place.
  public mutating func add(_ box: Box) {
    // Boxes on the grid may reach over an odd canvas's edge; they still end on the grid or at the edge.
    var parts = [box.intersection(whole)].filter { !$0.isEmpty }
    for known in boxes {
      var left: [Box] = []
      for part in parts { part.subtract(known, into: &left) }
      parts = left
    }
    boxes += parts
    if boxes.count > 32 { boxes = [boxes.dropFirst().reduce(boxes[0]) { $0.union($1) }] }
  }
}
