import FrameModel
import TestKit
import Testing

@testable import Timeline

@Suite struct TimeValueTests {
  @Test(arguments: [
    ("12.5", TimeValue.seconds(Rational(25, 2))), ("0", .seconds(.zero)), (".5", .seconds(Rational(1, 2))),
    ("7.", .seconds(Rational(7))),
    ("1001/30000", .seconds(Rational(1001, 30000))), ("375f", .frames(375)), ("-3f", .frames(-3)),
    ("-1.25", .seconds(Rational(-5, 4))),
    ("00:01:02.500", .seconds(Rational(125, 2))), ("10:00:00", .seconds(Rational(36000))),
    ("90:30.25", .seconds(Rational(21721, 4))),
    // As a number in a project file.
    ("1e3", .seconds(Rational(1000))), ("6.7E-2", .seconds(Rational(67, 1000))), ("0.0000000001", .seconds(.zero)),
    ("0.06666666666666667", .seconds(Rational(66_666_667, 1_000_000_000))),
    ("0.1000000000000000055511151231257827", .seconds(Rational(1, 10))),
    ("00:00:00.0666666666667", .seconds(Rational(66_666_667, 1_000_000_000))),
    ("0.1", .seconds(Rational(1, 10))), ("0.333333333", .seconds(Rational(333_333_333, 1_000_000_000))),
  ])
  func readsTimesExactly(_ text: String, _ time: TimeValue) { #expect(TimeValue.parse(text) == time) }

  @Test(arguments: [
    "", "-", "f", ".", "1e", "1:2e1", "e3", "1.2.3", "1-2", "1:60", "1:2:3:4", "::", "00:61:00", "1/0", "1/2/3", "12.5f", " 1",
    "1 ", "+1", "0x10", "1,5",
    "--1", "١",
    "99999999999", "99999999999999999999", "10000001", "10000000001f", "nan", "inf", "1:-2", "1/-2",
  ])
  func refusesWhatIsNoTime(_ text: String) { #expect(TimeValue.parse(text) == nil) }

  @Test func everyTimeReadsBackFromItsText() {
    var random = TestRandom(1)
    for _ in 0..<20_000 {
      let den =
        [1, 10, 1000, 90000, 1_000_000_000, Int64.random(in: 1...1_000_000_000, using: &random)].randomElement(using: &random)
        ?? 1
      let time =
        random.chance(20)
        ? TimeValue.frames(.random(in: -1_000_000...1_000_000, using: &random))
        : .seconds(Rational(.random(in: -9_000_000_000...9_000_000_000, using: &random) % (10_000_000 * den), den))
      guard case .seconds(let value) = time, !TimeValue.accepts(value) else {
        #expect(TimeValue.parse(time.description) == time)
        continue
      }
    }
  }

  @Test func randomTextNeverTraps() {
    var random = TestRandom(2)
    let letters = Array("0123456789::..//f-e +")
    for _ in 0..<50_000 {
      _ = TimeValue.parse(
        String((0..<Int.random(in: 0...24, using: &random)).map { _ in letters.randomElement(using: &random) ?? "0" }))
      _ = Rate.parse(
        String((0..<Int.random(in: 0...24, using: &random)).map { _ in letters.randomElement(using: &random) ?? "0" }))
    }
  }

  @Test func framesCountAtTheRate() {
    #expect(TimeValue.frames(30000).resolve(fps: Rational(30000, 1001)) == Rational(1001))
    #expect(FrameGrid(rate: Rational(30000, 1001)).firstFrame(from: Rational(1)) == 30)
    #expect(FrameGrid(rate: Rational(30)).firstFrame(from: Rational(1, 30)) == 1)
    #expect(FrameGrid(rate: Rational(30)).firstFrame(from: Rational(1, 29)) == 2)
  }

  @Test func ratesAreExact() {
    #expect(Rate.parse("30000/1001") == Rational(30000, 1001))
    #expect(Rate.parse("29.97") == Rational(2997, 100))
    #expect(Rate.parse("0") == nil)
    #expect(Rate.parse("1001") == nil)
    #expect(Rate.parse("-25") == nil)
  }
}
