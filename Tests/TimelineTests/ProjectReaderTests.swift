import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Plan
@testable import Timeline

@Suite struct ProjectReaderTests {
  static let whole = """
    { "canvas": { "width": 1280, "height": 720, "fps": "30000/1001", "background": "#101010", "color": "bt601", "sampleRate": 44100 },
      "sources": { "a": "clips/a.mp4", "b": "/abs/b.mp4", "title": { "color": "#20406080" }, "noise": { "lavfi": "life=s=640x360" } },
      "tracks": [
        { "kind": "video", "name": "base", "enabled": true, "clips": [
          { "source": "a", "at": 0, "in": 2.5, "duration": 5, "speed": 1,
            "crop": { "x": 0, "y": 0, "width": 1280, "height": 720 },
            "place": { "x": 0, "y": 0.5, "width": 960, "height": 540, "fit": "cover" },
            "rotate": 0, "opacity": 0.25, "blend": "normal", "effects": [] },
          { "source": "noise", "at": "00:00:05", "duration": "375f", "enabled": false } ] },
        { "kind": "audio", "gain": -6, "clips": [ { "source": "b", "at": "1001/30000" } ] } ],
      "output": { "codec": "libx265", "preset": "fast", "crf": 20.5, "pixelFormat": "yuv420p", "format": "mov", "threads": 4,
                  "options": { "tune": "film", "bf": 2, "flag": true } } }
    """

  @Test func readsEveryKey() throws {
    let project = try ProjectReader.read(text: Self.whole, path: "/p/x.json")
    #expect(project.canvas.width == 1280 && project.canvas.rate == Rational(30000, 1001) && project.canvas.color == .bt601)
    #expect(project.sampleRate == 44100 && project.canvas.background.hex == "#101010")
    #expect(
      project.sources.map(\.source) == [
        .file("/p/clips/a.mp4"), .file("/abs/b.mp4"),
        .color(RGBA(red: 32 / 255, green: 64 / 255, blue: 96 / 255, alpha: 128 / 255)),
        .lavfi("life=s=640x360"),
      ])
    let clip = project.tracks[0].clips[0]
    #expect(
      clip.in == .seconds(Rational(5, 2)) && clip.opacity == .constant(Rational(1, 4))
        && clip.place.y == .constant(Rational(1, 2))
        && clip.place.fit == .cover)
    #expect(project.tracks[0].clips[1].duration == .frames(375) && !project.tracks[0].clips[1].enabled)
    #expect(project.tracks[1].sound.gain == -6 && project.tracks[1].clips[0].at == .seconds(Rational(1001, 30000)))
    #expect(project.sourcePaths() == ["/p/clips/a.mp4", "/abs/b.mp4"] && project.sourcePaths(sound: false) == ["/p/clips/a.mp4"])
    #expect(project.hasSound(media: [:]))
    let settings = project.output.settings()
    #expect(
      settings.options == [
        .init("preset", "fast"), .init("crf", "20.5"), .init("tune", "film"), .init("bf", "2"), .init("flag", "1"),
      ])
    #expect(settings.codec == "libx265" && settings.threads == 4 && settings.format == "mov")
  }

  @Test func defaultsAreThoseOfTheManual() throws {
    let project = try ProjectReader.read(text: "{tracks:[]}", path: "x.json")
    #expect(project.canvas == Canvas(width: 1920, height: 1080, rate: Rational(30)))
    let settings = project.output.settings()
    #expect(settings.codec == "libx264" && settings.threads == 1 && settings.color == .bt709)
    #expect(settings.options == [.init("preset", "veryfast"), .init("crf", "23")])
    var output = project.output
    output.codec = "prores_ks"
    #expect(output.settings().options.isEmpty)
  }

  @Test func everyErrorComesAtOnceInTheOrderOfTheFile() {
    #expect(
      errorLines(
        """
        { "canvas": { "width": 1921, "height": 1080 },
          "tracks": [ { "clips": [
            { "source": "aa", "place": { "widht": 3, "width": -1 }, "opacity": 2 } ] } ],
          "sources": { "a": "a.mp4" },
          "colour": 1 }
        """) == [
          "/p/x.json:1:24: canvas.width: must be even for 4:2:0 video, not 1921; take 1920 or 1922",
          "/p/x.json:3:17: tracks[0].clips[0].source: unknown source \"aa\"; did you mean \"a\"?",
          "/p/x.json:3:34: tracks[0].clips[0].place: unknown key \"widht\"; did you mean \"width\"?",
          "/p/x.json:3:55: tracks[0].clips[0].place.width: must be above 0 and at most 1000000, not -1",
          "/p/x.json:3:72: tracks[0].clips[0].opacity: must be between 0 and 1, not 2",
          "/p/x.json:5:3: unknown key \"colour\"; known keys: $schema, canvas, sources, tracks, output",
        ])
  }

  /// A project with one clip, into which `member` is put.
  private func clipErrors(_ member: String) -> [String] {
    errorLines("{sources:{a:'a.mp4'},tracks:[{clips:[{source:'a',\(member)}]}]}").map {
      String($0.drop { $0 != " " }.dropFirst()).replacing("tracks[0].clips[0]", with: "C")
    }
  }

  @Test(arguments: [
    ("at: -1", "C.at: must not be negative, not -1"),
    ("at: '-3f'", "C.at: must not be negative, not -3f"),
    ("at: true", "C.at: must be a time (a number of seconds, or a string), not true or false"),
    (
      "at: 'soon'",
      "C.at: \"soon\" is not a time of at most 10000000 seconds; write seconds (12.5), "
        + "\"HH:MM:SS.mmm\", frames (\"375f\") or a fraction (\"1001/30000\")"
    ),
    (
      "in: 1e300",
      "C.in: \"1e300\" is not a time of at most 10000000 seconds; write seconds (12.5), "
        + "\"HH:MM:SS.mmm\", frames (\"375f\") or a fraction (\"1001/30000\")"
    ),
    ("duration: 0", "C.duration: must be longer than 0, not 0"), ("duration: '0f'", "C.duration: must be longer than 0, not 0f"),
    ("duration: -2.5", "C.duration: must be longer than 0, not -2.5"),
    ("opacity: 1.5", "C.opacity: must be between 0 and 1, not 1.5"),
    ("opacity: '1'", "C.opacity: must be a number, not a string"),
    ("opacity: null", "C.opacity: must be a number, not null"),
    ("opacity: NaN", "C.opacity: NaN is too large or not finite"),
    ("enabled: 1", "C.enabled: must be true or false, not a number"),
    ("place: []", "C.place: must be an object, not an array"),
    ("place: { fit: 'contian' }", "C.place.fit: unknown value \"contian\"; did you mean \"contain\"?"),
    ("place: { width: 0 }", "C.place.width: must be above 0 and at most 1000000, not 0"),
    ("place: { x: 1e9 }", "C.place.x: must be between -1000000 and 1000000, not 1000000000"),
    ("crop: { width: 100 }", "C.crop: \"height\" is missing"),
    ("crop: { x: -1, width: 100, height: 9 }", "C.crop.x: must be between 0 and 65536, not -1"),
    ("speed: 1001", "C.speed: must be between -1000 and 1000, not 1001"),
    ("speed: 'x'", "C.speed: must be a number, not a string"), ("speed: '1/0'", "C.speed: must be a number, not a string"),
    ("speed: { keys: [] }", "C.speed: must be a number, not an object"),
    ("beyond: 'lop'", "C.beyond: unknown value \"lop\"; did you mean \"loop\"?"),
    ("name: 1", "C.name: must be a string, not a number"),
    ("blend: 'scren'", "C.blend: unknown value \"scren\"; did you mean \"screen\"?"),
    ("rotate: -1e7", "C.rotate: must be between -1000000 and 1000000, not -10000000"),
    ("effects: 1", "C.effects: must be an array, not a number"),
    ("effects: [1]", "C.effects[0]: must be an object, not a number"),
    ("effects: [{}]", "C.effects[0]: must have one of \"avfilter\", \"lut\" and \"worker\""),
    ("effects: [{ avfiler: 'gblur' }]", "C.effects[0]: unknown key \"avfiler\"; did you mean \"avfilter\"?"),
    ("effects: [{ avfilter: '' }]", "C.effects[0].avfilter: must not be empty"),
    ("effects: [{ avfilter: 'gblur', lut: 'a' }]", "C.effects[0]: must have one of \"avfilter\", \"lut\" and \"worker\""),
    (
      "effects: [{ avfilter: 'gblur', parameters: { sigma: 'x' } }]",
      "C.effects[0].parameters.sigma: must be a number, not a string"
    ),
    ("effects: [{ avfilter: 'gblur', parameters: [] }]", "C.effects[0].parameters: must be an object, not an array"),
    (
      "effects: [{ lut: 'no.cube' }]",
      "C.effects[0].lut: /p/no.cube: No such file or directory; write the path of a .cube file"
    ),
    ("transition: 1", "C.transition: must be an object, not a number"),
    ("transition: { kind: 'dissolve' }", "C.transition: \"duration\" is missing"),
    ("transition: { duration: 1 }", "C.transition: \"kind\" is missing"),
    ("transition: { kind: 'wip', duration: 1 }", "C.transition.kind: unknown value \"wip\"; did you mean \"wipe\"?"),
    ("transition: { kind: 'fade', duration: 0 }", "C.transition.duration: must be longer than 0, not 0"),
    ("transition: { kind: 'fade', duration: 1, color: '#00000000' }", "C.transition.color: must be opaque"),
    ("transition: { kind: 'wipe', duration: 1, color: '#000000' }", "C.transition.color: is only for \"fade\""),
    (
      "transition: { kind: 'dissolve', duration: 1, direction: 'up' }",
      "C.transition.direction: is only for \"wipe\", \"slide\" and \"push\""
    ),
    (
      "duration: 2, transition: { kind: 'push', duration: 2.5 }",
      "C.transition.duration: is longer than the clip: it ends at 00:00:02.500 (frame 75), the clip at 00:00:02.000 (frame 60); make it shorter"
    ),
    ("opacity: {}", "C.opacity: \"keys\" is missing"),
    ("opacity: { keys: {} }", "C.opacity.keys: must be an array, not an object"),
    ("opacity: { keys: [] }", "C.opacity.keys: must not be empty"),
    ("opacity: { keys: [1] }", "C.opacity.keys[0]: must be an object, not a number"),
    ("opacity: { keys: [{ t: 0 }] }", "C.opacity.keys[0]: \"v\" is missing"),
    ("opacity: { keys: [{ v: 0 }] }", "C.opacity.keys[0]: \"t\" is missing"),
    ("opacity: { keys: [{ t: -1, v: 0 }] }", "C.opacity.keys[0].t: must not be negative, not -1"),
    ("opacity: { keys: [{ t: 0, v: 2 }] }", "C.opacity.keys[0].v: must be between 0 and 1, not 2"),
    (
      "opacity: { keys: [{ t: 1, v: 0 }, { t: '30f', v: 1 }] }",
      "C.opacity.keys[1].t: must be later than the key before, at 00:00:01.000, not 00:00:01.000"
    ),
    (
      "place: { x: { keys: [{ t: 0, v: 0, ease: 'easein' }] } }",
      "C.place.x.keys[0].ease: unknown value \"easein\"; did you mean \"ease-in\"?"
    ),
    (
      "rotate: { keys: [{ t: 0, v: 0, ease: [0, 0, 2, 1] }] }",
      "C.rotate.keys[0].ease: must be four numbers [x1, y1, x2, y2], x1 and x2 between 0 and 1"
    ),
    ("rotate: { keys: [{ t: 0, v: 0, ease: 1 }] }", "C.rotate.keys[0].ease: must be a string or an array, not a number"),
    ("place: { width: { keys: [{ t: 0, v: -1 }] } }", "C.place.width.keys[0].v: must be between 0 and 1000000, not -1"),
    ("durration: 1", "C: unknown key \"durration\"; did you mean \"duration\"?"),
  ])
  func namesWhatIsWrongWithAClip(_ member: String, _ message: String) { #expect(clipErrors(member) == [message]) }

  @Test(arguments: [
    ("[]", "/p/x.json:1:1: must be an object, not an array"), ("{}", "/p/x.json:1:1: \"tracks\" is missing"),
    ("{tracks: 1}", "/p/x.json:1:10: tracks: must be an array, not a number"),
    ("{tracks: [{}]}", "/p/x.json:1:11: tracks[0]: \"clips\" is missing"),
    ("{tracks: [{clips: [{}]}]}", "/p/x.json:1:20: tracks[0].clips[0]: \"source\" is missing"),
    (
      "{tracks: [{clips: [{source: 'a'}]}]}",
      "/p/x.json:1:29: tracks[0].clips[0].source: unknown source \"a\"; there are no sources"
    ),
    (
      "{tracks: [{clips: [], gain: 1}]}",
      "/p/x.json:1:29: tracks[0].gain: is only for tracks of kind \"audio\"; put it into the track's \"sound\""
    ),
    (
      "{tracks: [{kind: 'vidoe', clips: []}]}", "/p/x.json:1:18: tracks[0].kind: unknown value \"vidoe\"; did you mean \"video\"?"
    ),
    (
      "{sources: {a: 'x'}, tracks: [{kind: 'audio', clips: [{source: 'a', opacity: 1}]}]}",
      "/p/x.json:1:77: tracks[0].clips[0].opacity: is only for clips of video tracks"
    ),
    (
      "{tracks: [], canvas: {width: 100}}",
      "/p/x.json:1:22: canvas: has only one of \"width\" and \"height\"; give both, or none for 1920x1080"
    ),
    ("{tracks: [], canvas: {width: 8, height: 16}}", "/p/x.json:1:30: canvas.width: must be between 16 and 16384, not 8"),
    (
      "{tracks: [], canvas: {fps: 0}}",
      "/p/x.json:1:28: canvas.fps: \"0\" is not a rate above 0 and at most 1000 frames a second; write 25 or \"30000/1001\""
    ),
    (
      "{tracks: [], canvas: {fps: '1/0'}}",
      "/p/x.json:1:28: canvas.fps: \"1/0\" is not a rate above 0 and at most 1000 frames a second; write 25 or \"30000/1001\""
    ),
    (
      "{tracks: [], canvas: {background: 'red'}}",
      "/p/x.json:1:35: canvas.background: \"red\" is not a colour; write \"#rrggbb\" or \"#rrggbbaa\""
    ),
    ("{tracks: [], canvas: {background: '#00000000'}}", "/p/x.json:1:35: canvas.background: must be opaque"),
    ("{tracks: [], canvas: {color: 'bt708'}}", "/p/x.json:1:30: canvas.color: unknown value \"bt708\"; did you mean \"bt709\"?"),
    (
      "{tracks: [], sources: {a: 1}}",
      "/p/x.json:1:27: sources.a: must be a path or an object with \"color\", \"lavfi\", \"text\", \"sequence\", \"timeline\" or \"grid\", not a number"
    ),
    ("{tracks: [], sources: {a: ''}}", "/p/x.json:1:27: sources.a: is not a path; write the path of a file"),
    (
      "{tracks: [], sources: {a: {}}}",
      "/p/x.json:1:27: sources.a: must have one of \"color\", \"lavfi\", \"text\", \"sequence\", \"timeline\" and \"grid\""
    ),
    ("{tracks: [], sources: {a: {lavfi: ''}}}", "/p/x.json:1:35: sources.a.lavfi: must not be empty"),
    ("{tracks: [], output: {crf: 99}}", "/p/x.json:1:28: output.crf: must be between 0 and 63, not 99"),
    ("{tracks: [], output: {threads: 1.5}}", "/p/x.json:1:32: output.threads: must be a whole number, not 1.5"),
    (
      "{tracks: [], output: {options: {a: []}}}",
      "/p/x.json:1:36: output.options.a: must be a string, a number, true or false, not an array"
    ),
    ("{tracks: [], canvas: {depth: 9}}", "/p/x.json:1:30: canvas.depth: must be 8 or 10, not 9"),
    ("{tracks: [], canvas: {range: 'ful'}}", "/p/x.json:1:30: canvas.range: unknown value \"ful\"; did you mean \"full\"?"),
    (
      "{sources: {a: 'x'}, tracks: [{kind: 'audio', clips: [{source: 'a', fadeIn: {curve: 'equalpower', duration: 1}}]}]}",
      "/p/x.json:1:84: tracks[0].clips[0].fadeIn.curve: unknown value \"equalpower\"; did you mean \"equalPower\"?"
    ),
    (
      "{sources: {a: 'x'}, tracks: [{clips: [{source: 'a', sound: {gian: 1}}]}]}",
      "/p/x.json:1:61: tracks[0].clips[0].sound: unknown key \"gian\"; did you mean \"gain\"?"
    ),
    (
      "{tracks: [{kind: 'audio', clips: [], gain: 41}]}",
      "/p/x.json:1:44: tracks[0].gain: must be between -120 and 40, not 41"
    ),
    (
      "{tracks: [{kind: 'audio', clips: [], effects: [{biquad: {type: 'lowpas'}}]}]}",
      "/p/x.json:1:64: tracks[0].effects[0].biquad.type: unknown value \"lowpas\"; did you mean \"lowpass\"?"
    ),
    (
      "{tracks: [{kind: 'audio', clips: [], effects: [{delay: {delayTime: 181}}]}]}",
      "/p/x.json:1:68: tracks[0].effects[0].delay.delayTime: must be between 0 and 180, not 181"
    ),
    ("{tracks: [{kind: 'subtitles'}]}", "/p/x.json:1:11: tracks[0]: \"file\" is missing"),
    (
      "{tracks: [{kind: 'subtitles', file: 'a.srt', sise: 3}]}",
      "/p/x.json:1:46: tracks[0]: unknown key \"sise\"; did you mean \"size\"?"
    ),
    ("{tracks: [} ", "/p/x.json:1:11: unexpected \"}\" where a value is expected"),
  ])
  func namesWhatIsWrongElsewhere(_ text: String, _ message: String) { #expect(errorLines(text) == [message]) }

  @Test func overlapsOfKnownLengthsAreFoundInTheFile() {
    let text =
      "{sources:{a:'a'},tracks:[{clips:[{source:'a',at:4,duration:2},{source:'a',duration:4.5},{source:'a',at:5,duration:1,enabled:false}]}]}"
    #expect(
      errorLines(text) == [
        "/p/x.json:1:34: tracks[0].clips[0]: overlaps tracks[0].clips[1]: that clip ends at 00:00:04.500 (frame 135), "
          + "this one starts at 00:00:04.000 (frame 120); "
          + "give the earlier one a shorter \"duration\", or move one to another track"
      ])
  }

  /// Errors of one track of clips that show `a`.
  private func trackErrors(_ clips: String...) -> [String] {
    errorLines("{sources:{a:'a'},tracks:[{clips:[\(clips.map { "{source:'a',\($0)}" }.joined(separator: ","))]}]}")
      .map { String($0.drop { $0 != " " }.dropFirst()).replacing("tracks[0].clips", with: "C") }
  }

  @Test func aClipMayReachIntoTheTransitionOfTheNext() {
    let into = "transition:{kind:'wipe',duration:1}"
    #expect(trackErrors("duration:5", "at:5,duration:2,\(into)") == [])
    #expect(trackErrors("duration:5", "at:4,duration:2,\(into)") == [])
    #expect(trackErrors("duration:5", "at:4.5,duration:2,\(into)", "at:6,duration:2,\(into)") == [])
    #expect(
      trackErrors("duration:5", "at:3.9,duration:2,\(into)") == [
        "C[1]: overlaps C[0]: that clip ends at 00:00:05.000 (frame 150), this one starts at 00:00:03.900 (frame 117), "
          + "its transition ends at 00:00:04.900 (frame 147); " + Overlap.advice
      ])
    #expect(
      trackErrors("duration:5", "at:5,duration:2,\(into)", "at:5.5,duration:2,\(into)") == [
        "C[2]: overlaps C[1]: that clip ends at 00:00:07.000 (frame 210), this one starts at 00:00:05.500 (frame 165), "
          + "its transition ends at 00:00:06.500 (frame 195); " + Overlap.advice,
        "C[2].transition: starts at 00:00:05.500 (frame 165), before that of C[1] ends at 00:00:06.000 (frame 180); "
          + "make one of them shorter",
      ])
    #expect(
      trackErrors("duration:5", "at:5,\(into)", "at:5.5,duration:2,\(into)") == [
        "C[2].transition: starts at 00:00:05.500 (frame 165), before that of C[1] ends at 00:00:06.000 (frame 180); "
          + "make one of them shorter"
      ])
    #expect(
      trackErrors("duration:1,\(into)", "at:0.5,duration:2,transition:{kind:'dissolve',duration:0.5}") == [
        "C[1].transition: starts at 00:00:00.500 (frame 15), before that of C[0] ends at 00:00:01.000 (frame 30); "
          + "make one of them shorter"
      ])
  }

  @Test func filesThatCannotBeReadAreNamed() {
    #expect { try ProjectReader.read(path: "/nowhere/p.json") } throws: {
      "\($0)" == "/nowhere/p.json: no such project file; check the path" && ($0 as? ProjectErrors)?.code == .noInput
    }
    #expect { try ProjectReader.read(path: "/tmp") } throws: { "\($0)" == "/tmp: cannot be read: Is a directory" }
    #expect { try ProjectReader.read(path: "a.otio") } throws: {
      "\($0)" == "a.otio: no such project file; check the path"
    }
  }

  @Test func mutatedProjectsNeverCrashOrHang() {
    var random = TestRandom(5)
    let seed = Array(Self.whole.utf8)
    let pieces = [
      "{", "}", "[", "]", ":", ",", "\"", "-", "1e999", "0x", "\\u", "/*", "null", "99999999999999999999", "\u{0}", "'",
    ].map { Array($0.utf8) }
    for _ in 0..<4000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...20, using: &random)))
        case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
        case 3: bytes.insert(contentsOf: seed[..<min(seed.count, at)], at: at)
        default: bytes.replaceSubrange(at..<at + 1, with: String(Int64.random(in: .min ... .max, using: &random)).utf8)
        }
        if bytes.isEmpty { bytes = seed }
      }
      if let project = try? ProjectReader.read(bytes: bytes, path: "/p/x.json") {
        let media = Dictionary(uniqueKeysWithValues: project.sourcePaths().map { ($0, video($0)) })
        _ = try? PlanCompiler.compile(project, media: media, settings: project.output.settings())
      }
    }
  }

  @Test func manyErrorsAreCounted() {
    let lines = errorLines("{tracks:[\(String(repeating: "1,", count: 4000))]}")
    #expect(lines.count == 101)
    #expect(lines.last == "/p/x.json: and 3900 more errors")
    #expect(
      errorLines("{tracks:[\(String(repeating: "{},", count: 5000))]}") == [
        "/p/x.json:1:9: tracks: there are 5000, more than 4096; put clips that do not overlap on one track"
      ])
  }
}
