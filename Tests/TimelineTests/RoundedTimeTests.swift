import FrameModel
import Plan
import SluiceBase
import TestKit
import Testing

@testable import Timeline

/// No project is refused because its fractions are too fine: they are rounded where they do not fit.
@Suite struct RoundedTimeTests {
  @Test func sumsAndProductsAreExactWhereTheyFitAndNearOtherwise() throws {
    var random = TestRandom(94)
    for _ in 0..<4000 {
      let bits = Int.random(in: 1...62, using: &random), place = Int.random(in: 0...62, using: &random)
      let a = Rational(.random(in: -(1 << bits)...1 << bits, using: &random), .random(in: 1...1 << place, using: &random))
      let b = Rational(.random(in: -1000...1000, using: &random), .random(in: 1...1 << place, using: &random))
      for (rounded, exact, ideal) in [
        (a.plus(b), a.adding(b), a.double + b.double), (a.minus(b), a.subtracting(b), a.double - b.double),
        (a.times(b), a.multiplied(by: b), a.double * b.double), (a.over(b) ?? .zero, a.divided(by: b), a.double / b.double),
      ] where b.num != 0 {
        if let exact { #expect(rounded == exact) }
        if ideal.magnitude < 1e18 {
          let error = (rounded.double - ideal).magnitude
          #expect(error <= max(1e-12, ideal.magnitude * 1e-12), "\(a) and \(b): \(rounded)")
        } else {
          #expect(rounded.double.magnitude >= 1e18 && (rounded.double > 0) == (ideal > 0))
        }
      }
    }
    #expect(Rational.one.over(.zero) == nil)
    #expect(Rational(Int64.min, 1).magnitude.double == 0x1p62 || Rational(Int64.min, 1).magnitude.double == 0x1p63)
  }

  @Test func fractionsThatProgramsWriteAsDecimalsAreFound() throws {
    for den in Int64(1)...400 {
      for num in [1, den + 1, 3 * den - 1] where num > 0 {
        let value = Rational(num, den)
        let digits = try #require(JSONNumber(text: "\(value.double)").fraction)
        #expect(Rational(nearest: digits.num, digits.den).simplest(within: 1e-13) == value)
      }
    }
    #expect(Rational(-1, 3).simplest(within: 0.1) == Rational(-1, 3))
    #expect(Rational(355, 113).simplest(within: 1e-3) == Rational(22, 7))
    #expect(Rational(7, 10).rounded(to: 3) == Rational(2, 3) && Rational(-1, 2).rounded(to: 1) == .zero)
  }

  private static func media() -> [String: MediaInfo] {
    var info = video("/p/v", duration: Rational(41_462_597, 7_056_000), rate: Rational(30000, 1001)) {
      $0.nominalRate = $0.averageRate
    }
    var audio = MediaInfo.Audio()
    (audio.codec, audio.sampleRate, audio.channels) = ("aac", 44100, 2)
    (audio.start, audio.duration) = (Rational(-1023, 44100), Rational(259_072, 44100))
    info.audio = [audio]
    info.soundZero = Rational(1, 90000)
    return table(info)
  }

  private static func plan(_ clips: String, canvas: String = "fps:'30000/1001',sampleRate:44100", more: String = "") throws
    -> CompiledPlan
  {
    let text = "{canvas:{\(canvas)},sources:{v:'v'\(more)},tracks:[{clips:[\(clips)]}]}"
    let project = try ProjectReader.read(text: text, path: "/p/x.json")
    var settings = project.output.settings()
    settings.sound = SoundSettings()
    return try PlanCompiler.compile(project, media: media(), settings: settings)
  }

  static let speeds = [
    "1.0434782608695652", "0.3333333333333333", "0.7071067811865476", "-1.1234567890123457", "3.141592653589793",
    "'999999937/999999929'", "'1000000007/999999937'", "0.99900099900099903", "1.2345678901234567e-2", "0.0050000000000000001",
  ]

  @Test(arguments: speeds) func stretchedClipsPlayWherePicturesAndSoundMean(_ speed: String) throws {
    let value = try #require(
      DecimalText.fraction(speed.filter { $0 != "'" })?.double ?? Double(speed))
    for at in ["0", "0.123456789", "'1/999999937'", "7.1"] {
      for start in ["2.000000001", "'1/999999929'"] {
        let plan = try Self.plan("{source:'v',at:\(at),in:\(start),duration:1.5,speed:\(speed),beyond:'loop'}")
        let time = try #require(TimeValue.parse(at.filter { $0 != "'" })).resolve(fps: .one).double
        let from = try #require(TimeValue.parse(start.filter { $0 != "'" })).resolve(fps: .one).double
        let stream = try #require(plan.streams.first)
        let rate = 30000.0 / 1001
        let shown = from + (Double(stream.firstFrame) / rate - time) * value
        // `in` may be taken to the picture just behind it.
        let length = 41_462_597.0 / 7_056_000
        let off = (stream.start.double - shown).truncatingRemainder(dividingBy: length).magnitude
        #expect(min(off, length - off) < 0.0011, "pictures at \(at), \(start)")
        #expect((stream.step.double * rate - value).magnitude < 1e-9, "step")
        let sound = try #require(plan.withView { $0.sound }?.clips.first)
        #expect((sound.speed.double - value).magnitude < 1e-9)
      }
    }
  }

  @Test func longTimelinesOfFineFractionsStayInTime() throws {
    // An hour at a speed that is no simple fraction: its last picture is where it should be within a millisecond.
    let text =
      "{canvas:{fps:'30000/1001'},sources:{v:{lavfi:'testsrc'}},tracks:[{clips:[{source:'v',speed:0.7071067811865476,duration:3600}]}]}"
    var info = video("lavfi:testsrc", duration: nil, rate: Rational(25))
    info.kind = .video
    let plan = try compile(text, table(info))
    let stream = plan.streams[0]
    let last = stream.start + Rational(stream.endFrame - 1) * stream.step
    #expect((last.double - Double(stream.endFrame - 1) * 1001 / 30000 * 0.7071067811865476).magnitude < 0.001)
  }

  @Test func timelinesWithinTimelinesOfOddSpeedsAreNotRefused() throws {
    var random = TestRandom(95)
    for _ in 0..<60 {
      var inner = "{canvas:{width:64,height:64,fps:'24000/1001'},sources:{v:'v'},tracks:[{clips:[{source:'v',speed:1.1}]}]}"
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let speed = Double.random(in: 0.3...3, using: &random), at = Double.random(in: 0...0.5, using: &random)
        inner =
          "{canvas:{width:64,height:64,fps:29.97},sources:{t:{timeline:\(inner)}},tracks:[{clips:[{source:'t',at:\(at),"
          + "in:\(Double.random(in: 0...0.2, using: &random)),speed:\(speed),place:{x:{keys:[{t:\(at),v:0},{t:\(at + speed),v:9}]}}}]}]}"
      }
      _ = try Self.plan("{source:'t',speed:\(Double.random(in: 0.3...3, using: &random))}", more: ",t:{timeline:\(inner)}")
    }
  }

  @Test func soundTracksOfOddTimesAreNotRefused() throws {
    var random = TestRandom(96)
    for _ in 0..<150 {
      func number(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &random) }
      let rate = [8000, 44100, 48000, 96000, 192_000].randomElement(using: &random) ?? 48000
      let text =
        "{canvas:{fps:'\(Int.random(in: 1_000_000...900_000_000, using: &random))/999983',sampleRate:\(rate)},sources:{v:'v'},"
        + "tracks:[{kind:'audio',gain:{keys:[{t:\(number(0...1)),v:-3.0000000000000004},{t:\(number(1...2)),v:0}]},clips:["
        + "{source:'v',at:\(number(0...3)),in:\(number(0...2)),duration:\(number(0.1...9)),speed:\(number(0.01...16)),beyond:'loop',"
        + "fadeIn:\(number(0.001...0.05)),fadeOut:\(number(0.001...0.05)),"
        + "effects:[{delay:{delayTime:{keys:[{t:0,v:\(number(0...1))},{t:\(number(0.1...1)),v:0.3333333333333333}]}}}]}]}]}"
      let project = try ProjectReader.read(text: text, path: "/p/x.json")
      var settings = project.output.settings()
      (settings.sound, settings.codec) = (SoundSettings(), "")
      let plan = try PlanCompiler.compile(project, media: Self.media(), settings: settings)
      #expect(plan.withView { $0.sound }?.clips.count == 1)
    }
  }

  @Test func numbersOfAnyPrecisionAreRead() throws {
    let text =
      "{sources:{v:'v'},tracks:[{clips:[{source:'v',speed:0.1000000000000000055511151231257827021181583404541015625,"
      + "opacity:1.2345678901234567e-5,rotate:1e-30,place:{x:0.30000000000000004441}}]}]}"
    let project = try ProjectReader.read(text: text, path: "/p/x.json")
    let clip = project.tracks[0].clips[0]
    #expect((clip.speed.double - 0.1).magnitude < 1e-15 && (clip.opacity.constant?.double ?? 0) > 1.2e-5)
    #expect(clip.rotate.constant == .zero || (clip.rotate.constant?.double ?? 1) < 1e-12)
  }
}
