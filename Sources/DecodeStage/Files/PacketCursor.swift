import AVBinding
import SluiceBase

/// The packets of a file on their way into a decoder: reads ahead, leaves out what lies before the key frame to begin at, and knows
/// which times the pictures in the decoder and those to come have. Used from one thread.
struct PacketCursor {
  /// With which packet the decoder begins.
  enum Start: Equatable {
    case anywhere
    /// The first key frame: all from there on is as it is from the file's start.
    case anyKey
    /// The key frame of that time: as `anyKey` where it `isIntact`, else only what follows later is of use.
    case key(Int64, isIntact: Bool)
  }

  /// Some packet has no presentation time: pictures are counted from the file's start instead.
  let countsPictures: Bool
  /// Time of the file's first key frame.
  let firstKey: Int64?
  /// Ticks that a picture lasts when nothing else is known.
  private let usualDuration: Int64
  private var feed: any PacketFeed
  private var start = Start.anywhere
  /// After a seek: the key frame's time, from which on all is as from the start. nil until it was met.
  private(set) var runsFrom: Int64?
  /// Packets read ahead, the next one last.
  private var ahead: [PacketBox] = []
  /// Presentation times of packets that the decoder has and whose pictures have not come out.
  private var inDecoder: [Int64] = []
  /// The latest presentation time that the decoder was given.
  private(set) var lastRead: Int64?
  /// A packet without a presentation time went into the decoder: which picture comes next cannot be told.
  private var hasTimeless = false
  /// Nothing was left when the decoder wanted more.
  private(set) var hasEnded = false
  /// Decoding times in file order, for pictures that have no other, and how many pictures had one.
  private var decodingTimes: [Int64] = []
  private var counted = 0

  /// At the start of the file.
  /// - Parameter lookingAt: how many packets are read ahead to see whether they carry times.
  init(_ feed: any PacketFeed, usualDuration: Int64, lookingAt: Int) throws(SluiceError) {
    self.feed = feed
    self.usualDuration = usualDuration
    for _ in 0..<lookingAt {
      let packet = try PacketBox()
      guard feed.read(into: packet) else { break }
      ahead.append(packet)
    }
    countsPictures = ahead.contains { $0.pts == nil && $0.size > 0 }
    firstKey = ahead.first { $0.isKey }?.pts
    ahead.reverse()
  }

  /// Goes on with what `feed` gives next, for a decoder that has seen nothing yet.
  mutating func begin(_ feed: any PacketFeed, at start: Start) {
    self.feed = feed
    self.start = start
    runsFrom = nil
    ahead = []
    inDecoder = []
    lastRead = nil
    hasTimeless = false
    hasEnded = false
    decodingTimes = []
    counted = 0
  }

  /// The times of pictures are those of packets, as far as packets were read.
  var knowsTimes: Bool { !countsPictures && !hasTimeless }

  /// Puts the next packet that the decoder is to get into `packet`; false at the end, and from then on.
  mutating func next(into packet: PacketBox) -> Bool {
    while !hasEnded {
      if let read = ahead.popLast() {
        packet.take(read)
      } else if !feed.read(into: packet) {
        break
      }
      guard begins(with: packet) else { continue }
      if let pts = packet.pts {
        if !countsPictures { inDecoder.append(pts) }
        lastRead = max(lastRead ?? pts, pts)
      } else if packet.size > 0 {
        hasTimeless = true
      }
      if countsPictures, packet.size > 0, let dts = packet.dts { decodingTimes.append(dts) }
      return true
    }
    hasEnded = true
    return false
  }

  /// Whether the decoder has begun, or begins with this packet.
  private mutating func begins(with packet: PacketBox) -> Bool {
    guard start != .anywhere else { return true }
    guard packet.isKey, let pts = packet.pts else { return false }
    switch start {
    case .key(let tick, _) where tick != pts: return false
    case .key(_, isIntact: false), .anywhere: break
    case .key, .anyKey: runsFrom = pts
    }
    start = .anywhere
    return true
  }

  /// The picture of that time came out of the decoder, and with it all before it.
  mutating func cameOut(_ tick: Int64) { inDecoder.removeAll { $0 <= tick } }

  /// Time of the next picture where pictures are counted: the n-th is shown at the n-th decoding time; they rise, and each
  /// belongs to one picture.
  mutating func countedTime() -> Int64 {
    defer { counted += 1 }
    if counted < decodingTimes.count { return decodingTimes[counted] }
    return Int64(counted).multipliedReportingOverflow(by: usualDuration).partialValue
  }

  /// The earliest time after `tick` among the packets that can hold the next picture: those in the decoder, and as many to come as
  /// pictures may be out of order. Packets without a picture of their own only make it earlier, which does no harm. nil when that
  /// cannot be told.
  /// - Parameter reorder: pictures that the decoder may hold back.
  mutating func earliest(after tick: Int64, reorder: Int) -> Int64? {
    guard knowsTimes else { return nil }
    let depth = max(2, reorder) + 2
    if !hasEnded { readAhead(depth) }
    let coming = ahead.suffix(depth)
    guard coming.count == depth, !coming.contains(where: { $0.pts == nil }) else { return nil }
    return (inDecoder + coming.compactMap(\.pts)).filter { $0 > tick }.min()
  }

  /// Whether a later picture than that of `packet` is known to stand at or before `tick`, so that this one is decoded for others only.
  mutating func isOvertaken(_ packet: PacketBox, by tick: Int64) -> Bool {
    guard let pts = packet.pts, pts < tick, !packet.isKey else { return false }
    let depth = 4
    readAhead(depth)
    return ahead.suffix(depth).contains { next in next.pts.map { $0 > pts && $0 <= tick && !next.isDiscarded } ?? false }
  }

  private mutating func readAhead(_ depth: Int) {
    while ahead.count < depth, let packet = try? PacketBox(), feed.read(into: packet) { ahead.insert(packet, at: 0) }
  }
}
