import FrameModel
import SluiceBase
import Testing

@testable import AudioEngine

#if canImport(Glibc)
import Glibc
#endif

@Suite struct CurveTests {
  func rendered(_ curve: ParameterCurve, frames: Int = 6000) throws -> [Float] {
    let graph = try makeGraph(channels: 1)
    let gain = try graph.makeGain()
    try gain.gain.setCurve(curve)
    try graph.play([[Float](repeating: 1, count: frames)]).connect(gain).connect(graph.destination)
    return try render(graph, frames)[0]
  }

  /// By bisection, as the timeline evaluates keyframes of pictures.
  func bezier(_ x: Double, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> Double {
    func point(_ t: Double, _ a: Double, _ b: Double) -> Double {
      let u = 1 - t
      return 3 * u * u * t * a + 3 * u * t * t * b + t * t * t
    }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 { if point((low + high) / 2, x1, x2) < x { low = (low + high) / 2 } else { high = (low + high) / 2 } }
    return point((low + high) / 2, y1, y2)
  }

  @Test func keysOfAProjectAreExactToTheFrame() throws {
    // Times of a 29.97 fps project fall between samples.
    let times = [Rational(1001, 30000), Rational(2002, 30000), Rational(3003, 30000), Rational(1, 9), Rational(7, 60)]
    let output = try rendered(
      ParameterCurve([
        .init(.exact(times[0]), 0.2), .init(.exact(times[1]), 1, .bezier(x1: 0.42, y1: 0, x2: 0.58, y2: 1)),
        .init(.exact(times[2]), 0.1, .hold), .init(.exact(times[3]), 0.8, .linear),
        .init(.exact(times[4]), 0.3, .bezier(x1: 0.1, y1: 2, x2: 0.2, y2: 1)),
      ]))
    let frames = times.map { $0.double * 48000 }
    let expected = (0..<6000).map { n -> Double in
      let t = Double(n)
      func part(_ k: Int) -> Double { (t - frames[k]) / (frames[k + 1] - frames[k]) }
      if t < frames[0] { return 0.2 }
      if t < frames[1] { return 0.2 + 0.8 * bezier(part(0), 0.42, 0, 0.58, 1) }
      if t < frames[2] { return 1 }
      if t < frames[3] { return 0.1 + 0.7 * part(2) }
      if t < frames[4] { return 0.8 - 0.5 * bezier(part(3), 0.1, 2, 0.2, 1) }
      return 0.3
    }
    #expect(difference(output, expected) < 1e-6)
  }

  @Test func decibelsAreInterpolatedAsSuch() throws {
    let output = try rendered(ParameterCurve([.init(.frame(0), -40), .init(.frame(4000), 0)], unit: .decibels))
    #expect(difference(output, (0..<6000).map { Glibc.pow(10, min(0, Double($0) / 100 - 40) / 20) }) < 1e-6)
  }

  @Test(arguments: FadeCurve.allCases) func fadesRunFromSilenceToFullAndBack(_ fade: FadeCurve) throws {
    let rising = try rendered(.fade(fade, from: .frame(1000), to: .frame(3000)))
    let falling = try rendered(.fade(fade, from: .frame(1000), to: .frame(3000), out: true))
    #expect(rising[1000] == 0 && rising[3000] == 1 && falling[1000] == 1 && falling[3000] == 0)
    for n in 1001..<3000 {
      let x = Double(n - 1000) / 2000
      let expected =
        switch fade {
        case .linear: x
        case .equalPower: Glibc.sin(x * Double.pi / 2)
        case .exponential: (Glibc.pow(1000, x) - 1) / 999
        case .sCurve: 3 * x * x - 2 * x * x * x
        }
      #expect((Double(rising[n]) - expected).magnitude < 1e-6)
      #expect((falling[4000 - n] - rising[n]).magnitude < 1e-6)
      #expect(rising[n] > rising[n - 1])
    }
  }

  @Test func crossFadesKeepSumOrPower() {
    for step in 0...1000 {
      let x = Double(step) / 1000
      for fade in [FadeCurve.linear, .sCurve] { #expect((fade.fadeIn(x) + fade.fadeOut(x) - 1).magnitude < 1e-12) }
      let (a, b) = (FadeCurve.equalPower.fadeIn(x), FadeCurve.equalPower.fadeOut(x))
      #expect((a * a + b * b - 1).magnitude < 1e-12)
    }
  }

  @Test func curvesWithoutOrderAreRefused() throws {
    let gain = try makeGraph().makeGain().gain
    #expect(throws: SluiceError.self) { try gain.setCurve(ParameterCurve([])) }
    #expect(throws: SluiceError.self) { try gain.setCurve(ParameterCurve([.init(.frame(5), 1), .init(.frame(5), 2)])) }
  }

  @Test func exactTimesStayExact() {
    #expect(AudioTime.exact(Rational(1001, 30000)).frames(48000) == 1601.6)
    #expect(AudioTime.exact(Rational(1_000_000_007)).frames(48000) == 48_000_000_336_000)
  }
}
