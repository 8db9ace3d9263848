import SluiceBase

/// How a value goes from the key before to this one.
public enum CurveEase: Hashable, Sendable {
  case linear
  /// Stays at the key before until this one.
  case hold
  /// Of CSS `cubic-bezier`: from (0, 0) to (1, 1) with these control points; x in 0...1.
  case bezier(x1: Double, y1: Double, x2: Double, y2: Double)
  /// Even in the logarithm. Both values above 0, else it holds.
  case exponential
  /// A fade's curve: as `fadeIn` where the value rises, as `fadeOut` where it falls.
  case fade(FadeCurve)

  public static let easeIn = CurveEase.bezier(x1: 0.42, y1: 0, x2: 1, y2: 1)
  public static let easeOut = CurveEase.bezier(x1: 0, y1: 0, x2: 0.58, y2: 1)
  public static let easeInOut = CurveEase.bezier(x1: 0.42, y1: 0, x2: 0.58, y2: 1)
}

/// The whole course of a parameter as keys, as a project has them: sample-accurate, whatever quanta they fall into. Before the first key
/// and after the last the value stays.
public struct ParameterCurve: Sendable, Hashable {
  public struct Key: Sendable, Hashable {
    public var time: AudioTime
    public var value: Double
    /// Of the way to this key from the one before.
    public var ease: CurveEase
    public init(_ time: AudioTime, _ value: Double, _ ease: CurveEase = .linear) {
      self.time = time
      self.value = value
      self.ease = ease
    }
  }

  public enum Unit: Sendable, Hashable {
    case linear
    /// Values are decibels; they are interpolated as such and become gains.
    case decibels
  }

  public var keys: [Key]
  public var unit: Unit

  public init(_ keys: [Key], unit: Unit = .linear) {
    self.keys = keys
    self.unit = unit
  }

  /// Silence to full, or the way back.
  public static func fade(_ curve: FadeCurve, from: AudioTime, to: AudioTime, out: Bool = false) -> ParameterCurve {
    ParameterCurve([Key(from, out ? 1 : 0), Key(to, out ? 0 : 1, .fade(curve))])
  }

  /// - Throws: when there is no key, or times do not rise.
  func segments(_ sampleRate: Double) throws(SluiceError) -> [Segment] {
    guard let first = keys.first else { throw SluiceError(.software, "a curve needs a key", at: "audio parameter") }
    var out = [Segment.constant(first.value, from: -.infinity)]
    var before = first.time.frames(sampleRate)
    var value = first.value
    for key in keys.dropFirst() {
      let time = key.time.frames(sampleRate)
      guard time > before else {
        throw SluiceError(.software, "the times of a curve's keys do not rise at frame \(time)", at: "audio parameter")
      }
      out.append(Self.segment(key.ease, value, at: before, key.value, at: time))
      before = time
      value = key.value
    }
    out.append(.constant(value, from: before))
    if unit == .decibels {
      for index in out.indices { out[index].decibels = true }
    }
    return out
  }

  private static func segment(_ ease: CurveEase, _ from: Double, at start: Double, _ to: Double, at end: Double) -> Segment {
    func shaped(_ shape: Segment.Shape) -> Segment { .between(shape, from, at: start, to, at: end) }
    let rises = to >= from
    switch ease {
    case .hold: return .constant(from, from: start)
    case .linear, .fade(.linear): return from == to ? .constant(from, from: start) : shaped(.linear)
    case .exponential:
      guard from * to > 0 else { return .constant(from, from: start) }
      var segment = shaped(.exponential)
      segment.a = PortableMath.log(to / from)
      return segment
    case .fade(.equalPower): return shaped(rises ? .equalPowerIn : .equalPowerOut)
    case .fade(.exponential): return shaped(rises ? .exponentialIn : .exponentialOut)
    case .fade(.sCurve): return shaped(.sCurve)
    case .bezier(let x1, let y1, let x2, let y2):
      var segment = shaped(.bezier)
      (segment.a, segment.b, segment.c, segment.d) = (x1, y1, x2, y2)
      return segment
    }
  }
}
