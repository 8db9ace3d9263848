import AVBinding
import FrameModel
import SluiceBase

/// Pictures of a media file, from any place in it exactly as a decode from its start would give them. Used from one thread.
///
/// Where the container gives presentation times, a seek goes to a key frame, and what is shown before that key frame
/// (open-GOP leading pictures) is left out; if the first intact picture comes after the one wanted, the next try goes
/// further back, at last to the start of the file. Where it gives none (AVI with B-frames, elementary streams),
/// pictures are counted from the start.
///
/// The packets are those of a `PacketCursor`, the pictures that are shown those of a `Position`; damaged groups are decoded as a
/// `GroupRepair` says.
final class FileSource: PictureSource {
  private let path: String
  private let threads: Int
  private let allocator: any PictureAllocator
  let clock: TickClock
  let traits: StreamTraits
  let isStill: Bool
  private var demuxer: Demuxer
  private var decoder: Decoder
  private let live = LivePictures()
  private let packet: PacketBox
  private var cursor: PacketCursor
  private var place: Position
  private var repair: GroupRepair
  /// Decoded while a position was looked for, to be given out first.
  private var found: Picture?

  /// Throws 66 when the file is not there, 65 when it is not media or has no video, 69 when FFmpeg has no decoder for it.
  init(path: String, threads: Int, allocator: any PictureAllocator) throws(SluiceError) {
    self.path = path
    self.threads = threads
    self.allocator = allocator
    demuxer = try Demuxer(path: path)
    decoder = try Decoder(demuxer, threads: threads, allocator: allocator, live: live)
    clock = TickClock(timeBase: demuxer.timeBase, origin: demuxer.isStill ? 0 : demuxer.startTime)
    traits = demuxer.traits
    isStill = demuxer.isStill
    packet = try PacketBox()
    let usualDuration = demuxer.rate > .zero ? clock.ticks(.one / demuxer.rate) : 1
    cursor = try PacketCursor(demuxer, usualDuration: usualDuration, lookingAt: isStill ? 1 : 16)
    place = Position(usualDuration: usualDuration, jump: clock.ticks(Rational(5)))
    repair = GroupRepair(second: clock.ticks(.one))
  }

  var rate: Rational { demuxer.rate }
  var isAtBeginning: Bool { place.isAtBeginning }
  func takeDamage() -> (count: UInt64, message: String?) { repair.takeDamage() }
  func memory(of picture: Picture) -> (any PictureMemory)? { live.memory(of: picture.frame) }

  // MARK: Position

  func position(before limit: Int64, keeping count: Int) throws(SluiceError) {
    if isStill {
      if place.hasBegun { try restart() }
      return
    }
    place.set(to: limit)
    _ = repair.takeDamage()
    guard !cursor.countsPictures, !repair.showsDamaged, let firstKey = cursor.firstKey, limit > firstKey else {
      return try goToStart()
    }
    if repair.group != nil { try renew(careful: false) }
    if count == 0 { place.want(limit) }
    if let key = demuxer.indexedKey(before: limit), key <= firstKey { return try goToStart() }
    var targets = SeekTargets(before: limit, firstKey: firstKey, second: clock.ticks(.one))
    while let target = targets.next() {
      guard demuxer.seek(to: target) else { continue }
      if repair.group != nil { try renew(careful: false) }
      beginAnew(at: .anyKey)
      place.goToKeyFrame()
      found = nil
      if let first = try next(), first.tick <= limit {
        found = first
        place.arrive()
        return
      }
    }
    try restart()
  }

  func advance(to limit: Int64) throws(SluiceError) {
    guard !isStill, cursor.knowsTimes, !cursor.hasEnded, !place.isShifted, let givenOut = place.givenOut, limit > givenOut else {
      return
    }
    place.want(limit)
    // Where the file has a key frame behind all that was read, whatever lies between need not even be read. (An index may
    // count decoding times: some pictures are left between.)
    let (margin, overflow) = limit.subtractingReportingOverflow(place.margin)
    guard !overflow, found == nil, limit > place.target, let lastRead = cursor.lastRead,
      let key = demuxer.indexedKey(before: margin), key > lastRead
    else { return }
    try position(before: limit, keeping: 0)
    // What was given out already is not given out again.
    found = try next()
    while let first = found, first.tick <= givenOut {
      found = nil
      found = try next()
    }
  }

  private func goToStart() throws(SluiceError) { if place.hasBegun { try restart() } }

  /// From the file's start, whatever the container can seek.
  private func restart() throws(SluiceError) {
    found = nil
    demuxer = try demuxer.reopened()
    try renew(careful: repair.showsDamaged)
    beginAnew(at: .anywhere)
    if repair.showsDamaged { repair.begin(.wholeFile) }
    place.goToStart()
  }

  /// A new decoder: flushing one does not make it forget everything.
  private func renew(careful: Bool) throws(SluiceError) {
    decoder.flush()  // its slots are wanted
    decoder = try Decoder(demuxer, threads: careful ? 1 : threads, allocator: allocator, live: live, clears: careful)
    repair.end()
  }

  private func beginAnew(at start: PacketCursor.Start) {
    decoder.flush()
    cursor.begin(demuxer, at: start)
    place.beginAnew()
  }

  // MARK: Pictures

  func next() throws(SluiceError) -> Picture? {
    place.begin()
    if let picture = found {
      found = nil
      return picture
    }
    let frame = try FrameBox()
    while true {
      let outcome = decoder.receive(into: frame)
      if try mends(outcome, frame) { continue }
      switch outcome {
      case .done:
        if let picture = accept(frame) { return picture }
        if let stamp = frame.pts, !cursor.countsPictures, repair.hasPassed(stamp) { try leaveGroup() }
      case .damaged(let message): repair.note(message)
      case .end:
        if repair.group?.end != nil {
          try leaveGroup()
        } else if isLost {
          repair.giveUp()
          try restart()
          place.begin()
        } else {
          return nil
        }
      case .blocked: feed()
      }
      if let refusal = decoder.refusal { throw refusal }
    }
  }

  /// nil: it is not shown.
  private func accept(_ frame: FrameBox) -> Picture? {
    let stamp = cursor.countsPictures ? cursor.countedTime() : frame.pts
    guard place.isIntact(stamp, isDamaged: frame.isDamaged, behind: cursor.runsFrom) else { return nil }
    if let stamp, !cursor.countsPictures, !repair.covers(stamp) { return nil }
    guard let tick = place.place(stamp, duration: frame.duration) else { return nil }
    if let stamp { cursor.cameOut(stamp) }
    if frame.isDamaged, !isStill, !repair.showsDamaged {
      repair.note("damaged picture")
      return nil
    }
    guard place.give(tick, stamp: stamp) else { return nil }
    return Picture(frame: frame, tick: tick, duration: place.lastDuration)
  }

  var nextTick: Int64? {
    guard !isStill, let givenOut = place.givenOut else { return nil }
    return cursor.earliest(after: givenOut, reorder: decoder.reorder)
  }

  private func feed() {
    guard cursor.next(into: packet) else {
      _ = decoder.send(nil)
      return
    }
    let isOvertaken = repair.group == nil && place.wanted.map { cursor.isOvertaken(packet, by: $0) } ?? false
    decoder.skipsUnreferenced = isOvertaken && demuxer.canSkip(packet)
    if case .damaged(let message) = decoder.send(packet) { repair.note(message) }
    packet.clear()
  }

  // MARK: Damage

  /// At the first sign of damage begins the group of the next picture anew, carefully. false: there is none, or it is known.
  private func mends(_ outcome: Decoder.Outcome, _ frame: FrameBox) throws(SluiceError) -> Bool {
    guard repair.group == nil, !isStill, !decoder.isIntraOnly, decoder.refusal == nil else { return false }
    var report = GroupRepair.Report(outcome: outcome, complaint: decoder.takeSign(from: cursor.runsFrom))
    if case .done = outcome { (report.isDamaged, report.pts) = (frame.isDamaged, frame.pts) }
    guard let sign = GroupRepair.sign(in: report, from: cursor.runsFrom) else { return false }
    repair.note(sign)
    // Pictures after the one given out last may be missing in its group; after a group only the next one can.
    try beginCarefully(max(place.lastGiven ?? .min, cursor.runsFrom ?? .min))
    return true
  }

  private func beginCarefully(_ tick: Int64) throws(SluiceError) {
    found = nil
    let isKnown = cursor.knowsTimes && !place.isShifted
    let (group, feed) = try repair.locate(isKnown ? tick : nil, in: demuxer, firstKey: cursor.firstKey)
    demuxer = feed
    try renew(careful: true)
    beginAnew(at: group.begin.map { .key($0, isIntact: false) } ?? .anywhere)
    repair.begin(group)
  }

  /// The next group is decoded as usual, from its key frame.
  private func leaveGroup() throws(SluiceError) {
    guard let end = repair.group?.end, let firstKey = cursor.firstKey else { return }
    guard try repair.seekBehind(demuxer, firstKey: firstKey) else { return try beginCarefully(end) }
    try renew(careful: false)
    beginAnew(at: .key(end, isIntact: true))
  }

  /// From the start to the end there was damage, and no good picture.
  private var isLost: Bool {
    place.runsFromStart && place.lastGiven == nil && repair.hasDamage && !isStill && !repair.showsDamaged
  }
}
