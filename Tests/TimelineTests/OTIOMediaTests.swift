import FrameModel
import SluiceBase
import Testing

@testable import Plan
@testable import Timeline

@Suite struct OTIOMediaTests {
  private typealias T = OTIOText

  @Test func aMissingFileIsACardAndAWarning() throws {
    let result = try otio(T.track([T.clip("a", T.range(5, 10)), T.clip("b", T.range(0, 9))])) { $0 == "/p/a.mov" }
    #expect(
      result.notes(.warning) == [#"tracks[0].children[0] "a": missing: /p/a.mov is not there; a card that says so is shown"#])
    guard case .timeline(let card) = result.source(0), case .title(let title) = card.sources[1].source else {
      throw OTIOTests.Unexpected()
    }
    #expect(title.text == "a\n/p/a.mov is not there" && result.clip(0).frames24 == [0, 10, 0])
    #expect(result.source(1) == .file("/p/b.mov"))
    for (media, what) in [
      (#"{"OTIO_SCHEMA":"MissingReference.1"}"#, "its media reference says that the media is missing"),
      ("null", "it has no media reference"), (T.file("https://host/a.mov"), "https://host/a.mov is no file of this machine"),
      (T.file(""), "its media reference has no target_url"),
      (#"{"OTIO_SCHEMA":"Cloud.3"}"#, "its media reference has the unknown schema Cloud"),
    ] {
      let result = try otio(T.track([T.clip("a", T.range(5, 10), media)]))
      #expect(result.notes(.warning) == [#"tracks[0].children[0] "a": missing: \#(what); a card that says so is shown"#])
    }
    let sound = try otio(T.track([T.clip("a", T.range(5, 10))], kind: "Audio")) { _ in true }
    #expect(!sound.clip(0).enabled && sound.notes(.warning)[0].contains("it is silent"))
  }

  @Test func theActiveMediaReferenceIsTakenWhereItIsThere() throws {
    func clip(_ active: String) -> String {
      #"{"OTIO_SCHEMA":"Clip.2","name":"a","source_range":\#(T.range(110, 10)),"media_references":{"full":\#(T.file("full.mov", T.range(100, 50))),"proxy":\#(T.file("proxy.mov", T.range(0, 500)))},"active_media_reference_key":"\#(active)"}"#
    }
    #expect(try otio(T.track([clip("full")])).source(0) == .file("/p/full.mov"))
    let proxy = try otio(T.track([clip("proxy")]))
    #expect(proxy.source(0) == .file("/p/proxy.mov") && proxy.clip(0).frames24 == [0, 10, 110])
    let other = try otio(T.track([clip("full")])) { $0 == "/p/full.mov" }
    #expect(other.source(0) == .file("/p/proxy.mov") && other.clip(0).frames24 == [0, 10, 110])
    #expect(
      other.notes(.warning)[0].contains(#"/p/full.mov is not there; its other media reference "proxy" is taken: /p/proxy.mov"#))
    #expect(try otio(T.track([clip("none")])).notes(.warning)[0].contains(#"it has no media reference "none""#))
  }

  private func pictures(_ more: String = "") -> String {
    #"{"OTIO_SCHEMA":"ImageSequenceReference.1","target_url_base":"file:///q","name_prefix":"f.","name_suffix":".png","start_frame":1001,"frame_step":1,"rate":24,"frame_zero_padding":5,"available_range":\#(T.range(0, 48))\#(more)}"#
  }

  @Test func numberedPicturesAreASequence() throws {
    let result = try otio(T.track([T.clip("a", T.range(10, 20), pictures())]))
    #expect(result.source(0) == .sequence(.init(pattern: "/q/f.%05d.png", first: 1001, rate: Rational(24))))
    #expect(result.clip(0).frames24 == [0, 20, 10] && result.notes(.warning).isEmpty)
  }

  @Test(arguments: ["error", "hold", "black"]) func picturesThatAreMissingAreShownAsTheFileSays(policy: String) throws {
    let result = try otio(T.track([T.clip("a", T.range(10, 4), pictures(#","missing_frame_policy":"\#(policy)""#))])) {
      $0 == "/q/f.01012.png" || $0 == "/q/f.01900.png"
    }
    guard case .timeline(let inner) = result.source(0) else { throw OTIOTests.Unexpected() }
    let clips = inner.tracks[0].clips
    #expect(
      clips.map(\.frames24) == [[10, 1, 0], [11, 1, 0], [12, 1, 0], [13, 1, 0]] && result.clip(0).frames24 == [0, 4, 10])
    #expect(inner.sources[clips[0].source].source == .file("/q/f.01011.png"))
    #expect(inner.sources[clips[3].source].source == .file("/q/f.01014.png"))
    switch (policy, inner.sources[clips[1].source].source) {
    case ("hold", .file("/q/f.01011.png")), ("black", .color(.black)), ("error", .timeline): break
    case (_, let source): Issue.record("\(policy): \(source)")
    }
    #expect(result.notes(.warning)[0].contains("1 of its 4 pictures are not there, /q/f.01012.png the first"))
  }

  @Test func aStepOfTwoShowsEveryPictureTwice() throws {
    let media =
      #"{"OTIO_SCHEMA":"ImageSequenceReference.1","target_url_base":"q/","name_prefix":"f","name_suffix":".png","start_frame":1,"frame_step":2,"rate":24,"frame_zero_padding":0}"#
    let result = try otio(T.track([T.clip("a", T.range(0, 6), media)]))
    guard case .timeline(let inner) = result.source(0) else { throw OTIOTests.Unexpected() }
    #expect(inner.sources.map(\.source) == [1, 3, 5].map { .file("/p/q/f\($0).png") })
    #expect(inner.tracks[0].clips.map(\.frames24) == [[0, 2, 0], [2, 2, 0], [4, 2, 0]])
    #expect(
      try otio(T.track([T.clip("a", T.range(0, 6), media)])) { _ in true }.notes(.warning)[0].contains(
        "/p/q/f1.png and all further"))
  }

  @Test func generatorsMakePictures() throws {
    func source(_ kind: String, _ parameters: String = "{}") throws -> (Project.Source, [String]) {
      let media = #"{"OTIO_SCHEMA":"GeneratorReference.1","generator_kind":"\#(kind)","parameters":\#(parameters)}"#
      let result = try otio(T.track([T.clip("g", T.range(86400, 10), media)]))
      #expect(result.clip(0).frames24 == [0, 10, 0])
      return (result.source(0), result.notes(.warning))
    }
    #expect(try source("black") == (.color(.black), []))
    #expect(try source("SolidColor", #"{"color":[1,0.5,0]}"#) == (.color(RGBA(red: 1, green: 0.5, blue: 0)), []))
    #expect(try source("solid_color", ##"{"color":"#102030"}"##) == (.color(RGBA(hex: "#102030") ?? .clear), []))
    #expect(
      try source("SolidColor", #"{"r":0,"g":1,"b":0,"a":0.5}"#) == (.color(RGBA(red: 0, green: 1, blue: 0, alpha: 0.5)), []))
    #expect(try source("SMPTEBars") == (.lavfi("smptehdbars=s=1920x1080:r=24/1"), []))
    #expect(try source("Title", #"{"text":"hi"}"#) == (.title(Project.Title(text: "hi")), []))
    #expect(try source("SolidColor").1.count == 1)
    let (unknown, warnings) = try source("Plasma")
    guard case .timeline(let card) = unknown else { throw OTIOTests.Unexpected() }
    #expect(
      card.sources.count == 2
        && warnings == [#"tracks[0].children[0] "g": the generator "Plasma" is not known; a card with its name is shown"#])
  }

  @Test func metadataSaysWhatOpenTimelineIOCannot() throws {
    let extras =
      ##","metadata":{"other":{"source":7},"sluice":{"place":{"x":10,"width":100,"height":50},"opacity":{"keys":[{"t":0,"v":0},{"t":1,"v":1}]},"blend":"screen"}}"##
    let result = try otio(
      T.track([T.clip("a", T.range(0, 48), nil, extras), T.transition(4, 4), T.gap(20)]),
      more: ##","metadata":{"sluice":{"canvas":{"width":640,"height":360,"fps":25,"background":"#102030"},"output":{"crf":20}}}"##
    )
    #expect(
      result.project.canvas.width == 640 && result.project.canvas.rate == Rational(25)
        && result.project.output.crf == Rational(20))
    #expect(result.project.canvas.background == RGBA(hex: "#102030"))
    // It fades out, and has keyframes of its own: those are inside.
    let clip = result.clip(0)
    guard case .timeline(let inner) = result.source(0) else { throw OTIOTests.Unexpected() }
    #expect(clip.blend == .screen && inner.tracks[0].clips[0].blend == .normal)
    #expect(inner.tracks[0].clips[0].place.x == .constant(Rational(10)) && inner.tracks[0].clips[0].opacity.constant == nil)
    #expect(clip.opacity == .keys([.init(time: Rational(44, 24), value: .one), .init(time: Rational(52, 24), value: .zero)]))
  }

  @Test func wrongFilesGiveAllTheirErrors() {
    let wrong = T.timeline(
      [
        T.track([
          T.clip("a", #"{"OTIO_SCHEMA":"TimeRange.1","start_time":7,"duration":\#(T.time(5, 0))}"#),
          T.clip("b", T.range(0, 5), nil, #","metadata":{"sluice":{"opacty":1,"speed":2}},"enabled":3"#),
          #"{"OTIO_SCHEMA":"Clip.2","name":"c","media_references":{}}"#, "12", #"{"name":"d"}"#,
          T.clip("e", T.range(0, -5)), T.clip("f", T.range(0, 1), nil, T.effects(T.warp(1e9))),
        ])
      ], #","metadata":{"sluice":{"canvs":{}}}"#)
    let lines = otioErrors(wrong)
    for part in [
      "tracks[0].children[0].source_range.start_time: must be an object, not a number",
      "tracks[0].children[0].source_range.duration.rate: must be above 0",
      #"tracks[0].children[1].metadata.sluice: unknown key "opacty"; did you mean "opacity"?"#,
      #"tracks[0].children[1].metadata.sluice: "speed" has no place here"#,
      "tracks[0].children[1].enabled: must be true or false, not a number",
      "tracks[0].children[2]: its length is not known", "tracks[0].children[3]: must be an object, not a number",
      #"tracks[0].children[4]: "OTIO_SCHEMA" is missing"#, "tracks[0].children[5].source_range.duration: must not be negative",
      "tracks[0].children[6].effects[0].time_scalar: must be between", #"unknown key "canvs"; did you mean "canvas"?"#,
    ] {
      #expect(lines.contains { $0.hasPrefix("/p/x.otio:1:") && $0.contains(part) }, "\(part) in \(lines)")
    }
    #expect(otioErrors("{\n  \"a\": }") == ["/p/x.otio:2:8: unexpected \"}\" where a value is expected"])
    #expect(otioErrors(#"{"OTIO_SCHEMA":"Marker.2"}"#) == ["/p/x.otio:1:1: OTIO_SCHEMA: is a Marker, not a timeline"])
    #expect(otioErrors(T.timeline([]))[0].contains("the timeline is empty"))
    #expect(otioErrors(String(repeating: "[", count: 70))[0].contains("nested deeper than 64 levels"))
  }

  @Test func oldAndNewSchemasAreRead() throws {
    let old = T.timeline([T.track([T.clip("a", T.range(0, 5)), T.gap(5)])])
      .replacing("Track.1", with: "Sequence.1").replacing("Gap.1", with: "Filler.1")
    #expect(try otioFile(old).project.tracks[0].clips.count == 1)
    let new = try otioFile(old.replacing("Clip.1", with: "Clip.9"))
    #expect(new.notes(.warning) == [#"tracks[0].children[0] "a": Clip.9 is newer than Clip.2, as which it is read"#])
    let odd = try otio(
      T.track([#"{"OTIO_SCHEMA":"Hologram.1","name":"h","source_range":\#(T.range(0, 7))}"#, T.clip("a", T.range(0, 5))]))
    #expect(odd.clip(0).frames24 == [7, 5, 0] && odd.notes(.ignored)[0].contains("the schema Hologram is not known"))
    let collection = { (children: String) in #"{"OTIO_SCHEMA":"SerializableCollection.1","children":[\#(children)]}"# }
    let film = T.timeline([T.track([T.clip("a", T.range(0, 5))])])
    #expect(try otioFile(collection(film + "," + T.clip("x", T.range(0, 1)))).project.tracks[0].clips.count == 1)
    #expect(otioErrors(collection(film + "," + film))[0].contains(#"holds 2 timelines: "film", "film""#))
    #expect(try otioFile(T.track([T.clip("a", T.range(0, 5))])).notes.contains { $0.place == "children[0]" })
    let late = try otio(T.track([T.clip("a", T.range(0, 5))]), more: #","global_start_time":\#(T.time(86400))"#)
    #expect(late.notes(.ignored) == [#"timeline "film": global_start_time 3600 s is a label: the output starts at 0"#])
  }
}
