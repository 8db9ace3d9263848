/// StereoPannerNode: equal power, mono or stereo in, stereo out.
struct PannerState: NodeState {
  let pan: UnsafeMutablePointer<Parameter>
  private var lastPan = Double.nan
  private var left: Float = 0
  private var right: Float = 0

  init(parameters: UnsafeMutablePointer<Parameter>, samples: UnsafeMutablePointer<Float>, settings: NodeSettings) {
    pan = parameters
  }

  mutating func reset() {}

  /// The two gains of the specification's algorithm.
  static func gains(_ pan: Double, stereo: Bool) -> (left: Double, right: Double) {
    let x = !stereo ? (pan + 1) / 2 : pan <= 0 ? pan + 1 : pan
    let (sin, cos) = PortableMath.sincos(x * (Double.pi / 2))
    return (cos, sin)
  }

  mutating func process(_ input: Signal, _ silent: Bool, _ output: Signal, _ frame: Int64, _ scratch: Scratch) -> Bool {
    let constant = pan.pointee.values(at: frame, scratch.values(0))
    if silent {
      output.clear()
      return true
    }
    let outLeft = output.plane(0), outRight = output.plane(1)
    let inLeft = input.plane(0), inRight = input.plane(input.channels == 2 ? 1 : 0)
    if let constant {
      if constant != lastPan {
        let gains = Self.gains(constant, stereo: input.channels == 2)
        (left, right, lastPan) = (Float(gains.left), Float(gains.right), constant)
      }
      Self.pan(inLeft, inRight, left, right, stereo: input.channels == 2, toLeft: constant <= 0, outLeft, outRight)
    } else {
      lastPan = .nan
      let pans = scratch.values(0)
      for i in 0..<Quantum.frames {
        let gains = Self.gains(pans[i], stereo: input.channels == 2)
        let (l, r) = (Float(gains.left), Float(gains.right))
        if input.channels == 1 {
          outLeft[i] = inLeft[i] * l
          outRight[i] = inLeft[i] * r
        } else if pans[i] <= 0 {
          outLeft[i] = inLeft[i] + inRight[i] * l
          outRight[i] = inRight[i] * r
        } else {
          outLeft[i] = inLeft[i] * l
          outRight[i] = inRight[i] + inLeft[i] * r
        }
      }
    }
    return false
  }

  private static func pan(
    _ inLeft: UnsafeMutablePointer<Float>, _ inRight: UnsafeMutablePointer<Float>, _ left: Float, _ right: Float, stereo: Bool,
    toLeft: Bool, _ outLeft: UnsafeMutablePointer<Float>, _ outRight: UnsafeMutablePointer<Float>
  ) {
    if !stereo {
      for i in 0..<Quantum.frames {
        outLeft[i] = inLeft[i] * left
        outRight[i] = inLeft[i] * right
      }
    } else if toLeft {
      for i in 0..<Quantum.frames {
        outLeft[i] = inLeft[i] + inRight[i] * left
        outRight[i] = inRight[i] * right
      }
    } else {
      for i in 0..<Quantum.frames {
        outLeft[i] = inLeft[i] * left
        outRight[i] = inRight[i] + inLeft[i] * right
      }
    }
  }
}
