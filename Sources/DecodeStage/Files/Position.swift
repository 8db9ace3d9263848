/// Where a file's pictures are wanted and which was given out last: what of the pictures that a decoder gives is shown, and at which
/// time. A value.
struct Position {
  /// Last tick of interest after a seek: of the pictures up to it only the last is shown. nil: all are wanted.
  private(set) var wanted: Int64?
  /// What the last seek was for.
  private(set) var target = Int64.min
  /// The first picture that comes is the file's first.
  private(set) var isAtBeginning = true
  /// Pictures were asked for since the file was opened last.
  private(set) var hasBegun = false
  /// What was decoded since the position was set began at the file's start.
  private(set) var runsFromStart = true
  /// A picture at or behind the key frame that a seek led to has come.
  private var isIntact = false
  /// The picture given out last since the position was set, whatever was begun anew meanwhile.
  private(set) var lastGiven: Int64?
  /// The same, where its time is that of its packet, since the decoder was begun anew.
  private(set) var givenOut: Int64?
  private var timestamps: TimestampRepair
  /// Of the picture before, in ticks.
  private(set) var lastDuration: Int64 = 1
  private let usualDuration: Int64
  private let jump: Int64

  /// - Parameters:
  ///   - usualDuration: ticks that a picture lasts when nothing else is known.
  ///   - jump: see `TimestampRepair`.
  init(usualDuration: Int64, jump: Int64) {
    self.usualDuration = usualDuration
    self.jump = jump
    timestamps = TimestampRepair(jump: jump)
  }

  // MARK: Where

  /// What was given out does not count any more: pictures are wanted from that shown at `limit` on.
  mutating func set(to limit: Int64) {
    wanted = nil
    target = limit
    lastGiven = nil
  }

  /// Pictures before the one shown at `limit` may be left out.
  mutating func want(_ limit: Int64) { wanted = max(wanted ?? limit, limit) }

  /// Somebody asked for a picture.
  mutating func begin() { hasBegun = true }

  /// A new decoder, or one that forgot everything, goes on from somewhere.
  mutating func beginAnew() {
    isIntact = false
    givenOut = nil
    timestamps = TimestampRepair(jump: jump)
  }

  /// That was the file's start.
  mutating func goToStart() {
    hasBegun = false
    isAtBeginning = true
    runsFromStart = true
    lastGiven = nil
  }

  /// That was a key frame somewhere in the file.
  mutating func goToKeyFrame() {
    runsFromStart = false
    lastGiven = nil
  }

  /// A key frame led to what is wanted.
  mutating func arrive() { isAtBeginning = false }

  /// Times were moved on at a jump: those of the file are not those given out.
  var isShifted: Bool { timestamps.isShifted }

  /// Ticks of a few pictures: by so much an index that counts decoding times may be wrong.
  var margin: Int64 { usualDuration.multipliedReportingOverflow(by: 4).partialValue }

  // MARK: Pictures

  /// Whether the picture is as a decode from the file's start would give it. After a seek those before the key frame (leading
  /// pictures of an open group) are not, and the first that counts must not be damaged.
  /// - Parameter key: the key frame that a seek led to; nil: there was none.
  mutating func isIntact(_ stamp: Int64?, isDamaged: Bool, behind key: Int64?) -> Bool {
    guard let key, !isIntact else { return true }
    guard let stamp, stamp >= key, !isDamaged else { return false }
    isIntact = true
    return true
  }

  /// The time at which a picture stands, in an order that rises. nil: it comes too late, leave it out.
  /// - Parameter duration: how long it lasts; 0 when unknown.
  mutating func place(_ stamp: Int64?, duration: Int64) -> Int64? {
    guard let tick = timestamps.next(stamp, duration: lastDuration) else { return nil }
    lastDuration = duration > 0 ? duration : usualDuration
    return tick
  }

  /// Whether a picture is given out: those that were given out before are not once more.
  mutating func give(_ tick: Int64, stamp: Int64?) -> Bool {
    if let lastGiven, tick <= lastGiven { return false }
    lastGiven = tick
    givenOut = stamp == tick ? tick : nil
    return true
  }
}
