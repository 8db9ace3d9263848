import AVBinding
import FrameModel
import SluiceBase

/// Pictures of a media file, from any place in it exactly as a decode from its start would give them.
///
/// Where the container gives presentation times, a seek goes to a key frame, and what is shown before that key frame
/// (open-GOP leading pictures) is left out; if the first intact picture comes after the one wanted, the next try goes
/// further back, at last to the start of the file. Where it gives none (AVI with B-frames, elementary streams),
/// pictures are counted from the start.
///
/// Damage: what a codec makes of damaged data depends on what it decoded before, on its threads and on what lay in its
/// memory. At the first sign of damage the pictures of that group (from a key frame to the next) are therefore decoded
/// carefully: from the key frame before, by a new decoder with one thread and cleared memory, nothing skipped. Pictures that
/// it marks as damaged are left out. Up to the first sign both ways give the same.
final class FileSource: PictureSource {
  private let path: String
  private let threads: Int
  private let allocator: any PictureAllocator
  private var demuxer: Demuxer
  private var decoder: Decoder
  let clock: TickClock
  let traits: StreamTraits
  let isStill: Bool
  var rate: Rational { demuxer.rate }
  /// Ticks that a picture lasts when nothing else is known.
  private let usualDuration: Int64

  private let packet: PacketBox
  /// Packets read ahead, the next one last: to see whether they carry times, and which picture comes next.
  private var readAhead: [PacketBox] = []
  /// Presentation times of packets that the decoder has and whose pictures have not come out.
  private var inDecoder: [Int64] = []
  /// Last tick of interest after a seek: of the pictures up to it only the last is shown.
  private var wanted: Int64?
  /// A packet without a presentation time went into the decoder: which picture comes next cannot be told.
  private var hasTimeless = false
  /// The picture given out last.
  private var givenOut: Int64?
  /// What the last seek was for.
  private var positioned = Int64.min
  /// The latest presentation time that the decoder was given.
  private var lastRead: Int64?
  /// Pictures were asked for since the start.
  private var hasBegun = false
  private let countsPictures: Bool
  private let firstKey: Int64?
  /// Decoding times in file order, for pictures that have no other.
  private var decodingTimes: [Int64] = []
  private var pictures = 0

  private var repair: TimestampRepair
  private var lastDuration: Int64 = 1
  private var isDraining = false
  /// After a seek: pictures before this tick are not intact. nil until the first key frame was met.
  private var intactFrom: Int64?
  private var awaitsKey = false
  /// After a seek: the key frame's time, from which on all is as from the start.
  private var runsFrom: Int64?
  private var runsFromStart = true
  private var found: Picture?
  private var damage: (count: UInt64, message: String?) = (0, nil)
  private let live = LivePictures()
  /// Set while a group is decoded carefully.
  private var group: KeyFrameGroup?
  /// Key frame before which packets are left out.
  private var awaitedKey: Int64?
  /// The picture given out last since the position was set, whatever was begun anew meanwhile.
  private var lastGiven: Int64?
  /// The file has no good picture: the damaged ones are shown.
  private var showsDamaged = false

  init(path: String, threads: Int, allocator: any PictureAllocator) throws(SluiceError) {
    self.path = path
    self.threads = threads
    self.allocator = allocator
    demuxer = try Demuxer(path: path)
    decoder = try Decoder(demuxer, threads: threads, allocator: allocator, live: live)
    clock = TickClock(timeBase: demuxer.timeBase, origin: demuxer.isStill ? 0 : demuxer.startTime)
    traits = demuxer.traits
    isStill = demuxer.isStill
    usualDuration = demuxer.rate > .zero ? clock.ticks(.one / demuxer.rate) : 1
    repair = TimestampRepair(jump: clock.ticks(Rational(5)))
    packet = try PacketBox()
    for _ in 0..<(isStill ? 1 : 16) {
      let ahead = try PacketBox()
      guard demuxer.read(into: ahead) else { break }
      readAhead.append(ahead)
    }
    countsPictures = readAhead.contains { $0.pts == nil && $0.size > 0 }
    firstKey = readAhead.first { $0.isKey }?.pts
    readAhead.reverse()
  }

  func takeDamage() -> (count: UInt64, message: String?) {
    defer { damage = (0, nil) }
    return damage
  }

  func memory(of picture: Picture) -> (any PictureMemory)? { live.memory(of: picture.frame) }

  // MARK: Position

  private(set) var isAtBeginning = true

  func position(before limit: Int64, keeping count: Int) throws(SluiceError) {
    if isStill {
      if hasBegun { try restart() }
      return
    }
    wanted = nil
    positioned = limit
    lastGiven = nil
    damage = (0, nil)
    guard !countsPictures, !showsDamaged, let firstKey, limit > firstKey else { return try goToStart() }
    if group != nil { try renew(careful: false) }
    wanted = count > 0 ? nil : limit
    if let key = demuxer.indexedKey(before: limit), key <= firstKey { return try goToStart() }
    var back: Int64 = 0
    let second = clock.ticks(.one)
    while true {
      let (target, overflow) = limit.subtractingReportingOverflow(back)
      guard !overflow, target > firstKey else { return try restart() }
      if demuxer.seek(to: target) {
        if group != nil { try renew(careful: false) }
        beginAnew(afterSeek: true)
        runsFromStart = false
        lastGiven = nil
        if let first = try next() {
          found = first
          if first.tick <= limit { break }
        }
        found = nil
      }
      back = back == 0 ? second : back.multipliedReportingOverflow(by: 2).partialValue
      guard back > 0 else { return try restart() }
    }
    isAtBeginning = false
  }

  func advance(to limit: Int64) throws(SluiceError) {
    guard !isStill, !countsPictures, !hasTimeless, !isDraining, !repair.isShifted, let givenOut, limit > givenOut else { return }
    wanted = max(wanted ?? limit, limit)
    // Where the file has a key frame behind all that was read, whatever lies between need not even be read. (An index may
    // count decoding times: some pictures are left between.)
    let (margin, overflow) = limit.subtractingReportingOverflow(usualDuration.multipliedReportingOverflow(by: 4).partialValue)
    guard !overflow, found == nil, limit > positioned, let lastRead, let key = demuxer.indexedKey(before: margin), key > lastRead
    else { return }
    try position(before: limit, keeping: 0)
    // What was given out already is not given out again.
    found = try next()
    while let first = found, first.tick <= givenOut {
      found = nil
      found = try next()
    }
  }

  private func goToStart() throws(SluiceError) { if hasBegun { try restart() } }

  /// From the file's start, whatever the container can seek.
  private func restart() throws(SluiceError) {
    found = nil
    demuxer = try Demuxer(path: path)
    try renew(careful: showsDamaged)
    beginAnew(afterSeek: false)
    group = showsDamaged ? .wholeFile : nil
    hasBegun = false
    isAtBeginning = true
    runsFromStart = true
    lastGiven = nil
  }

  /// A new decoder: flushing one does not make it forget everything.
  private func renew(careful: Bool) throws(SluiceError) {
    decoder.flush()  // its slots are wanted
    decoder = try Decoder(demuxer, threads: careful ? 1 : threads, allocator: allocator, live: live, clears: careful)
    group = nil
  }

  private func beginAnew(afterSeek: Bool) {
    decoder.flush()
    readAhead = []
    isDraining = false
    awaitedKey = nil
    awaitsKey = afterSeek
    intactFrom = nil
    runsFrom = nil
    repair = TimestampRepair(jump: clock.ticks(Rational(5)))
    decodingTimes = []
    pictures = 0
    inDecoder = []
    hasTimeless = false
    givenOut = nil
    lastRead = nil
  }

  // MARK: Pictures

  func next() throws(SluiceError) -> Picture? {
    hasBegun = true
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
        if hasPassedGroup(frame) { try leaveGroup() }
      case .damaged(let message): note(message)
      case .end:
        if group?.end != nil {
          try leaveGroup()
        } else if isLost {
          showsDamaged = true
          try restart()
          hasBegun = true
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
    let stamp = countsPictures ? countedTime() : frame.pts
    if let intactFrom {
      guard let stamp, stamp >= intactFrom, !frame.isDamaged else { return nil }
      self.intactFrom = nil
    }
    if let group, let stamp, !countsPictures, !group.contains(stamp) { return nil }
    guard let tick = repair.next(stamp, duration: lastDuration) else { return nil }
    lastDuration = frame.duration > 0 ? frame.duration : usualDuration
    if let stamp { inDecoder.removeAll { $0 <= stamp } }
    if frame.isDamaged, !isStill, !showsDamaged {
      note("damaged picture")
      return nil
    }
    if let lastGiven, tick <= lastGiven { return nil }
    lastGiven = tick
    givenOut = stamp == tick ? tick : nil
    return Picture(frame: frame, tick: tick, duration: lastDuration)
  }

  /// The earliest time among the packets that can hold the next picture: those in the decoder, and as many to come as
  /// pictures may be out of order. Packets without a picture of their own only make it earlier, which does no harm.
  var nextTick: Int64? {
    guard !countsPictures, !isStill, !hasTimeless, let givenOut else { return nil }
    let depth = max(2, decoder.reorder) + 2
    while readAhead.count < depth, !isDraining, let ahead = try? PacketBox(), demuxer.read(into: ahead) {
      readAhead.insert(ahead, at: 0)
    }
    let coming = readAhead.suffix(depth)
    guard coming.count == depth, !coming.contains(where: { $0.pts == nil }) else { return nil }
    var next: Int64?
    for pts in inDecoder + coming.compactMap(\.pts) where pts > givenOut { next = min(next ?? pts, pts) }
    return next
  }

  /// The n-th picture is shown at the n-th decoding time: they rise, and each belongs to one picture.
  private func countedTime() -> Int64 {
    defer { pictures += 1 }
    if pictures < decodingTimes.count { return decodingTimes[pictures] }
    return Int64(pictures).multipliedReportingOverflow(by: usualDuration).partialValue
  }

  private func feed() {
    guard !isDraining, read() else {
      isDraining = true
      _ = decoder.send(nil)
      return
    }
    decoder.skipsUnreferenced = group == nil && isPassed(packet) && demuxer.canSkip(packet)
    if case .damaged(let message) = decoder.send(packet) { note(message) }
    packet.clear()
  }

  /// Whether a later picture is known to stand at or before the tick wanted, so that this one is decoded for others only.
  private func isPassed(_ packet: PacketBox) -> Bool {
    guard let wanted, let pts = packet.pts, pts < wanted, !packet.isKey else { return false }
    let depth = 4
    while readAhead.count < depth, let ahead = try? PacketBox(), demuxer.read(into: ahead) { readAhead.insert(ahead, at: 0) }
    return readAhead.suffix(depth).contains { ahead in ahead.pts.map { $0 > pts && $0 <= wanted && !ahead.isDiscarded } ?? false }
  }

  /// The next packet that the decoder is to get; false at the end.
  private func read() -> Bool {
    while true {
      if let ahead = readAhead.popLast() {
        packet.take(ahead)
      } else if !demuxer.read(into: packet) {
        return false
      }
      if let awaitedKey {
        guard packet.isKey, packet.pts == awaitedKey else { continue }
        self.awaitedKey = nil
      }
      if awaitsKey {
        guard packet.isKey, let pts = packet.pts else { continue }
        awaitsKey = false
        intactFrom = pts
        runsFrom = pts
      }
      if let pts = packet.pts {
        if !countsPictures { inDecoder.append(pts) }
        lastRead = max(lastRead ?? pts, pts)
      } else if packet.size > 0 {
        hasTimeless = true
      }
      if countsPictures, packet.size > 0, let dts = packet.dts { decodingTimes.append(dts) }
      return true
    }
  }

  // MARK: Damage

  /// At the first sign of damage begins the group of the next picture anew, carefully. false: there is none, or it is known.
  private func mends(_ outcome: Decoder.Outcome, _ frame: FrameBox) throws(SluiceError) -> Bool {
    guard group == nil, !isStill, !decoder.isIntraOnly, decoder.refusal == nil else { return false }
    var sign = decoder.takeSign(from: runsFrom)
    if case .damaged(let message) = outcome { sign = sign ?? message }
    if case .done = outcome, frame.isDamaged, frame.pts ?? .max >= runsFrom ?? .min { sign = sign ?? "damaged picture" }
    guard let sign else { return false }
    note(sign)
    // Pictures after the one given out last may be missing in its group; after a group only the next one can.
    try beginCarefully(max(lastGiven ?? .min, runsFrom ?? .min))
    return true
  }

  private func beginCarefully(_ tick: Int64) throws(SluiceError) {
    found = nil
    var wanted = KeyFrameGroup.wholeFile
    if let firstKey, !countsPictures, !hasTimeless, !repair.isShifted {
      let second = clock.ticks(.one)
      wanted = try .around(tick, in: demuxer, firstKey: firstKey, second: second)
      if let begin = wanted.begin, try !KeyFrameGroup.seek(demuxer, to: begin, firstKey: firstKey, second: second) {
        wanted = .wholeFile
      }
    }
    if wanted.begin == nil { demuxer = try Demuxer(path: path) }
    try renew(careful: true)
    beginAnew(afterSeek: false)
    awaitedKey = wanted.begin
    group = wanted
  }

  private func hasPassedGroup(_ frame: FrameBox) -> Bool {
    guard !countsPictures, let end = group?.end, let stamp = frame.pts else { return false }
    return stamp >= end
  }

  /// The next group is decoded as usual, from its key frame.
  private func leaveGroup() throws(SluiceError) {
    guard let end = group?.end, let firstKey else { return }
    guard try KeyFrameGroup.seek(demuxer, to: end, firstKey: firstKey, second: clock.ticks(.one)) else {
      return try beginCarefully(end)
    }
    try renew(careful: false)
    beginAnew(afterSeek: true)
    awaitedKey = end
  }

  /// From the start to the end there was damage, and no good picture.
  private var isLost: Bool { runsFromStart && lastGiven == nil && damage.count > 0 && !isStill && !showsDamaged }

  private func note(_ message: String) { damage = (damage.count + 1, message) }
}
