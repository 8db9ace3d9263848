import FrameModel
import Plan
import SluiceBase
import TestKit
import Testing

@testable import Timeline

/// Times as people and programs write them: a frame's time with three, six or all decimals, or as HH:MM:SS.mmm.
@Suite struct WrittenTimeTests {
  static let rates = [
    Rational(24), Rational(25), Rational(30), Rational(50), Rational(60), Rational(24000, 1001), Rational(30000, 1001),
    Rational(60000, 1001),
  ]

  /// How a program writes a time.
  enum Spelling: CaseIterable {
    case all, three, six, clock, fraction

    func text(_ time: Rational) -> String {
      switch self {
      case .all: "\(time.double)"
      case .three: decimals(time, 1000, 3)
      case .six: decimals(time, 1_000_000, 6)
      case .clock: "'\(time.clock)'"
      case .fraction: "'\(time.num)/\(time.den)'"
      }
    }

    private func decimals(_ time: Rational, _ scale: Int64, _ digits: Int) -> String {
      let count = (time * Rational(scale)).rounded, rest = "\(count % scale)"
      return "\(count / scale).\(String(repeating: "0", count: digits - rest.count))\(rest)"
    }
  }

  private func frames(_ clips: String, rate: Rational) throws -> [Int] {
    let text =
      "{canvas:{width:64,height:64,fps:'\(rate.num)/\(rate.den)'},sources:{a:{color:'#ff0000'}},tracks:[{clips:[\(clips)]}]}"
    let counts = Self.counts(try compile(text, [:]))
    return counts.indices.filter { counts[$0] > 0 }
  }

  /// Layers of each frame.
  private static func counts(_ plan: CompiledPlan) -> [Int] {
    plan.withView { view in
      var layers: [Layer] = []
      return (0..<view.frameCount).map { frame in
        view.layers(at: frame, into: &layers)
        return layers.count
      }
    }
  }

  @Test func theExamplesOfTheReport() throws {
    #expect(try frames("{source:'a',duration:0.06666666666666667}", rate: Rational(30)) == [0, 1])
    for start in ["0.067", "'00:00:00.067'", "0.06666666666666667", "'0.06666666666666667'", "6.7e-2", "'1/15'", "'2f'"] {
      #expect(try frames("{source:'a',at:\(start),duration:'1f'}", rate: Rational(30)) == [2], "\(start)")
    }
    #expect(
      try frames("{source:'a',duration:0.4666666666666667},{source:'a',at:0.4666666666666667,duration:1}", rate: Rational(30))
        == Array(0..<44))
  }

  @Test func everyFrameOfEveryRateInEverySpelling() throws {
    for rate in Self.rates {
      let grid = FrameGrid(rate: rate)
      for frame in Int64(0)...858 {
        let time = try #require(grid.time(of: frame))
        for spelling in Spelling.allCases {
          let text = spelling.text(time).filter { $0 != "'" }
          let written = try #require(TimeValue.parse(text))
          #expect(grid.firstFrame(from: written) == frame, "frame \(frame) at \(rate) as \(text)")
          #expect(grid.picture(written).map { $0.times(rate).floor } == frame, "picture \(frame) at \(rate) as \(text)")
        }
      }
    }
  }

  @Test func timesThatAreNoFrameStayAsTheyAre() throws {
    var random = TestRandom(91)
    for rate in Self.rates {
      let grid = FrameGrid(rate: rate)
      for _ in 0..<2000 {
        let time = Rational(.random(in: 0...100_000_000, using: &random), 1_000_000)
        let before = try #require(grid.time(of: (time * rate).floor))
        let after = try #require(grid.time(of: (time * rate).floor + 1))
        let settled = grid.settled(time), reached = grid.reached(time)
        #expect(settled == (time - before < Rational(1, 1000) ? before : time))
        #expect(reached == (time != before && after - time < Rational(1, 1000) ? after : time))
      }
    }
    // At high rates less than a quarter of a frame, and never more than a millisecond.
    #expect(FrameGrid(rate: Rational(1000)).reach == Rational(1, 4000))
    #expect(FrameGrid(rate: Rational(1)).reach == Rational(1, 1000))
    // Round times lie before the frames of the rates over 1001, and have always meant them.
    for tenth in Int64(1)...100 {
      let time = Rational(tenth, 10)
      #expect(FrameGrid(rate: Rational(30000, 1001)).settled(time) == time)
    }
  }

  @Test func aClipShorterThanTheToleranceIsShown() throws {
    #expect(try frames("{source:'a',duration:0.0005}", rate: Rational(25)) == [0])
    #expect(try frames("{source:'a',at:0.0404,duration:0.0005}", rate: Rational(25)) == [1])
  }

  /// A list of cuts as a program makes it: pieces of a source one after the other.
  private struct CutList {
    var pieces: [(source: Int64, frames: Int64)]

    init(_ count: Int, _ random: inout TestRandom) {
      pieces = (0..<count).map { _ in (.random(in: 0...2000, using: &random), .random(in: 1...30, using: &random)) }
    }

    /// `at` of each is the sum of what came before, as the program counts: in frames, or the sum of what it wrote.
    func text(_ rate: Rational, _ spelling: Spelling, endsFirst: Bool) -> String {
      var at: Int64 = 0
      let clips = pieces.map { piece in
        defer { at += piece.frames }
        func time(_ frame: Int64) -> Rational { Rational(frame) / rate }
        var duration = spelling.text(time(piece.frames))
        if endsFirst, spelling == .three {
          // The difference of two rounded times.
          let ms = (time(at + piece.frames) * Rational(1000)).rounded - (time(at) * Rational(1000)).rounded
          duration = "\(Double(ms) / 1000)"
        }
        return "{source:'v',at:\(spelling.text(time(at))),in:\(spelling.text(time(piece.source))),duration:\(duration)}"
      }
      return "{canvas:{fps:'\(rate.num)/\(rate.den)'},sources:{v:'v'},tracks:[{clips:[\(clips.joined(separator: ","))]}]}"
    }
  }

  /// Which picture of its source each output frame shows; nil: none.
  private func shown(_ plan: CompiledPlan, _ rate: Rational) -> [Int64?] {
    let streams = plan.streams
    return plan.withView { view in
      var layers: [Layer] = []
      return (0..<view.frameCount).map { frame in
        view.layers(at: frame, into: &layers)
        guard let layer = layers.first, case .picture(let index) = layer.content else { return nil }
        let stream = streams[index]
        return ((stream.start + Rational(frame - stream.firstFrame) * stream.step) * rate).floor
      }
    }
  }

  @Test func cutListsOfProgramsShowTheFramesThatTheyMean() throws {
    var random = TestRandom(92)
    for rate in Self.rates {
      let media = table(video("/p/v", duration: Rational(3000) / rate, rate: rate) { $0.nominalRate = rate })
      for spelling in Spelling.allCases {
        for endsFirst in [false, true] where spelling == .three || !endsFirst {
          let list = CutList(rate.den == 1001 || rate == Rational(30) ? 200 : 40, &random)
          let plan = try compile(list.text(rate, spelling, endsFirst: endsFirst), media)
          let wanted = list.pieces.flatMap { piece in (piece.source..<piece.source + piece.frames).map { Int64?($0) } }
          #expect(shown(plan, rate) == wanted, "\(spelling) at \(rate)")
        }
      }
    }
  }

  /// Sums of rounded lengths wander off from the frames, but what touches still touches.
  @Test func clipsThatTouchLeaveNoFrameBetweenThem() throws {
    var random = TestRandom(93)
    for rate in Self.rates {
      for scale in [1000.0, 1_000_000, 1e15] {
        for kind in ["video", "audio"] {
          var at = 0.0
          let clips = (0..<200).map { _ in
            let duration = (Double(Int.random(in: 1...30, using: &random)) / rate.double * scale).rounded() / scale
            defer { at += duration }
            return "{source:'v',at:\(at),duration:\(duration)}"
          }
          let text =
            "{canvas:{fps:'\(rate.num)/\(rate.den)'},sources:{v:'v'},tracks:[{kind:'\(kind)',clips:["
            + clips.joined(separator: ",") + "]}]}"
          let project = try ProjectReader.read(text: text, path: "/p/x.json")
          var settings = project.output.settings()
          settings.sound = SoundSettings()
          if kind == "audio" { settings.codec = "" }
          var info = video("/p/v", duration: Rational(600), rate: rate)
          var audio = MediaInfo.Audio()
          (audio.codec, audio.sampleRate, audio.channels, audio.duration) = ("aac", 48000, 2, Rational(600))
          info.audio = [audio]
          let plan = try PlanCompiler.compile(project, media: table(info), settings: settings)
          let sound = try #require(plan.withView { $0.sound })
          #expect(sound.clips.count == 200)
          #expect(zip(sound.clips, sound.clips.dropFirst()).allSatisfy { $0.end == $1.first }, "\(kind) at \(rate), \(scale)")
          if kind == "video" { #expect(Self.counts(plan).allSatisfy { $0 == 1 }) }
        }
      }
    }
  }

  @Test func aRealOverlapIsStillRefusedWithTimesForPeople() {
    let text =
      "{canvas:{fps:30},sources:{a:{color:'#ff0000'}},tracks:[{clips:[{source:'a',duration:2},{source:'a',at:1.95,duration:1}]}]}"
    #expect(
      errorLines(text) == [
        "/p/x.json:1:88: tracks[0].clips[1]: overlaps tracks[0].clips[0]: that clip ends at 00:00:02.000 (frame 60), "
          + "this one starts at 00:00:01.967 (frame 59); " + Overlap.advice
      ])
  }

  @Test func partsAreTakenAtTheFramesThatAreMeant() throws {
    let text = "{canvas:{fps:30},sources:{a:{color:'#ff0000'}},tracks:[{clips:[{source:'a',duration:10}]}]}"
    for (from, to) in [("0.067", "0.133"), ("0.06666666666666667", "0.13333333333333333"), ("00:00:00.067", "00:00:00.134")] {
      let plan = try compile(text, [:], from: TimeValue.parse(from), to: TimeValue.parse(to))
      #expect(plan.withView(\.frameCount) == 2, "\(from)")
    }
    let project = try ProjectReader.read(text: text, path: "/p/x.json")
    for (at, frame) in [("0.066", 2), ("0.067", 2), ("0.06666666666666667", 2), ("0.065", 1), ("2f", 2)] as [(String, Int64)] {
      #expect(FrameProject.frame(at: try #require(TimeValue.parse(at)), of: project) == frame, "\(at)")
    }
  }

  @Test func keysAreAtTheFramesThatTheyMean() throws {
    let grid = FrameGrid(rate: Rational(30))
    #expect(grid.keys([Rational(67, 1000), Rational(1, 10)]) == [Rational(1, 15), Rational(1, 10)])
    // Two keys at one frame make a jump: they are not joined.
    let jump = [Rational(1), Rational(10005, 10000)]
    #expect(grid.keys(jump) == jump)
    let text =
      "{canvas:{fps:30},sources:{a:{color:'#ff0000'}},tracks:[{clips:[{source:'a',duration:1,"
      + "opacity:{keys:[{t:0,v:0.25},{t:0.067,v:1,ease:'hold'}]}}]}]}"
    let plan = try compile(text, [:])
    #expect(plan.layers(at: 1).map(\.opacity) == [0.25] && plan.layers(at: 2).map(\.opacity) == [1])
  }

  @Test func transitionsEndWhereTheyMean() throws {
    let text =
      "{canvas:{fps:30},sources:{a:{color:'#ff0000'},b:{color:'#0000ff'}},tracks:[{clips:[{source:'a',duration:0.467},"
      + "{source:'b',at:0.4666666666666667,duration:0.067,transition:{kind:'dissolve',duration:0.067}}]}]}"
    let plan = try compile(text, [:])
    #expect(plan.withView(\.frameCount) == 16)
    #expect(plan.layers(at: 13).count == 1 && plan.layers(at: 15).map(\.opacity) == [1, 0.5])
  }

  @Test func timelinesWithinHaveFramesOfTheirOwn() throws {
    let text =
      "{canvas:{fps:25},sources:{a:{color:'#ff0000'},t:{timeline:{canvas:{width:64,height:64,fps:'30000/1001'},sources:{a:{color:"
      + "'#00ff00'}},tracks:[{clips:[{source:'a',duration:0.1},{source:'a',at:0.1001,duration:0.2}]}]}}},"
      + "tracks:[{clips:[{source:'a',duration:0.12},{source:'t',at:0.12,in:0.033,duration:0.167}]}]}"
    let plan = try compile(text, [:])
    #expect(plan.withView(\.frameCount) == 8)
    #expect((0..<8).allSatisfy { !plan.layers(at: $0).isEmpty })
  }

  @Test func anEndByTheMediaIsRoundedWhereTheFramesAreTheSame() throws {
    // A container of milliseconds: 114 frames at 29.97 are 3.8038 s.
    let rate = Rational(30000, 1001)
    let info = video("/p/v", duration: Rational(3804, 1000), rate: rate) { $0.nominalRate = rate }
    let text = "{canvas:{fps:'30000/1001'},sources:{v:'v'},tracks:[{clips:[{source:'v'}]}]}"
    #expect(try compile(text, table(info)).withView(\.frameCount) == 114)
    // On frames of another rate what is left of the last one is still shown: 15 frames at 29.97 are 15.015 at 30.
    let short = video("/p/v", duration: Rational(15) / rate, rate: rate) { $0.nominalRate = rate }
    #expect(try compile(text.replacing("'30000/1001'", with: "30"), table(short)).withView(\.frameCount) == 16)
  }

  @Test func clocksAreForPeople() {
    #expect(Rational(41_462_597, 7_056_000).clock == "00:00:05.876")
    #expect(Rational(0).clock == "00:00:00.000" && Rational(-1, 2).clock == "-00:00:00.500")
    #expect(Rational(359_999_999, 100_000).clock == "01:00:00.000" && Rational(360_000).clock == "100:00:00.000")
    #expect(Rational(-1, 10000).clock == "00:00:00.000" && Rational(Int64.max, 1).clock.hasSuffix(":07.000"))
    #expect(FrameGrid(rate: Rational(30000, 1001)).text(176) == "00:00:05.873 (frame 176)")
  }
}
