import FrameModel
import Testing

/// The one solver of the curves that keyframes of pictures and of sound have.
@Suite struct CubicBezierTests {
  private static let curves = [
    CubicBezier(x1: 0.42, y1: 0, x2: 1, y2: 1), CubicBezier(x1: 0, y1: 0, x2: 0.58, y2: 1),
    CubicBezier(x1: 0.42, y1: 0, x2: 0.58, y2: 1), CubicBezier(x1: 1, y1: 0, x2: 0, y2: 1),
    CubicBezier(x1: 0.3, y1: -2, x2: 0.7, y2: 3), CubicBezier(x1: 0, y1: 0, x2: 1, y2: 1),
  ]

  private func point(_ t: Double, _ a: Double, _ b: Double) -> Double {
    let u = 1 - t
    return 3 * u * u * t * a + 3 * u * t * t * b + t * t * t
  }

  @Test func meetsTheCurveAtEveryParameter() {
    for curve in Self.curves {
      for step in 1..<1000 {
        let t = Double(step) / 1000
        let x = point(t, curve.x1, curve.x2)
        let error = curve.y(at: x) - point(t, curve.y1, curve.y2)
        // Where the curve's x hardly grows, an x of 53 bits tells little about the parameter. Where it stands still, the parameter
        // is known only to the cube root of the last bit of x, about 5e-6.
        let slope = 3 * (1 - t) * (1 - t) * curve.x1 + 6 * (1 - t) * t * (curve.x2 - curve.x1) + 3 * t * t * (1 - curve.x2)
        #expect(error.magnitude < 1e-12 / max(slope, 1e-7), "\(curve) at \(t)")
      }
    }
  }

  @Test func isHeldOutsideItsEnds() {
    for curve in Self.curves {
      #expect(curve.y(at: 0) == 0 && curve.y(at: -1) == 0 && curve.y(at: 1) == 1 && curve.y(at: 2) == 1)
    }
  }

  @Test func aStraightCurveIsTheIdentity() {
    let straight = CubicBezier(x1: 1.0 / 3, y1: 1.0 / 3, x2: 2.0 / 3, y2: 2.0 / 3)
    for step in 0...100 { #expect((straight.y(at: Double(step) / 100) - Double(step) / 100).magnitude < 1e-15) }
  }
}
