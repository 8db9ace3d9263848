import AVBinding
import SluiceBase

/// Decides when pictures of a damaged file are decoded carefully, and which, and counts what is damaged. A value.
///
/// What a codec makes of damaged data depends on what it decoded before, on its threads and on what lay in its
/// memory. At the first sign of damage the pictures of that group (from a key frame to the next) are therefore decoded
/// carefully: from the key frame before, by a new decoder with one thread and cleared memory, nothing skipped. Pictures that
/// it marks as damaged are left out. Up to the first sign both ways give the same.
struct GroupRepair {
  /// Set while a group is decoded carefully.
  private(set) var group: KeyFrameGroup?
  /// The file has no good picture: the damaged ones are shown.
  private(set) var showsDamaged = false
  private var damage: (count: UInt64, message: String?) = (0, nil)
  /// In ticks.
  private let second: Int64

  init(second: Int64) { self.second = second }

  // MARK: What was damaged

  mutating func note(_ message: String) { damage = (damage.count + 1, message) }

  mutating func takeDamage() -> (count: UInt64, message: String?) {
    defer { damage = (0, nil) }
    return damage
  }

  /// Something was noted since damage was taken last.
  var hasDamage: Bool { damage.count > 0 }

  /// What a decoder says of itself and of the picture that it may have given.
  struct Report {
    var outcome: Decoder.Outcome
    /// What the codec complained of, of pictures that count.
    var complaint: String?
    /// Of the picture.
    var isDamaged = false
    var pts: Int64?
  }

  /// The first sign of damage that makes careful decoding necessary. nil: there is none.
  /// - Parameter from: key frame at which the decoder began after a seek: what lies before it does not count.
  static func sign(in report: Report, from: Int64?) -> String? {
    if let complaint = report.complaint { return complaint }
    switch report.outcome {
    case .damaged(let message): return message
    case .done where report.isDamaged && report.pts ?? .max >= from ?? .min: return "damaged picture"
    default: return nil
    }
  }

  // MARK: Groups

  /// The group in which a picture at `tick` lies, and a feed that is where its decoding begins, or before. The whole file where
  /// `tick` is nil or the group cannot be gone to.
  func locate<Feed: PacketFeed>(
    _ tick: Int64?, in feed: Feed, firstKey: Int64?
  ) throws(SluiceError) -> (group: KeyFrameGroup, feed: Feed) {
    guard let tick, let firstKey else { return (.wholeFile, try feed.reopened()) }
    let group = try KeyFrameGroup.around(tick, in: feed, firstKey: firstKey, second: second)
    guard let begin = group.begin else { return (group, try feed.reopened()) }
    guard try KeyFrameGroup.seek(feed, to: begin, firstKey: firstKey, second: second) else {
      return (.wholeFile, try feed.reopened())
    }
    return (group, feed)
  }

  /// Goes to the key frame of the group behind the one that is decoded, or before it. false: it is not found.
  func seekBehind(_ feed: any PacketFeed, firstKey: Int64) throws(SluiceError) -> Bool {
    guard let end = group?.end else { return false }
    return try KeyFrameGroup.seek(feed, to: end, firstKey: firstKey, second: second)
  }

  /// From now on a new decoder decodes this group carefully.
  mutating func begin(_ group: KeyFrameGroup) { self.group = group }

  /// From now on a new decoder decodes as usual.
  mutating func end() { group = nil }

  /// No good picture is in the file: from now on damaged ones are shown.
  mutating func giveUp() { showsDamaged = true }

  /// The picture of that time is one of those that are decoded now.
  func covers(_ tick: Int64) -> Bool { group?.contains(tick) ?? true }

  /// The picture of that time lies behind the group that is decoded carefully.
  func hasPassed(_ tick: Int64) -> Bool { group?.end.map { tick >= $0 } ?? false }
}
