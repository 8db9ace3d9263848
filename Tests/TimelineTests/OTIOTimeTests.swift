import FrameModel
import TestKit
import Testing

@testable import Timeline

@Suite struct OTIOTimeTests {
  @Test(arguments: [
    (24.0, Rational(24)), (23.976, Rational(24000, 1001)), (23.976023976023978, Rational(24000, 1001)),
    (23.98, Rational(24000, 1001)), (29.97, Rational(30000, 1001)), (29.97002997002997, Rational(30000, 1001)),
    (59.94, Rational(60000, 1001)), (119.88, Rational(120000, 1001)), (47.95, Rational(48000, 1001)), (25.0, Rational(25)),
    (24.0000001, Rational(24)), (12.5, Rational(25, 2)), (0.5, Rational(1, 2)), (48000.0, Rational(48000)),
    (44100.0, Rational(44100)), (14.985, Rational(15000, 1001)), (1.0, Rational(1)),
  ])
  func aRateIsTheOneThatIsMeant(written: Double, exact: Rational) {
    #expect(OTIONumber.rate(written) == exact)
  }

  @Test func whatIsNoRateIsNone() {
    for rate in [0, -24, .nan, .infinity, 1e9] { #expect(OTIONumber.rate(rate) == nil) }
  }

  @Test func theSimplestFractionNearANumberIsFound() {
    #expect(OTIONumber.simplest(near: 1.9833333333333336, tolerance: 1e-9) == Rational(119, 60))
    #expect(OTIONumber.simplest(near: 81.99999999999999, tolerance: 1e-6) == Rational(82))
    #expect(OTIONumber.simplest(near: -0.375, tolerance: 1e-9) == Rational(-3, 8))
    #expect(OTIONumber.simplest(near: 0, tolerance: 1e-9) == .zero)
    #expect(OTIONumber.simplest(near: 1e300, tolerance: 1e-9) == nil)
    var random = TestRandom(3)
    for _ in 0..<2000 {
      let value = Double.random(in: -1e5...1e5, using: &random)
      let near = OTIONumber.simplest(near: value, tolerance: 1e-6)
      #expect(near.map { ($0.double - value).magnitude < 1.1e-6 && $0.den <= 1_000_000 } ?? false)
    }
  }

  @Test func sumsOfOddFractionsStaySmallAndOnFrames() {
    let clock = OTIOClock(rate: Rational(24))
    var sum = Rational.zero
    var exact = 0.0
    for den in 900...1100 {
      sum = clock.sum(sum, Rational(1, Int64(den)))
      exact += 1 / Double(den)
      #expect(sum.den <= 1_000_000_000 && (sum.double - exact).magnitude < 1e-6)
    }
    // What is a frame's time to within 0.1 µs is a frame's time.
    #expect(clock.sum(Rational(1_000_000_007, 24_000_000_000), Rational(1, 999_999_937)).den <= 1_000_000_000)
    #expect(clock.sum(Rational(41_666_667, 1_000_000_000), Rational(1, 24)) == Rational(1, 12))
    #expect(clock.product(Rational(10_000_000), Rational(1000)) == OTIOClock.limit)
  }

  @Test func pathsAreFoundInUrls() {
    func paths(_ url: String) -> [String] {
      if case .file(let paths) = OTIOMediaPath(url, folder: "/p") { paths } else { ["elsewhere"] }
    }
    #expect(paths("file:///a/b%20c.mov") == ["/a/b c.mov", "/a/b%20c.mov"])
    #expect(paths("file:///a/b c.mov") == ["/a/b c.mov"])
    #expect(paths("file://localhost/D%3a/x.mov") == ["/D:/x.mov", "/D%3a/x.mov"])
    #expect(paths("FILE:/a.mov") == ["/a.mov"])
    #expect(paths("media/100%.mov") == ["/p/media/100%.mov"])
    #expect(paths("./a%20b.mov") == ["/p/a%20b.mov", "/p/a b.mov"])
    #expect(paths("../a.mov") == ["/p/../a.mov"])
    #expect(paths("/a.mov") == ["/a.mov"])
    #expect(paths("D:\\a.mov") == ["/p/D:\\a.mov"])
    #expect(paths("%C3%28.mov") == ["/p/%C3%28.mov"])
    for url in ["http://host/a.mov", "s3://bucket/a", "file://host/a.mov"] { #expect(paths(url) == ["elsewhere"]) }
  }
}
