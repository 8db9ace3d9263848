/// DelayNode with a feedback of its own: `line = in + feedback * out`, `out = line` of `delayTime` ago, between two frames by linear
/// interpolation. With feedback the delay is at least one frame; a loop through other nodes is not a graph (`connect` refuses it).
struct DelayState: NodeState {
  let parameters: UnsafeMutablePointer<Parameter>
  private let sampleRate: Double
  private let samples: UnsafeMutablePointer<Float>
  /// Frames of a channel's line: the longest delay, one for interpolation, one quantum.
  private var length: Int
  var maximumFrames: Double
  private var channels = 0
  /// Where the next frame is written.
  private var position = 0
  /// Frames since something else than silence was written.
  private var quietFrames: Int

  static func lineFrames(maximumDelayFrames: Int) -> Int { maximumDelayFrames + 2 + Quantum.frames }

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {
    self.parameters = parameters
    self.samples = samples
    sampleRate = settings.sampleRate
    length = Self.lineFrames(maximumDelayFrames: settings.maximumDelayFrames)
    maximumFrames = Double(settings.maximumDelayFrames)
    quietFrames = length
  }

  /// Before it is used: the line of a node becomes resident only as far as it is needed.
  mutating func limit(maximumDelayFrames: Int) {
    length = Self.lineFrames(maximumDelayFrames: maximumDelayFrames)
    maximumFrames = Double(maximumDelayFrames)
    quietFrames = length
  }

  mutating func reset() {
    samples.update(repeating: 0, count: channels * length)
    position = 0
    quietFrames = length
  }

  /// Called when the graph is compiled: lines that were not used before are zero.
  mutating func use(channels: Int) {
    for channel in self.channels..<max(self.channels, channels) {
      (samples + channel * length).update(repeating: 0, count: length)
    }
    self.channels = max(self.channels, channels)
  }

  mutating func process(_ input: Signal, _ silent: Bool, _ output: Signal, _ frame: Int64, _ scratch: Scratch) -> Bool {
    let time = parameters[0].values(at: frame, scratch.values(0))
    let feedback = parameters[1].values(at: frame, scratch.values(1))
    if silent && quietFrames >= length {
      output.clear()
      return true
    }
    var loudest: Float = 0
    if let time, let feedback, frames(time, feedback) >= Double(Quantum.frames) {
      loudest = processBlock(input, output, delay: frames(time, feedback), Float(feedback))
    } else {
      if let time { scratch.values(0).update(repeating: time, count: Quantum.frames) }
      if let feedback { scratch.values(1).update(repeating: feedback, count: Quantum.frames) }
      loudest = processFrames(input, output, scratch)
    }
    position = (position + Quantum.frames) % length
    quietFrames = loudest == 0 ? min(length, quietFrames + Quantum.frames) : 0
    return false
  }

  private func frames(_ time: Double, _ feedback: Double) -> Double {
    min(max(time * sampleRate, feedback == 0 ? 0 : 1), maximumFrames)
  }

  /// A constant delay of a quantum or more: nothing that is read is written in the same quantum.
  private func processBlock(_ input: Signal, _ output: Signal, delay: Double, _ feedback: Float) -> Float {
    let whole = Int(delay)
    let fraction = Float(delay - Double(whole))
    var loudest: Float = 0
    for channel in 0..<output.channels {
      let line = samples + channel * length
      let from = input.plane(channel), to = output.plane(channel)
      var read = position - whole
      if read < 0 { read += length }
      Self.interpolate(line, read, length, fraction, to)
      var done = 0
      while done < Quantum.frames {
        let at = (position + done) % length
        let count = min(Quantum.frames - done, length - at)
        loudest = max(loudest, Self.write(line + at, from + done, to + done, feedback, count))
        done += count
      }
    }
    return loudest
  }

  /// `to[i] = line[read + i]`, mixed with the frame before by `fraction`.
  private static func interpolate(
    _ line: UnsafeMutablePointer<Float>, _ read: Int, _ length: Int, _ fraction: Float, _ to: UnsafeMutablePointer<Float>
  ) {
    if read >= 1 && read + Quantum.frames <= length {
      let now = line + read, before = line + (read - 1)
      for i in 0..<Quantum.frames { to[i] = now[i] + (before[i] - now[i]) * fraction }
      return
    }
    for i in 0..<Quantum.frames {
      var at = read + i
      if at >= length { at -= length }
      let before = at == 0 ? length - 1 : at - 1
      to[i] = line[at] + (line[before] - line[at]) * fraction
    }
  }

  /// Writes what goes into the line, echoes below -400 dB as silence; the largest magnitude.
  private static func write(
    _ line: UnsafeMutablePointer<Float>, _ input: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    _ feedback: Float, _ count: Int
  ) -> Float {
    var loudest: Float = 0
    for i in 0..<count {
      let value = audible(input[i] + output[i] * feedback)
      line[i] = value
      loudest = max(loudest, value.magnitude)
    }
    return loudest
  }

  @inline(__always)
  private static func audible(_ value: Float) -> Float { value.magnitude < 1e-20 ? 0 : value }

  /// Any delay, moving or shorter than a quantum.
  private func processFrames(_ input: Signal, _ output: Signal, _ scratch: Scratch) -> Float {
    let times = scratch.values(0), feedbacks = scratch.values(1)
    var loudest: Float = 0
    for channel in 0..<output.channels {
      let line = samples + channel * length
      let from = input.plane(channel), to = output.plane(channel)
      var at = position
      for i in 0..<Quantum.frames {
        let delay = frames(times[i], feedbacks[i])
        let whole = Int(delay)
        let fraction = Float(delay - Double(whole))
        var now = at - whole
        if now < 0 { now += length }
        let before = now == 0 ? length - 1 : now - 1
        // Without feedback the input is in the line before it is read; a delay of 0 lets it pass.
        if whole == 0 { line[at] = Self.audible(from[i]) }
        let value = line[now] + (line[before] - line[now]) * fraction
        if whole > 0 { line[at] = Self.audible(from[i] + value * Float(feedbacks[i])) }
        to[i] = value
        loudest = max(loudest, line[at].magnitude)
        at += 1
        if at == length { at = 0 }
      }
    }
    return loudest
  }
}
