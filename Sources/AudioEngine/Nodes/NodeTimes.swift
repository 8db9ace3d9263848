/// How late a node's output is, and how long it rings, before there is a node: for those who plan a graph.
public enum NodeTimes {
  /// Frames that a compressor's output is late.
  public static func compressorLatency(sampleRate: Double) -> Int { CompressorState.lineFrames(sampleRate: sampleRate) }
  /// Frames that a limiter's output is late.
  public static func limiterLatency(sampleRate: Double) -> Int { LimiterState.lookAheadFrames(sampleRate: sampleRate) }

  /// Frames after its input until a filter's output has fallen by 120 dB; `limit` at most.
  public static func biquadTail(
    _ type: BiquadFilterType, frequency: Double, q: Double, gain: Double, sampleRate: Double, limit: Int
  ) -> Int {
    let c = BiquadCoefficients(type, frequency: frequency, q: q, gain: gain, sampleRate: sampleRate)
    // The larger root of z^2 + a1 z + a2.
    let discriminant = c.a1 * c.a1 - 4 * c.a2
    let radius =
      discriminant < 0 ? c.a2.squareRoot() : (c.a1.magnitude + discriminant.squareRoot()) / 2
    guard radius > 0 else { return 2 }
    guard radius < 1 else { return limit }
    let frames = 120 / -PortableMath.decibels(gain: radius)
    return frames < Double(limit) ? Int(frames) + 2 : limit
  }

  /// Frames after its input until the echoes of a delay have fallen by 120 dB; `limit` at most. Seconds, and the share fed back.
  public static func delayTail(_ time: Double, feedback: Double, sampleRate: Double, limit: Int) -> Int {
    var echoes = 1.0
    if feedback.magnitude >= 1 { return limit }
    if feedback != 0 { echoes += (120 / -PortableMath.decibels(gain: feedback.magnitude)).rounded(.up) }
    let frames = time * sampleRate * echoes
    return frames < Double(limit) ? Int(frames.rounded(.up)) + 1 : limit
  }
}

extension NodeTimes {
  /// Of a frequency, for a change by so many cents.
  public static func factor(cents: Double) -> Double { PortableMath.exp(cents * 5.776226504666211e-04) }
}

extension NodeTimes {
  public static func gain(decibels: Double) -> Double { PortableMath.gain(decibels: decibels) }
  public static func decibels(gain: Double) -> Double { PortableMath.decibels(gain: gain) }
}
