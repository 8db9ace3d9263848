/// A sound device without sound: plays frames on the clock out of a buffer of `bufferFrames`, and notices when there are none. A pure
/// value; times are nanoseconds of whatever clock the caller has.
struct NullDevice {
  let bufferFrames: Int
  private let nanosecondsPerFrame: Double
  /// When frame 0 was, or is, heard; moved by every under-run.
  private var start: Double
  private(set) var written: Int64 = 0

  /// Begins to play as soon as the buffer could be full.
  init(sampleRate: Double, bufferFrames: Int, now: UInt64) {
    precondition(bufferFrames >= Quantum.frames, "a device needs a buffer of a quantum at least")
    self.bufferFrames = bufferFrames
    nanosecondsPerFrame = 1e9 / sampleRate
    start = Double(now) + Double(bufferFrames) * nanosecondsPerFrame
  }

  /// When there is room for the next quantum.
  var nextRoom: UInt64 { UInt64(start + Double(written + Int64(Quantum.frames - bufferFrames)) * nanosecondsPerFrame) }

  /// The next quantum is handed over at `now`: how long until it is heard, and how long the device had nothing. Seconds.
  mutating func write(at now: UInt64) -> (latency: Double, underrun: Double) {
    let due = start + Double(written) * nanosecondsPerFrame
    written += Int64(Quantum.frames)
    let late = Double(now) - due
    guard late > 0 else { return (-late / 1e9, 0) }
    start += late
    return (0, late / 1e9)
  }
}
