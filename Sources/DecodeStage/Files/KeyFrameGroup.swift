import AVBinding
import FrameModel
import SluiceBase

/// The pictures from a key frame to the next, and where to begin so that they come out the same every time.
///
/// Which key frames bound a group is read from the file's packets, so it depends on the file alone, not on where anybody
/// came from.
struct KeyFrameGroup: Equatable, Sendable {
  /// The key frame before the group's own: decoding begins there, so that a group whose own key frame is damaged, or one
  /// that intra refresh completes late, has what it needs. nil: the file's start.
  var begin: Int64?
  /// The group's own key frame; nil: the file's start.
  var first: Int64?
  /// The next group's key frame; nil: the file's end.
  var end: Int64?

  static let wholeFile = KeyFrameGroup()

  func contains(_ tick: Int64) -> Bool { tick >= first ?? .min && tick < end ?? .max }

  /// The group in which a picture at `tick` lies. Leaves `feed` anywhere.
  /// - Parameters:
  ///   - firstKey: time of the file's first key frame.
  ///   - second: a second in ticks.
  static func around(
    _ tick: Int64, in feed: any PacketFeed, firstKey: Int64, second: Int64
  ) throws(SluiceError) -> KeyFrameGroup {
    let packet = try PacketBox()
    var targets = SeekTargets(before: tick, firstKey: firstKey, second: second)
    while let target = targets.next() {
      if feed.seek(to: target), let group = scan(feed, to: tick, firstKey, packet, isStart: false) { return group }
    }
    return scan(try feed.reopened(), to: tick, firstKey, packet, isStart: true) ?? wholeFile
  }

  /// Goes to where the packet with key frame `key` comes; what comes before it is to be left out. false: it is not found.
  static func seek(_ feed: any PacketFeed, to key: Int64, firstKey: Int64, second: Int64) throws(SluiceError) -> Bool {
    let packet = try PacketBox()
    var targets = SeekTargets(before: key, firstKey: firstKey, second: second)
    while let target = targets.next() {
      guard feed.seek(to: target) else { continue }
      while feed.read(into: packet) {
        guard packet.isKey, let pts = packet.pts else { continue }
        if pts == key { return feed.seek(to: target) }
        if pts > key { break }
      }
    }
    return false
  }

  /// nil when the packets read do not reach far enough back.
  private static func scan(
    _ feed: any PacketFeed, to tick: Int64, _ firstKey: Int64, _ packet: PacketBox, isStart: Bool
  ) -> KeyFrameGroup? {
    var group = KeyFrameGroup()
    var before: Int64?
    var own: Int64?
    while feed.read(into: packet) {
      guard packet.isKey, let pts = packet.pts else { continue }
      if pts > tick {
        if own != nil {
          group.end = pts
          break
        }
        if !isStart { return nil }
      }
      (before, own) = (own, pts)
    }
    guard let before else { return isStart ? group : nil }  // the file's first group
    group.begin = before > firstKey ? before : nil
    group.first = own
    return group
  }
}
