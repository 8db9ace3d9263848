import FrameModel

/// A piece of a parameter's course: what the value is from `start` until the next segment's start. A plain value; its value curve's
/// memory belongs to the `SegmentStorage`.
struct Segment: BitwiseCopyable {
  enum Shape: UInt8, BitwiseCopyable {
    case constant, linear, exponential, target, valueCurve, bezier
    case equalPowerIn, equalPowerOut, exponentialIn, exponentialOut, sCurve
  }

  var shape = Shape.constant
  /// Values are decibels and become gains, after the interpolation.
  var decibels = false
  /// Where it takes over, in frames; minus infinity for the first.
  var start = -Double.infinity
  /// From `time` (value `from`) to `time + duration` (value `to`), in frames.
  var time = 0.0
  var duration = 0.0
  var from = 0.0
  var to = 0.0
  /// Exponential: log of to/from. Target: 1 / time constant. Bézier: its control points.
  var a = 0.0
  var b = 0.0
  var c = 0.0
  var d = 0.0
  var curve: UnsafePointer<Float>?
  var curveCount = 0

  static func constant(_ value: Double, from start: Double) -> Segment {
    var segment = Segment()
    segment.start = start
    segment.from = value
    segment.to = value
    return segment
  }

  static func between(_ shape: Shape, _ from: Double, at time: Double, _ to: Double, at end: Double) -> Segment {
    var segment = Segment()
    segment.shape = shape
    segment.start = time
    segment.time = time
    segment.duration = end - time
    segment.from = from
    segment.to = to
    return segment
  }

  /// A target is reached (to 4e-18 of the way) after this many time constants, and is then a constant.
  private static let settled = 40.0

  /// The value from `frame` on, where it no longer changes within the segment.
  func constantValue(from frame: Double) -> Double? {
    switch shape {
    case .constant: finished(from)
    case .target where (frame - time) * a > Self.settled: finished(to)
    default: nil
    }
  }

  private func finished(_ value: Double) -> Double { decibels ? PortableMath.gain(decibels: value) : value }

  func value(at frame: Double) -> Double { finished(plainValue(at: frame)) }

  private func plainValue(at frame: Double) -> Double {
    let elapsed = frame - time
    switch shape {
    case .constant: return from
    case .target: return elapsed * a > Self.settled ? to : to + (from - to) * PortableMath.exp(-elapsed * a)
    case .linear: return from + (to - from) * (elapsed / duration)
    case .exponential: return from * PortableMath.exp(a * (elapsed / duration))
    case .valueCurve: return curveValue(elapsed / duration)
    case .bezier: return from + (to - from) * CubicBezier(x1: a, y1: b, x2: c, y2: d).y(at: elapsed / duration)
    case .equalPowerIn: return mixed(FadeCurve.equalPower.fadeIn(elapsed / duration))
    case .equalPowerOut: return mixed(1 - FadeCurve.equalPower.fadeOut(elapsed / duration))
    case .exponentialIn: return mixed(FadeCurve.exponential.fadeIn(elapsed / duration))
    case .exponentialOut: return mixed(1 - FadeCurve.exponential.fadeOut(elapsed / duration))
    case .sCurve: return mixed(FadeCurve.sCurve.fadeIn(elapsed / duration))
    }
  }

  private func mixed(_ progress: Double) -> Double { from + (to - from) * progress }

  private func curveValue(_ progress: Double) -> Double {
    guard let curve else { return to }
    let position = max(0, progress) * Double(curveCount - 1)
    let k = Int(position)
    guard k < curveCount - 1 else { return Double(curve[curveCount - 1]) }
    let low = Double(curve[k]), high = Double(curve[k + 1])
    return low + (high - low) * (position - Double(k))
  }

  /// The values of `count` frames, the first of them `frame`.
  func fill(_ out: UnsafeMutablePointer<Double>, _ count: Int, from frame: Double) {
    switch shape {
    case .constant:
      out.update(repeating: finished(from), count: count)
    case .linear where !decibels:
      let slope = (to - from) / duration
      for i in 0..<count {
        out[i] = from + slope * (frame + Double(i) - time)
      }
    default:
      for i in 0..<count {
        out[i] = value(at: frame + Double(i))
      }
    }
  }
}
