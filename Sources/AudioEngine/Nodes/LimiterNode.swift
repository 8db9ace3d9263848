/// A limiter with look-ahead: no sample is ever above `ceiling`, and the gain moves without a jump. The smallest gain of the look-ahead
/// is held, released exponentially, and averaged over the look-ahead, so that it has arrived when the peak does. The output is
/// `latencyFrames` late. What stays below the ceiling passes bit by bit. Gains are integers (2^30 is one), so that the running sum is exact.
struct LimiterState: NodeState {
  static let lookAhead = 0.005
  private static let one: Int64 = 1 << 30
  let parameters: UnsafeMutablePointer<Parameter>
  private let sampleRate: Double
  private let lines: UnsafeMutablePointer<Float>
  let latencyFrames: Int
  /// Gains that the look-ahead needs: candidates for the smallest, oldest first (value and frame), in a ring.
  private let candidates: UnsafeMutablePointer<Int64>
  private let candidateFrames: UnsafeMutablePointer<Int64>
  private var firstCandidate = 0
  private var candidateCount = 0
  /// The last `latencyFrames` released gains, and their sum.
  private let history: UnsafeMutablePointer<Int64>
  private var sum: Int64
  private var released = Self.one
  private var channels = 0
  private var position = 0
  private var frames: Int64 = 0
  private var quietFrames: Int

  static func lookAheadFrames(sampleRate: Double) -> Int { max(1, Int((lookAhead * sampleRate).rounded())) }

  /// Floats of memory: a line a channel, and three rings of 64-bit numbers (a frame more, each).
  static func samples(sampleRate: Double, channels: Int) -> Int {
    let frames = lookAheadFrames(sampleRate: sampleRate)
    return 6 * (frames + 2) + (channels * frames + 1) / 2 * 2
  }

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {
    self.parameters = parameters
    sampleRate = settings.sampleRate
    latencyFrames = Self.lookAheadFrames(sampleRate: sampleRate)
    let ring = latencyFrames + 2
    let numbers = UnsafeMutableRawPointer(samples).bindMemory(to: Int64.self, capacity: 3 * ring)
    candidates = numbers
    candidateFrames = numbers + ring
    history = numbers + 2 * ring
    lines = samples + 6 * ring
    sum = 0
    quietFrames = latencyFrames
    clear()
  }

  private mutating func clear() {
    history.update(repeating: Self.one, count: latencyFrames)
    sum = Self.one * Int64(latencyFrames)
    released = Self.one
    (firstCandidate, candidateCount, position, frames) = (0, 0, 0, 0)
    quietFrames = latencyFrames
  }

  mutating func reset() {
    lines.update(repeating: 0, count: channels * latencyFrames)
    clear()
  }

  mutating func use(channels: Int) {
    for channel in self.channels..<max(self.channels, channels) {
      (lines + channel * latencyFrames).update(repeating: 0, count: latencyFrames)
    }
    self.channels = max(self.channels, channels)
  }

  mutating func process(_ input: Signal, _ silent: Bool, _ output: Signal, _ frame: Int64, _ scratch: Scratch) -> Bool {
    let quiet = silent && quietFrames >= latencyFrames
    if quiet && sum == Self.one * Int64(latencyFrames) && released == Self.one && candidateCount <= 1 {
      frames += Int64(Quantum.frames)
      output.clear()
      return true
    }
    quietFrames = silent ? min(latencyFrames, quietFrames + Quantum.frames) : 0
    let ceiling = Float(PortableMath.gain(decibels: parameters[0].value(at: frame)))
    let releaseFrames = parameters[1].value(at: frame) * sampleRate
    let rate = releaseFrames > 0 ? 1 - PortableMath.exp(-1 / releaseFrames) : 1
    gains(input, ceiling: Double(ceiling), rate: rate, scratch.values(0))
    delay(input, output, ceiling, scratch.values(0))
    return quiet
  }

  private mutating func gains(_ input: Signal, ceiling: Double, rate: Double, _ out: UnsafeMutablePointer<Double>) {
    let scale = 1 / (Double(Self.one) * Double(latencyFrames))
    var at = position
    for i in 0..<Quantum.frames {
      var level: Float = 0
      for channel in 0..<input.channels { level = max(level, input.plane(channel)[i].magnitude) }
      let needed = Double(level) <= ceiling ? Self.one : Int64(Double(Self.one) * (ceiling / Double(level)))
      let held = smallest(adding: needed)
      let risen = released + Int64((Double(Self.one - released) * rate).rounded(.up))
      released = min(held, risen)
      sum += released - history[at]
      history[at] = released
      out[i] = Double(sum) * scale
      at += 1
      if at == latencyFrames { at = 0 }
    }
  }

  /// The smallest of this gain and the `latencyFrames` before it.
  private mutating func smallest(adding gain: Int64) -> Int64 {
    let ring = latencyFrames + 2
    if candidateCount > 0, candidateFrames[firstCandidate] < frames - Int64(latencyFrames) {
      firstCandidate = (firstCandidate + 1) % ring
      candidateCount -= 1
    }
    while candidateCount > 0, candidates[(firstCandidate + candidateCount - 1) % ring] >= gain { candidateCount -= 1 }
    let last = (firstCandidate + candidateCount) % ring
    candidates[last] = gain
    candidateFrames[last] = frames
    candidateCount += 1
    frames += 1
    return candidates[firstCandidate]
  }

  private mutating func delay(_ input: Signal, _ output: Signal, _ ceiling: Float, _ gains: UnsafeMutablePointer<Double>) {
    for channel in 0..<output.channels {
      let line = lines + channel * latencyFrames
      let from = input.plane(channel), to = output.plane(channel)
      var at = position
      for i in 0..<Quantum.frames {
        let value = line[at] * Float(gains[i])
        line[at] = from[i]
        // Rounding to float may go above by its last bit.
        to[i] = min(max(value, -ceiling), ceiling)
        at += 1
        if at == latencyFrames { at = 0 }
      }
    }
    position = (position + Quantum.frames) % latencyFrames
  }
}
