import CSluice
import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Plan
@testable import Timeline

/// A file with sound, and with pictures unless `rate` is zero.
func sounding(
  _ path: String, duration: Rational? = Rational(10), pictures: Bool = true, streams: Int = 1, start: Rational = .zero
) -> MediaInfo {
  var info = pictures ? video(path, width: 64, height: 64, duration: duration) : MediaInfo(path: path, kind: .audio)
  info.duration = duration
  var audio = MediaInfo.Audio()
  (audio.codec, audio.sampleRate, audio.channels, audio.start, audio.duration) = ("aac", 48000, 2, start, duration)
  info.audio = Array(repeating: audio, count: streams)
  info.soundZero = Rational(1, 8)
  return info
}

/// The sound that a project of this text compiles to.
func sound(
  _ text: String, _ media: [String: MediaInfo], from: TimeValue? = nil, to: TimeValue? = nil, alone: Bool = false
) throws -> SoundPlan? {
  let project = try ProjectReader.read(text: text, path: "/p/x.json")
  var settings = project.output.settings()
  settings.sound = SoundSettings()
  if alone { settings.codec = "" }
  return try PlanCompiler.compile(project, media: media, from: from, to: to, settings: settings).withView { $0.sound }
}

@Suite struct SoundPlanTests {
  private static let media = table(
    sounding("/p/a.mp4"), sounding("/p/b.mp4", duration: Rational(4)),
    sounding("/p/m.mp3", duration: Rational(20), pictures: false),
    sounding("/p/two.mkv", streams: 2), video("/p/mute.mp4", width: 64, height: 64), still("/p/s.png"))
  private static let head =
    "{canvas:{width:64,height:64,fps:25},sources:{a:'a.mp4',b:'b.mp4',m:'m.mp3',two:'two.mkv',mute:'mute.mp4',s:'s.png'},"

  private func sound(_ rest: String, from: TimeValue? = nil, to: TimeValue? = nil, alone: Bool = false) throws -> SoundPlan? {
    try TimelineTests.sound(Self.head + rest + "}", Self.media, from: from, to: to, alone: alone)
  }

  @Test func theSoundOfAVideoClipIsHeardWhereItsPictureIs() throws {
    let plan = try #require(try sound("tracks:[{clips:[{source:'a',at:1,in:2.5,duration:3}]}]"))
    let clip = try #require(plan.clips.first)
    #expect(plan.clips.count == 1 && plan.tracks.count == 1 && plan.frames == 4 * 48000 && plan.start == .zero)
    #expect((clip.first, clip.end, clip.head, clip.tail) == (48000, 4 * 48000, 0, 0))
    #expect((clip.start, clip.speed, clip.zero, clip.length) == (Rational(5, 2), .one, Rational(1, 8), Rational(10)))
    #expect(!clip.loops && clip.preservesPitch && !clip.isGroup && clip.stream == 0)
  }

  @Test func aCutKeepsHeadAndTailAndTheTimeOfKeys() throws {
    let text = "tracks:[{clips:[{source:'a',at:1,in:2.5,duration:3,speed:2}]}]"
    let plan = try #require(try sound(text, from: .seconds(Rational(2)), to: .seconds(Rational(3))))
    let clip = try #require(plan.clips.first)
    #expect(plan.start == Rational(2) && plan.frames == 48000)
    #expect((clip.first, clip.end, clip.head, clip.tail) == (0, 48000, 48000, 48000))
    #expect((clip.start, clip.speed) == (Rational(9, 2), Rational(2)))
  }

  @Test func aTransitionIsACrossFadeInWhichTheClipBeforePlaysOn() throws {
    let plan = try #require(
      try sound(
        "tracks:[{clips:[{source:'a',duration:2},{source:'b',at:2,duration:2,transition:{kind:'wipe',duration:0.5}}]}]"))
    #expect(plan.clips.map(\.first) == [0, 96000] && plan.clips.map(\.end) == [120_000, 192_000])
    #expect(plan.clips[0].crossOut == .init(frames: 24000, curve: .equalPower) && plan.clips[0].crossIn.frames == 0)
    #expect(plan.clips[1].crossIn == .init(frames: 24000, curve: .equalPower) && plan.clips[1].crossOut.frames == 0)
    let alone = try #require(
      try sound("tracks:[{clips:[{source:'b',at:2,duration:2,transition:{kind:'dissolve',duration:0.5}}]}]"))
    #expect(alone.clips[0].crossIn.frames == 24000)
  }

  @Test func whatIsNotHeardIsNotInThePlan() throws {
    for text in [
      "tracks:[{enabled:false,clips:[{source:'a'}]},{clips:[{source:'s',duration:1}]}]",
      "tracks:[{clips:[{source:'a',enabled:false},{source:'s',at:0,duration:1}]}]",
      "tracks:[{clips:[{source:'a',speed:0,duration:1}]}]", "tracks:[{clips:[{source:'mute'}]}]",
    ] {
      #expect(try sound(text) == nil, "\(text)")
    }
    // Held beyond its end, and cut to there.
    let text = "tracks:[{clips:[{source:'b',duration:8}]}]"
    #expect(try sound(text)?.clips.count == 1)
    #expect(try sound(text, from: .seconds(Rational(5)))?.clips.count == 0)
    let loops = try #require(
      try sound("tracks:[{clips:[{source:'b',in:1,duration:8,beyond:'loop'}]}]", from: .seconds(Rational(5))))
    #expect(loops.clips[0].loops && loops.clips[0].start == Rational(2) && loops.clips[0].length == Rational(4))
    let back = try #require(
      try sound("tracks:[{clips:[{source:'b',speed:-1,duration:8,beyond:'loop'}]}]", from: .seconds(Rational(4))))
    #expect(back.clips[0].start == Rational(4) && back.clips[0].speed == Rational(-1))
  }

  @Test func soundAloneIsAsLongAsTheFilmAndAsWhatIsHeard() throws {
    let text = "tracks:[{clips:[{source:'s',duration:30}]},{kind:'audio',clips:[{source:'m',at:0.00001}]}]"
    let project = try ProjectReader.read(text: Self.head + text + "}", path: "/p/x.json")
    var settings = OutputSettings()
    settings.codec = ""
    settings.sound = SoundSettings()
    let plan = try PlanCompiler.compile(project, media: Self.media, settings: settings)
    plan.withView { view in
      #expect(view.streamCount == 0 && view.sourceCount == 1 && view.source(0).text == "/p/m.mp3")
      #expect(view.sound?.frames == 30 * 48000 && view.sound?.clips.first?.first == 0 && view.output.hasPictures == false)
      #expect(view.sound?.clips.first?.start == .zero && view.frameCount == 750)
    }
    let part = try #require(
      try sound(text, from: .seconds(Rational(1, 96000)), to: .seconds(Rational(3, 1000)), alone: true))
    #expect(part.frames == 144 && part.start == Rational(1, 96000))
    #expect(throws: ProjectErrors.self) { _ = try sound("tracks:[{clips:[{source:'s',duration:3}]}]", alone: true) }
    let silentPart = try #require(
      try sound(text, from: .seconds(Rational(25)), to: .seconds(Rational(28)), alone: true))
    #expect(silentPart.frames == 3 * 48000 && silentPart.clips.isEmpty)
    let longer = try #require(
      try sound("tracks:[{clips:[{source:'s',duration:3}]},{kind:'audio',clips:[{source:'m'}]}]", alone: true))
    #expect(longer.frames == 20 * 48000)
  }

  @Test func aTimelineOfSoundAloneHasBackgroundAsItsPictures() throws {
    let project = try ProjectReader.read(
      text: Self.head + "tracks:[{kind:'audio',clips:[{source:'m'}]}]}", path: "/p/x.json")
    var settings = OutputSettings()
    settings.sound = SoundSettings()
    let plan = try PlanCompiler.compile(project, media: Self.media, settings: settings)
    plan.withView { view in #expect(view.frameCount == 500 && view.streamCount == 0 && view.sound?.frames == 20 * 48000) }
    // A picture says where it ends.
    let both = try ProjectReader.read(
      text: Self.head + "tracks:[{clips:[{source:'s',duration:3}]},{kind:'audio',clips:[{source:'m'}]}]}", path: "/p/x.json")
    let cut = try PlanCompiler.compile(both, media: Self.media, settings: settings)
    cut.withView { view in #expect(view.frameCount == 75 && view.sound?.frames == 3 * 48000) }
    #expect(cut.warnings == ["the sound goes on for 00:00:17.000 after the last picture; it ends with it"])
  }

  @Test func clipsOfATimelineWithinAreHeardWhereTheyAre() throws {
    let inner = "{timeline:{tracks:[{clips:[{source:'a',at:1,in:2,duration:2}]}],sources:{a:'a.mp4'}}}"
    let text =
      "{canvas:{width:64,height:64,fps:25},sources:{n:\(inner)},tracks:[{clips:[{source:'n',at:3,in:0.5,speed:2,duration:1"
    let plain = try #require(try TimelineTests.sound(text + "}]}]}", Self.media))
    // It stands at 3 + (1 - 0.5) / 2 and is cut by the clip's end.
    #expect(plain.tracks.count == 1 && plain.clips.count == 1)
    #expect((plain.clips[0].first, plain.clips[0].end, plain.clips[0].tail) == (156_000, 192_000, 12000))
    #expect((plain.clips[0].start, plain.clips[0].speed) == (Rational(2), Rational(2)))
    let faded = try #require(
      try TimelineTests.sound(
        text + "},{source:'n',at:4,in:1,duration:1,transition:{kind:'dissolve',duration:1}}]}]}", Self.media))
    #expect(faded.clips.filter(\.isGroup).count == 2 && faded.tracks.count == 3)
    for (index, track) in faded.tracks.enumerated() {
      guard let into = track.into else { continue }
      #expect(faded.clips[into].isGroup && faded.clips[into].track < index)
    }
  }
}

@Suite struct SoundOfTimelinesWithinTests {
  private static let media = table(
    sounding("/p/a.mp4"), sounding("/p/b.mp4", duration: Rational(4)),
    sounding("/p/m.mp3", duration: Rational(1), pictures: false))

  /// Of a clip with these keys whose timeline has these tracks.
  private func sound(_ clip: String, _ tracks: String, alone: Bool = true) throws -> SoundPlan? {
    try TimelineTests.sound(
      "{canvas:{width:64,height:64,fps:25},sources:{n:{timeline:{sources:{a:'a.mp4',b:'b.mp4',m:'m.mp3'},tracks:[\(tracks)]}}},"
        + "tracks:[{clips:[{source:'n',\(clip)}]}]}", Self.media, alone: alone)
  }

  @Test func equalTracksStayApartWhenTheTimelineLoops() throws {
    let limiter = "effects:[{limiter:{ceiling:-20}}]"
    let plan = try #require(
      try sound(
        "duration:8,beyond:'loop',sound:{fadeIn:1}",
        "{kind:'audio',clips:[{source:'a',duration:2}],\(limiter)},{kind:'audio',clips:[{source:'m',at:1}],\(limiter)}"))
    let within = plan.tracks.indices.filter { plan.tracks[$0].into != nil }
    #expect(within.count == 2)
    for track in within {
      let sources = Set(plan.clips.filter { $0.track == track }.map(\.source))
      #expect(sources.count == 1 && plan.clips.count { $0.track == track } == 4)
    }
  }

  @Test(arguments: [true, false])
  func thePitchIsKeptAsTheClipSaysWhoseSpeedChanges(_ keeps: Bool) throws {
    func pitch(_ outer: String, _ inner: String) throws -> [Bool] {
      try sound("duration:2\(outer)", "{clips:[{source:'a',duration:2\(inner)}]}")?.clips.filter { !$0.isGroup }.map(
        \.preservesPitch) ?? []
    }
    let (says, other) = (",sound:{preservesPitch:\(keeps)}", ",sound:{preservesPitch:\(!keeps)}")
    #expect(try pitch(",speed:2" + says, "") == [keeps])
    #expect(try pitch(",speed:-2" + says, other) == [keeps])
    #expect(try pitch("", ",speed:2" + says) == [keeps])
    #expect(try pitch(other, ",speed:2" + says) == [keeps])
    #expect(try pitch(",speed:2" + says, ",speed:2" + says) == [keeps])
    #expect(throws: ProjectErrors.self) { _ = try pitch(",speed:2" + says, ",speed:2" + other) }
  }

  @Test func itsLengthIsThatOfItsClip() throws {
    for clip in ["duration:5", "duration:5,sound:{fadeIn:0.1}"] {
      #expect(try sound(clip + ",beyond:'hold'", "{kind:'audio',clips:[{source:'m'}]}")?.frames == 5 * 48000)
    }
  }
}

@Suite struct SoundPlanBytesTests {
  private static let media = table(
    sounding("/a", streams: 3), sounding("/b", duration: Rational(7, 3)), sounding("/m", duration: Rational(200), pictures: false)
  )

  /// A plan with everything that a project can say about its sound.
  private static func project(_ random: inout TestRandom) -> Project {
    var generator = ProjectGenerator(seed: random.next())
    var project = generator.project()
    project.path = "/p/x.json"
    // Sources that can be heard, in place of those that it draws.
    for index in project.sources.indices {
      if case .timeline = project.sources[index].source { continue }
      if case .subtitles = project.sources[index].source { continue }
      if case .grid = project.sources[index].source { continue }
      project.sources[index].source = .file(random.chance(60) ? "/a" : "/b")
    }
    project.tracks.removeAll { $0.kind == .subtitles }
    for track in project.tracks.indices {
      for clip in project.tracks[track].clips.indices {
        project.tracks[track].clips[clip].effects = []
        project.tracks[track].clips[clip].crop = nil
        project.tracks[track].clips[clip].in = .zero
        project.tracks[track].clips[clip].speed =
          [Rational(1), Rational(-1), Rational(3, 2)].randomElement(using: &random) ?? .one
        project.tracks[track].clips[clip].sound?.stream = nil
      }
    }
    return project
  }

  private static func compile(_ project: Project, from: TimeValue? = nil, to: TimeValue? = nil) -> CompiledPlan? {
    var settings = OutputSettings()
    settings.codec = ""
    settings.sound = SoundSettings()
    return try? PlanCompiler.compile(project, media: media, from: from, to: to, settings: settings)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var random = TestRandom(50)
    var read = 0
    for _ in 0..<100 {
      guard let plan = Self.compile(Self.project(&random)) else { continue }
      try plan.withView { view in
        let sound = try #require(view.sound)
        let sources = (0..<view.sourceCount).map(view.source)
        var output = view.output
        output.codec = ""
        let again = PlanBytes.encode(
          canvas: view.canvas, output: output, frames: view.frameCount, sources: sources, streams: [], layers: [], sound: sound)
        #expect(again.withView { $0.sound } == sound)
        #expect(again.withView { $0.soundContent?.bytes } == view.soundContent?.bytes)
        #expect(sound.clips.allSatisfy { $0.first < $0.end && $0.end <= sound.frames })
      }
      read += 1
    }
    #expect(read > 20)
  }

  @Test func mutatedSoundIsRefusedOrReadInBounds() throws {
    var random = TestRandom(51)
    var accepted = 0
    for round in 0..<70 {
      guard let plan = Self.compile(Self.project(&random)) else { continue }
      for _ in 0..<40 {
        var bytes = plan.bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let at = Int.random(in: 264..<bytes.count, using: &random)
          bytes[at] = random.chance(30) ? 0xff : UInt8.random(in: 0...255, using: &random)
        }
        if round % 3 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count / 2, using: &random)) }
        // A heap block of the exact size: reading beyond it is what the address sanitizer would see.
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
        defer { block.deallocate() }
        bytes.withUnsafeBytes { if let base = $0.baseAddress { block.copyMemory(from: base, byteCount: bytes.count) } }
        guard let view = PlanView(block, count: bytes.count), let sound = view.sound else { continue }
        accepted += 1
        for clip in sound.clips where !clip.isGroup {
          #expect(clip.source < view.sourceCount && clip.track < sound.tracks.count)
          _ = clip.start + Rational(clip.end - clip.first, Int64(sound.sampleRate)) * clip.speed
        }
        _ = view.soundContent
      }
    }
    #expect(accepted > 100)
  }

  /// Every clip of a part is that of the whole, cut to it.
  @Test func aRangeIsHeardAsInTheWhole() throws {
    var random = TestRandom(52)
    var compared = 0
    for _ in 0..<120 {
      let project = Self.project(&random)
      guard let whole = Self.compile(project)?.withView({ $0.sound }), whole.frames > 10 else { continue }
      let from = Int64.random(in: 0..<whole.frames - 1, using: &random),
        to = Int64.random(in: from + 1...whole.frames, using: &random)
      func time(_ frame: Int64) -> TimeValue { .seconds(Rational(frame, Int64(whole.sampleRate))) }
      guard let part = Self.compile(project, from: time(from), to: time(to))?.withView({ $0.sound }) else { continue }
      #expect(part.frames == to - from)
      for clip in part.clips {
        let begin = clip.first + from - clip.head
        let same = whole.clips.contains { other in
          other.first - other.head == begin && other.speed == clip.speed && other.gain == clip.gain
            && other.effects == clip.effects
            && other.end + other.tail == clip.end + clip.tail + from && other.isGroup == clip.isGroup
            && other.fadeIn == clip.fadeIn && other.crossOut == clip.crossOut
        }
        #expect(same)
        compared += 1
      }
    }
    #expect(compared > 30)
  }

  @Test func theContentDoesNotKnowWhereAFileLies() throws {
    func content(_ path: String, _ rest: String) throws -> SoundContent {
      let text =
        "{canvas:{width:64,height:64,fps:25},sources:{a:'\(path)'},tracks:[{kind:'audio',clips:[{source:'a',duration:4\(rest)}]}]}"
      let project = try ProjectReader.read(text: text, path: "/p/x.json")
      var settings = OutputSettings()
      settings.codec = ""
      settings.sound = SoundSettings()
      let info = sounding(path, pictures: false)
      return try #require(
        try PlanCompiler.compile(project, media: [path: info], settings: settings).withView { $0.soundContent })
    }
    let plain = try content("/x/a.wav", "")
    #expect(
      try content("/y/b.wav", ",name:'other'").bytes == plain.bytes && plain.uses.map(\.source) == [0] && plain.isReproducible)
    for change in [",gain:-3", ",speed:2", ",fadeIn:1", ",in:1", ",effects:[{limiter:{}}]", ",pan:0.5"] {
      #expect(try content("/x/a.wav", change).bytes != plain.bytes, "\(change)")
    }
    #expect(try !content("/x/a.wav", ",effects:[{avfilter:'arnndn=m=x'}]").isReproducible)
  }
}
