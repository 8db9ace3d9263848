import Compositing
import CompositingTestKit
import FrameModel
import Plan
import SharedRing
import SluiceBase
import Testing

@Suite struct DamageTests {
  private let canvas = Canvas.test(64, 48)
  private let whole = Box(x0: 0, y0: 0, x1: 64, y1: 48)

  private func dot(_ x: Double) -> Layer {
    Layer(stream: -1, fill: .black, source: Rect(0, 0, 1, 1), destination: Rect(x, 8, 4, 4))
  }
  private func scene(_ layers: [Layer]) throws -> Scene {
    try SceneBuilder(isStill: { _ in false }).output(layers, canvas: canvas) { _ in nil }
  }
  private func area(_ boxes: [Box]) -> Int { boxes.reduce(0) { $0 + $1.width * $1.height } }

  @Test func onlyASlotThatNobodyHadInBetweenIsTrusted() throws {
    var tracker = DamageTracker()
    let slot = TestSlot(.yuv420p, 64, 48)
    #expect(tracker.begin(slot.writable, try scene([dot(8)])) == [whole])
    tracker.finish(slot.writable)
    slot.generation += 1
    #expect(tracker.begin(slot.writable, try scene([dot(8)])).isEmpty)
    tracker.finish(slot.writable)
    slot.generation += 2
    #expect(tracker.begin(slot.writable, try scene([dot(8)])) == [whole])
  }

  @Test func aFrameThatWasNotFinishedIsNotTrusted() throws {
    var tracker = DamageTracker()
    let slot = TestSlot(.yuv420p, 64, 48)
    _ = tracker.begin(slot.writable, try scene([dot(8)]))
    slot.generation += 1
    #expect(tracker.begin(slot.writable, try scene([dot(8)])) == [whole])
  }

  @Test func changesAreTheBoxesOfLayersThatCameWentOrMoved() throws {
    var tracker = DamageTracker()
    let slot = TestSlot(.yuv420p, 64, 48)
    func boxes(_ layers: [Layer]) throws -> [Box] {
      defer {
        tracker.finish(slot.writable)
        slot.generation += 1
      }
      return tracker.begin(slot.writable, try scene(layers))
    }
    _ = try boxes([dot(0), dot(16)])
    #expect(try boxes([dot(0), dot(16), dot(32)]) == [Box(x0: 32, y0: 8, x1: 36, y1: 12)])
    #expect(try area(boxes([dot(0), dot(32)])) == 16)
    #expect(try area(boxes([dot(0), dot(40)])) == 32)
    // Those that changed their order count.
    #expect(try area(boxes([dot(40), dot(0)])) >= 16)
  }

  /// Frames of several slots may be begun before the first is finished.
  @Test func framesInFlightAreRememberedEachBySlot() throws {
    var tracker = DamageTracker()
    let slots = [TestSlot(.yuv420p, 64, 48), TestSlot(.yuv420p, 64, 48)]
    for (slot, x) in zip(slots, [8.0, 16]) { _ = tracker.begin(slot.writable, try scene([dot(x)])) }
    for slot in slots { tracker.finish(slot.writable) }
    for (slot, x) in zip(slots, [8.0, 16]) {
      slot.generation += 1
      #expect(tracker.begin(slot.writable, try scene([dot(x)])).isEmpty)
    }
  }

  @Test func boxesOfDamageDoNotOverlap() {
    var random = SplitMix(state: 3)
    for _ in 0..<50 {
      var damage = Damage(whole: whole)
      var added: [Box] = []
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let x = Int.random(in: -8...60, using: &random), y = Int.random(in: -8...44, using: &random)
        let box = Box(
          x0: x, y0: y, x1: x + Int.random(in: 1...20, using: &random), y1: y + Int.random(in: 1...20, using: &random))
        damage.add(box)
        added.append(box.intersection(whole))
      }
      for (index, box) in damage.boxes.enumerated() {
        #expect(whole.contains(box) && !box.isEmpty)
        for other in damage.boxes[(index + 1)...] { #expect(box.intersection(other).isEmpty) }
      }
      for y in 0..<48 {
        for x in 0..<64 {
          let pixel = Box(x0: x, y0: y, x1: x + 1, y1: y + 1)
          if added.contains(where: { $0.contains(pixel) }) { #expect(damage.boxes.contains { $0.contains(pixel) }) }
        }
      }
    }
  }
}
