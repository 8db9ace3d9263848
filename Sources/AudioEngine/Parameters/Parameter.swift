/// The rendering side of a parameter: a plain value in its node's pool.
struct Parameter: BitwiseCopyable {
  /// Of the `SegmentStorage` that the graph holds; nil: `value`, always.
  var segments: UnsafeMutablePointer<Segment>?
  var count = 0
  /// The segment in force; moves forward only, until a reset.
  var cursor = 0
  var value = 0.0
  var range = ParameterRange(-Double.infinity, Double.infinity)

  /// The value during the whole quantum that starts at `frame`, or nil and one value a frame in `out`.
  mutating func values(at frame: Int64, _ out: UnsafeMutablePointer<Double>) -> Double? {
    guard let segments else { return range.clamp(value) }
    let first = Double(frame)
    advance(segments, to: first)
    let next = cursor + 1 < count ? segments[cursor + 1].start : .infinity
    if next > first + Double(Quantum.frames - 1), let value = segments[cursor].constantValue(from: first) {
      return range.clamp(value)
    }
    var index = cursor
    var at = 0
    while at < Quantum.frames {
      let now = first + Double(at)
      while index + 1 < count, segments[index + 1].start <= now { index += 1 }
      let next = index + 1 < count ? segments[index + 1].start - first : .infinity
      let end = next < Double(Quantum.frames) ? Int(next.rounded(.up)) : Quantum.frames
      segments[index].fill(out + at, end - at, from: now)
      at = end
    }
    for i in 0..<Quantum.frames {
      out[i] = range.clamp(out[i])
    }
    return nil
  }

  /// The value at one frame: for parameters that are read once a quantum (k-rate).
  mutating func value(at frame: Int64) -> Double {
    guard let segments else { return range.clamp(value) }
    let now = Double(frame)
    advance(segments, to: now)
    return range.clamp(segments[cursor].value(at: now))
  }

  private mutating func advance(_ segments: UnsafeMutablePointer<Segment>, to frame: Double) {
    while cursor + 1 < count, segments[cursor + 1].start <= frame { cursor += 1 }
  }
}

/// What a parameter's values are held to.
struct ParameterRange: BitwiseCopyable {
  var low: Double
  var high: Double
  init(_ low: Double, _ high: Double) {
    self.low = low
    self.high = high
  }
  func clamp(_ value: Double) -> Double { Swift.min(Swift.max(value, low), high) }
}
