import Testing

@testable import AudioEngine

#if canImport(Glibc)
import Glibc
#endif

@Suite struct PortableMathTests {
  /// Difference in units of the last place of the true value.
  func ulps(_ a: Double, _ b: Double) -> Double { (a - b).magnitude / max(b.ulp, Double.leastNormalMagnitude) }

  @Test func exponentialsAndLogarithmsAreTheLibrarysWithinTwoUlps() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20000 {
      let x = Double.random(in: -600...600, using: &generator)
      #expect(ulps(PortableMath.exp(x), Glibc.exp(x)) <= 2)
      let y = Glibc.exp(Double.random(in: -700...700, using: &generator))
      #expect((PortableMath.log(y) - Glibc.log(y)).magnitude <= 4e-16 * max(1, Glibc.log(y).magnitude))
    }
    #expect(PortableMath.exp(0) == 1)
    #expect(PortableMath.log(1) == 0)
    #expect(PortableMath.log(0) == -.infinity)
  }

  @Test func anglesAreTheLibrarysToThePrecisionOfOne() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20000 {
      let x = Double.random(in: -20...20, using: &generator)
      let (sin, cos) = PortableMath.sincos(x)
      #expect((sin - Glibc.sin(x)).magnitude <= 4e-16)
      #expect((cos - Glibc.cos(x)).magnitude <= 4e-16)
      let y = Double.random(in: -2...2, using: &generator)
      #expect((PortableMath.atan2(y, x) - Glibc.atan2(y, x)).magnitude <= 2e-15)
    }
  }
}
