import Foundation
import SluiceBase
import TestKit
import Testing

@testable import ContentStore

/// What goes when a store is too large: a value, tried with random entries, uses and limits.
@Suite struct StoreIndexTests {
  private static func entry(_ kind: ContentKind, _ number: Int, _ bytes: UInt64, used: Int64) throws -> StoreEntry {
    let checksum = try #require(Checksum(hex: "00112233445566778899aabbccddeeff"))
    return StoreEntry(kind: kind, key: StoreFolder.key(number), checksum: checksum, bytes: bytes, used: used)
  }

  @Test func namesSayWhatAnEntryIs() throws {
    let entry = try Self.entry(.frame, 7, 12, used: 99)
    #expect(StoreEntry(kind: .frame, name: entry.name, bytes: 12, used: 99) == entry)
    #expect(entry.name == "\(StoreFolder.key(7)).00112233445566778899aabbccddeeff.2")
    for name in ["", ".", "a.b.2", entry.name + ".2", entry.name + "2", String(entry.name.dropLast(2)), entry.name.uppercased()] {
      #expect(StoreEntry(kind: .frame, name: name, bytes: 0, used: 0) == nil, "\(name)")
    }
    #expect(StoreEntry.isOutdated(String(entry.name.dropLast(2))))
    #expect(!StoreEntry.isOutdated(entry.name) && !StoreEntry.isOutdated("notes.txt"))
  }

  /// A hundred thousand puts, uses and limits against the rules: limits hold, the oldest go, and no more than must.
  @Test func limitsHoldAndTheOldestGo() throws {
    var random = TestRandom(4)
    var index = StoreIndex([])
    var clock: Int64 = 0
    let kinds = ContentKind.allCases
    // Making keys is slow: a few do.
    var pool: [StoreEntry] = []
    for number in 0..<60 { pool.append(try Self.entry(kinds[number % kinds.count], number, 0, used: 0)) }
    var removals = 0
    for step in 0..<100_000 {
      clock += Int64.random(in: 0...2, using: &random)
      var entry = pool[Int.random(in: 0..<pool.count, using: &random)]
      entry.bytes = UInt64.random(in: 0...300, using: &random)
      entry.used = clock
      var limits = StoreLimits(total: UInt64.random(in: 500...4000, using: &random), kinds: [:])
      for kind in kinds where Bool.random(using: &random) {
        limits.kinds[kind] = UInt64.random(in: 0...3000, using: &random)
      }
      guard entry.bytes <= limits.bytes(of: entry.kind) else { continue }
      var rest = index.entries.filter { $0.kind != entry.kind || $0.key != entry.key }
      if let used = rest.indices.randomElement(using: &random) { rest[used].used = clock }
      index = StoreIndex(rest)
      let removed = index.shrink(to: limits, room: (entry.kind, entry.bytes))
      removals += removed.count
      try Self.check(rest, removed, index, limits, entry, step)
      index = StoreIndex(index.entries + [entry])
    }
    #expect(removals > 10_000)
  }

  private static func check(
    _ before: [StoreEntry], _ removed: [StoreEntry], _ index: StoreIndex, _ limits: StoreLimits, _ added: StoreEntry, _ step: Int
  ) throws {
    func bytes(_ entries: [StoreEntry], _ kind: ContentKind?) -> UInt64 {
      StoreIndex(entries).bytes(of: kind) + (kind == nil || kind == added.kind ? added.bytes : 0)
    }
    let left = index.entries
    var faults: [String] = []
    if Set(left + removed) != Set(before) || left.count + removed.count != before.count { faults.append("entries are lost") }
    if bytes(left, nil) > limits.total { faults.append("too much of all") }
    for kind in ContentKind.allCases where bytes(left, kind) > limits.bytes(of: kind) && bytes(left, kind) > 0 {
      faults.append("too much of \(kind)")
    }
    // Each one that went was needed: with it one of the limits did not hold, and nothing of that limit was older.
    for entry in removed {
      let surplus = bytes(before, entry.kind) > limits.bytes(of: entry.kind) || bytes(before, nil) > limits.total
      if !surplus { faults.append("\(entry.kind) went for nothing") }
      if left.contains(where: { $0.kind == entry.kind && $0.used < entry.used }) { faults.append("an older one stayed") }
    }
    if let last = removed.last {
      let kept = left + [last]
      if bytes(kept, nil) <= limits.total && ContentKind.allCases.allSatisfy({ bytes(kept, $0) <= limits.bytes(of: $0) }) {
        faults.append("one too many went")
      }
    }
    try #require(faults.isEmpty, "step \(step): \(faults)")
  }

  /// The same with files: what a store holds after each step is what a model says.
  @Test func aStoreDoesWhatTheIndexSays() throws {
    let folder = try StoreFolder()
    var random = TestRandom(11)
    var contents: [ContentKind: [ContentKey: [UInt8]]] = [:]
    for step in 0..<400 {
      let limits = StoreLimits(
        total: UInt64.random(in: 2000...6000, using: &random),
        kinds: [.analysis: UInt64.random(in: 100...1000, using: &random), .frame: 1500])
      let store = try Store(directory: folder.cache, limits: limits)
      let kind = ContentKind.allCases.randomElement(using: &random) ?? .segment
      let number = Int.random(in: 0..<8, using: &random)
      let key = StoreFolder.key(number)
      if Bool.random(using: &random) {
        let bytes = StoreFolder.bytes(step, Int.random(in: 0...1200, using: &random))
        store.remove(kind, key)
        let kept = try store.keep(bytes, kind, key)
        #expect((kept == .tooLarge) == (UInt64(bytes.count) > limits.bytes(of: kind)))
        contents[kind, default: [:]][key] = kept == .kept ? bytes : nil
        let index = StoreIndex(store.entries())
        #expect(index.bytes() <= limits.total, "step \(step)")
        for kind in ContentKind.allCases { #expect(index.bytes(of: kind) <= limits.bytes(of: kind), "step \(step)") }
        if kept == .kept { #expect(store.contents(kind, key) == bytes, "what was just put in stays") }
      } else if let found = store.contents(kind, key) {
        #expect(found == contents[kind]?[key], "step \(step)")
      }
    }
  }
}
