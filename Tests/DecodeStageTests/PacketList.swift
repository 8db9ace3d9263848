import AVBinding
import SluiceBase

@testable import DecodeStage

/// A stream of packets that no file holds: what a demuxer would give, in file order.
final class PacketList: PacketFeed {
  struct Entry: Sendable {
    var pts: Int64?
    var dts: Int64?
    var isKey = false
    var size = 1

    static func key(_ pts: Int64) -> Entry { Entry(pts: pts, dts: pts, isKey: true) }
    static func other(_ pts: Int64?, dts: Int64? = nil) -> Entry { Entry(pts: pts, dts: dts) }
  }
  private let entries: [Entry]
  private var next = 0
  /// Seeks land so many entries before the key frame that they should find.
  private let landsEarly: Int
  /// Ticks that were sought, in order.
  private(set) var sought: [Int64] = []

  init(_ entries: [Entry], landsEarly: Int = 0) {
    self.entries = entries
    self.landsEarly = landsEarly
  }

  /// Groups of `length` pictures, `count` of them, whose times are 0, 1, 2 …
  static func groups(_ count: Int64, of length: Int64) -> PacketList {
    PacketList((0..<count * length).map { $0 % length == 0 ? .key($0) : .other($0) })
  }

  func read(into packet: PacketBox) -> Bool {
    guard next < entries.count else { return false }
    let entry = entries[next]
    next += 1
    packet.clear()
    if entry.size > 0, (try? packet.allocate(entry.size)) == nil { return false }
    packet.pts = entry.pts
    packet.dts = entry.dts
    packet.isKey = entry.isKey
    return true
  }

  func seek(to tick: Int64) -> Bool {
    sought.append(tick)
    guard let key = entries.lastIndex(where: { $0.isKey && ($0.pts ?? .max) <= tick }) else { return false }
    next = max(0, key - landsEarly)
    return true
  }

  func reopened() -> Self { Self(entries, landsEarly: landsEarly) }
}
