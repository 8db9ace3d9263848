import SlotLedger
import TestKit
import Testing

@testable import SharedRing

struct Wrong: Error, CustomStringConvertible {
  var description: String
  init(_ text: String) { description = text }
}

@Suite struct LedgerTests {
  /// What the ledger must agree with: the definition, without free lists and bitmaps.
  struct Model {
    struct Slot {
      var ring: Int
      var generation: UInt32 = 0
      var state = Ledger.State.free
      var owner = -1
      var holders: [Int: Int] = [:]
      var stream: UInt32 = .max
      var frame: Int64 = -1
    }
    var slots: [Slot]
    var peak = 0
    var inUse: Int { slots.count { $0.state != .free } }

    mutating func free(_ index: Int) {
      slots[index].state = .free
      slots[index].owner = -1
      slots[index].holders = [:]
      slots[index].stream = .max
      slots[index].frame = -1
    }
  }

  private func agree(_ ledger: Ledger, _ model: Model, _ index: Int) -> Bool {
    let slot = ledger[index]
    let wanted = model.slots[index]
    let holders = wanted.holders.keys.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
    return slot.generation == wanted.generation && slot.state == wanted.state
      && slot.owner == (wanted.owner < 0 ? 0xff : UInt8(wanted.owner)) && slot.holders == holders && slot.ring == wanted.ring
      && slot.stream == wanted.stream && slot.frame == wanted.frame
      && wanted.holders.allSatisfy { ledger.uses(index, by: $0.key) == $0.value }
  }

  @Test func aMillionRandomTransitionsAgreeWithTheDefinition() throws {
    for seed in 0..<4 as Range<UInt64> {
      var random = TestRandom(seed)
      let rings = (0..<random.int(1...4)).map { _ in random.int(1...6) }
      var ledger = Ledger(rings: rings)
      var model = Model(slots: rings.enumerated().flatMap { ring, count in (0..<count).map { _ in Model.Slot(ring: ring) } })
      let count = model.slots.count
      var refused = 0
      for step in 0..<250_000 {
        let index = random.int(0...count - 1)
        let worker = random.int(0...5)
        let before = model.slots[index]
        switch random.int(0...8) {
        case 0, 1:
          let ring = random.int(0...rings.count - 1)
          let granted = ledger.grant(ring: ring, to: worker, stream: UInt32(step), frame: Int64(step))
          let hasFree = model.slots.contains { $0.ring == ring && $0.state == .free }
          guard (granted != nil) == hasFree else { throw Wrong("seed \(seed) step \(step): grant") }
          if let granted {
            // One writer: it was free.
            guard model.slots[granted].state == .free, model.slots[granted].ring == ring else {
              throw Wrong("seed \(seed) step \(step): slot \(granted) has two owners")
            }
            model.slots[granted].generation += 1
            model.slots[granted].state = .granted
            model.slots[granted].owner = worker
            model.slots[granted].stream = UInt32(step)
            model.slots[granted].frame = Int64(step)
            model.peak = max(model.peak, model.inUse)
          }
        case 2, 3:
          // Often with the right words, often with stale ones.
          let generation = random.chance(70) ? before.generation : before.generation &- UInt32(random.int(0...2))
          let owner = random.chance(70) ? max(0, before.owner) : worker
          let target = random.chance(95) ? index : [-1, count, .max][random.int(0...2)]
          let fits =
            target == index && before.state == .granted && before.generation == generation && before.owner == owner
          let published = ledger.publish(target, generation: generation, owner: owner, frame: 7)
          guard published == fits else { throw Wrong("seed \(seed) step \(step): publish") }
          if fits {
            model.slots[index].state = .ready
            model.slots[index].frame = 7
          } else {
            refused += 1
          }
        case 4, 5:
          guard before.state == .ready else { continue }
          ledger.hold(index, by: worker)
          model.slots[index].holders[worker, default: 0] += 1
        case 6:
          let uses = before.holders[worker] ?? 0
          let freed = ledger.release(index, by: worker)
          if uses == 0 {
            refused += 1
          } else {
            model.slots[index].holders[worker] = uses == 1 ? nil : uses - 1
          }
          let isFree = uses > 0 && before.state == .ready && model.slots[index].holders.isEmpty
          if isFree { model.free(index) }
          guard freed == isFree else { throw Wrong("seed \(seed) step \(step): release") }
        case 7:
          let freed = ledger.reclaim(index, from: worker)
          let held = model.slots[index].holders.removeValue(forKey: worker) != nil
          let isFree = held && before.state == .ready && model.slots[index].holders.isEmpty
          if isFree { model.free(index) }
          guard freed == isFree else { throw Wrong("seed \(seed) step \(step): reclaim") }
        default:
          guard before.state == .granted else { continue }
          switch random.int(0...2) {
          case 0:
            ledger.revoke(index)
            model.free(index)
          case 1:
            ledger.reassign(index, to: worker)
            model.slots[index].owner = worker
          default:
            let generation = ledger.renew(index, owner: worker)
            model.slots[index].generation += 1
            model.slots[index].owner = worker
            guard generation == model.slots[index].generation else { throw Wrong("seed \(seed) step \(step): renew") }
          }
        }
        guard agree(ledger, model, index), ledger.inUse == model.inUse, ledger.peakInUse == model.peak, ledger.refused == refused
        else { throw Wrong("seed \(seed) step \(step): slot \(index) is \(ledger[index]), not \(model.slots[index])") }
        if step % 64 == 0 {
          let free = rings.indices.reduce(0) { $0 + ledger.freeCount(ring: $1) }
          guard (0..<count).allSatisfy({ agree(ledger, model, $0) }), free + ledger.inUse == count else {
            throw Wrong("seed \(seed) step \(step): slots are not conserved")
          }
          _ = ledger.takeChanged()
        }
      }
    }
  }

  @Test func aDeadHolderIsTakenOutExactlyHoweverOftenItHeld() throws {
    var ledger = Ledger(rings: [2])
    let granted = ledger.grant(ring: 0, to: 3, stream: 1, frame: 0)
    let slot = try #require(granted)
    let published = ledger.publish(slot, generation: 1, owner: 3, frame: 0)
    #expect(published)
    for _ in 0..<5 { ledger.hold(slot, by: 3) }
    ledger.hold(slot, by: 4)
    let first = ledger.reclaim(slot, from: 3), again = ledger.reclaim(slot, from: 3)
    #expect(!first && !again)
    #expect(ledger[slot].holders == 1 << 4)
    let last = ledger.reclaim(slot, from: 4)
    #expect(last)
    #expect(ledger.inUse == 0)
    #expect(ledger.peakInUse == 1)
  }

  @Test func whatChangedIsToldOnce() throws {
    var ledger = Ledger(rings: [3])
    let granted = ledger.grant(ring: 0, to: 0, stream: 0, frame: 0)
    let slot = try #require(granted)
    let told = ledger.takeChanged(), again = ledger.takeChanged()
    #expect(Set(told) == [slot])
    #expect(again.isEmpty)
    let published = ledger.publish(slot, generation: 9, owner: 0, frame: 0)
    let refused = ledger.takeChanged()
    #expect(!published && refused.isEmpty)
  }
}
