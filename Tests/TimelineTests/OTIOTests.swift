import FrameModel
import SluiceBase
import Testing

@testable import Timeline

@Suite struct OTIOTests {
  private typealias T = OTIOText

  @Test func clipsFollowEachOtherAndGapsTakeTime() throws {
    let result = try otio(T.track([T.clip("a", T.range(5, 10)), T.gap(6), T.clip("b", T.range(0, 8))]))
    #expect(result.project.tracks[0].clips.map(\.frames24) == [[0, 10, 5], [16, 8, 0]])
    #expect(result.source(0) == .file("/p/a.mov") && result.source(1) == .file("/p/b.mov"))
    #expect(result.project.canvas.rate == Rational(24) && result.project.canvas.width == 1920)
    #expect(result.notes(.warning).isEmpty && result.notes(.ignored).isEmpty)
    #expect(
      result.notes(.shown) == [
        #"tracks[0].children[0] "a": 0.0 s to 0.417 s: /p/a.mov from 0.208 s"#,
        #"tracks[0].children[2] "b": 0.667 s to 1.0 s: /p/b.mov"#,
        #"timeline "film": 24 frames of 1920x1080 at 24 frames a second (the size is the default, the rate is that of its clips; metadata.sluice.canvas sets it)"#,
      ])
  }

  @Test func aSourceRangeIsInTheTimeOfTheMedia() throws {
    let media = T.file("file:///m/a%20b.mov", T.range(86400, 100))
    let whole = #"{"OTIO_SCHEMA":"Clip.2","name":"w","source_range":null,"media_references":{"DEFAULT_MEDIA":\#(media)}}"#
    let result = try otio(
      T.track([T.clip("a", T.range(86410, 20), media), whole, T.clip("c", T.range(7, 9), T.file("/m/c.mov"))]))
    #expect(result.project.tracks[0].clips.map(\.frames24) == [[0, 20, 10], [20, 100, 0], [120, 9, 7]])
    #expect(result.source(0) == .file("/m/a b.mov") && result.clip(0).source == result.clip(1).source)
    let far = try otio(T.track([T.clip("a", T.range(86410, 20), T.file("/m/a.mov"))]))
    #expect(far.notes(.warning).count == 1 && far.notes(.warning)[0].contains("does not say where its time starts"))
    let beyond = try otio(T.track([T.clip("a", T.range(86490, 20), media)]))
    #expect(
      beyond.notes(.warning) == [
        #"tracks[0].children[0] "a": shows 0.417 s more than its media has (available_range): the last picture is held"#
      ])
  }

  @Test func whatIsShownBeforeItsMediaStartsIsHeld() throws {
    let result = try otio(T.track([T.clip("a", T.range(-6, 20))]))
    guard case .timeline(let inner) = result.source(0) else { throw Unexpected() }
    #expect(result.clip(0).frames24 == [0, 20, 0])
    #expect(inner.tracks[0].clips.map(\.frames24) == [[0, 6, 0], [6, 14, 0]])
    #expect(inner.tracks[0].clips.map(\.speed) == [.zero, .one] && inner.canvas.background == .clear)
    #expect(
      result.notes(.warning) == [
        #"tracks[0].children[0] "a": its media starts 0.25 s later than it is shown; the first picture is held"#
      ])
  }

  @Test func aTransitionStartsTheNextClipEarlier() throws {
    let result = try otio(T.track([T.clip("a", T.range(0, 30)), T.transition(4, 6), T.clip("b", T.range(20, 30))]))
    #expect(result.project.tracks[0].clips.map(\.frames24) == [[0, 30, 0], [26, 34, 16]])
    #expect(result.clip(1).transition == Project.Transition(.dissolve, duration: .seconds(Rational(10, 24))))
    let warped = try otio(
      T.track([T.clip("a", T.range(0, 30)), T.transition(4, 6), T.clip("b", T.range(20, 30), nil, T.effects(T.warp(2)))]))
    #expect(warped.clip(1).frames24 == [26, 34, 12] && warped.clip(1).speed == Rational(2))
    let custom = try otio(
      T.track([T.clip("a", T.range(0, 30)), T.transition(4, 6, type: "Star_Wipe"), T.clip("b", T.range(20, 30))]))
    #expect(custom.notes(.warning) == [#"tracks[0].children[1] "t": the transition "Star_Wipe" is shown as a dissolve"#])
    let own = try otio(
      T.track([
        T.clip("a", T.range(0, 30)), T.transition(4, 6, #","metadata":{"sluice":{"kind":"wipe","direction":"left"}}"#),
        T.clip("b", T.range(20, 30)),
      ]))
    #expect(own.clip(1).transition == Project.Transition(.wipe(.left), duration: .seconds(Rational(10, 24))))
  }

  @Test func aTransitionIsShortenedToWhatItLiesBetween() throws {
    let result = try otio(
      T.track([
        T.clip("a", T.range(100, 30)), T.transition(4, 6), T.clip("b", T.range(100, 8)), T.transition(5, 9),
        T.clip("c", T.range(100, 5)),
      ]))
    #expect(result.project.tracks[0].clips.map(\.frames24) == [[0, 30, 100], [26, 12, 96], [36, 7, 98]])
    #expect(result.clip(2).transition?.duration == .seconds(Rational(7, 24)))
    #expect(result.notes(.warning).count == 1 && result.notes(.warning)[0].contains("shortened"))
  }

  @Test func besideAGapATransitionIsAFade() throws {
    let result = try otio(
      T.track([T.gap(12), T.transition(4, 6), T.clip("a", T.range(20, 30)), T.transition(2, 4), T.gap(12)]))
    let clip = result.clip(0)
    #expect(clip.frames24 == [8, 38, 16])
    #expect(clip.transition == Project.Transition(.dissolve, duration: .seconds(Rational(10, 24))))
    #expect(
      clip.opacity
        == .keys([.init(time: Rational(32, 24), value: .one), .init(time: Rational(38, 24), value: .zero)]))
    // Where it would touch the clip before the gap it must not come out of that one.
    let touching = try otio(
      T.track([T.clip("z", T.range(0, 10)), T.gap(4), T.transition(4, 6), T.clip("a", T.range(20, 30))]))
    #expect(touching.clip(1).frames24 == [10, 34, 16] && touching.clip(1).transition == nil)
    #expect(
      touching.clip(1).opacity == .keys([.init(time: .zero, value: .zero), .init(time: Rational(10, 24), value: .one)]))
  }

  @Test func transitionsAtTheEndsLengthenTheTrack() throws {
    let result = try otio(T.track([T.transition(5, 3), T.clip("a", T.range(20, 20)), T.transition(4, 6)]))
    #expect(result.clip(0).frames24 == [0, 26, 20])
    #expect(
      result.clip(0).opacity
        == .keys([
          .init(time: .zero, value: Rational(5, 8)), .init(time: Rational(3, 24), value: .one),
          .init(time: Rational(16, 24), value: .one), .init(time: Rational(26, 24), value: .zero),
        ]))
    // 5 + 20 + 6, as the reference library counts.
    #expect(result.project.tracks.last?.name == "background" && result.project.tracks.last?.clips[0].frames24 == [26, 5, 0])
  }

  @Test func speedIsThatOfAllTimeWarps() throws {
    func clip(_ effects: String) throws -> Project.Clip {
      try otio(T.track([T.clip("a", T.range(100, 9), nil, T.effects(effects))])).clip(0)
    }
    #expect(try clip(T.warp(0.5)).speed == Rational(1, 2) && clip(T.warp(0.5)).frames24 == [0, 9, 100])
    #expect(try clip(T.warp(1.9833333333333336)).speed == Rational(119, 60))
    #expect(try clip(T.warp(2) + "," + T.warp(1.5)).speed == Rational(3))
    #expect(
      try clip(T.warp(0)).speed == .zero && clip(#"{"OTIO_SCHEMA":"FreezeFrame.1","time_scalar":0}"#).frames24 == [0, 9, 100])
    // Backwards: the same pictures as forwards, the last one first.
    #expect(try clip(T.warp(-1)).frames24 == [0, 9, 108] && clip(T.warp(-1)).speed == Rational(-1))
    #expect(try clip(T.warp(-2)).frames24 == [0, 9, 116])
    #expect(try clip(#"{"OTIO_SCHEMA":"LinearTimeWarp.1","time_scalar":2,"enabled":false}"#).speed == .one)
  }

  @Test func otherEffectsAreReportedOnce() throws {
    let blur = #"{"OTIO_SCHEMA":"Effect.1","name":"","effect_name":"Blur"}"#, odd = #"{"OTIO_SCHEMA":"Odd.7","name":"x"}"#
    let result = try otio(
      T.track([
        T.clip(
          "a", T.range(0, 9), nil,
          T.effects(blur, blur, odd) + #","markers":[{"OTIO_SCHEMA":"Marker.2"}],"color":{"OTIO_SCHEMA":"Color.1"},"extra":1"#)
      ]))
    #expect(
      result.notes(.ignored) == [
        #"tracks[0].children[0] "a": without meaning here: its label colour, the field "extra", a marker"#,
        #"tracks[0].children[0] "a": effects without meaning here: Blur (2 times), x"#,
      ])
  }

  @Test func whatIsDisabledTakesTimeAndIsNotShown() throws {
    let off = #","enabled":false"#
    let result = try otio(
      T.track([T.clip("a", T.range(0, 9)), T.transition(2, 2), T.clip("b", T.range(50, 9), nil, off), T.clip("c", T.range(0, 9))]
      ),
      T.track([T.clip("d", T.range(0, 40))], off))
    #expect(result.project.tracks[0].clips.map(\.enabled) == [true, false, true])
    #expect(result.project.tracks[0].clips.map(\.frames24) == [[0, 11, 0], [9, 9, 50], [18, 9, 0]])
    #expect(!result.project.tracks[1].enabled)
    #expect(result.project.tracks[2].clips[0].frames24 == [27, 13, 0])
    #expect(result.notes(.ignored).filter { $0.contains("disabled") }.count == 2)
  }

  @Test func compositionsAreTimelinesOfTheirOwn() throws {
    let inner = T.stack(
      [T.track([T.clip("b", T.range(3, 20))]), T.clip("c", T.range(0, 12))], #","source_range":\#(T.range(4, 10))"#)
    let result = try otio(
      T.track([T.clip("a", T.range(0, 6)), inner, T.track([T.clip("d", T.range(0, 5))], T.effects(T.warp(2)))]))
    #expect(result.project.tracks[0].clips.map(\.frames24) == [[0, 6, 0], [6, 10, 4], [16, 5, 0]])
    guard case .timeline(let nested) = result.source(1) else { throw Unexpected() }
    #expect(nested.tracks.map { $0.clips.map(\.frames24) } == [[[0, 20, 3]], [[0, 12, 0]]])
    #expect(nested.canvas.background == .clear && result.clip(2).speed == Rational(2))
    #expect(result.notes.contains { $0.place == "tracks[0].children[1].children[0].children[0]" && $0.kind == .shown })
    let empty = try otio(T.track([T.clip("a", T.range(0, 6)), T.stack([], #","source_range":\#(T.range(0, 6))"#)]))
    #expect(empty.project.tracks[0].clips.count == 1 && empty.project.tracks[1].clips[0].frames24 == [6, 6, 0])
    #expect(empty.notes(.ignored) == [#"tracks[0].children[1] "S": there is nothing in it to be shown"#])
  }

  @Test func aTracksSourceRangeCutsOrShiftsIt() throws {
    let children = [T.clip("a", T.range(0, 20)), T.clip("b", T.range(0, 20))]
    let cut = try otio(T.track(children, #","source_range":\#(T.range(10, 20))"#))
    guard case .timeline(let nested) = cut.source(0) else { throw Unexpected() }
    #expect(cut.clip(0).frames24 == [0, 20, 10] && nested.tracks[0].clips.map(\.frames24) == [[0, 20, 0], [20, 20, 0]])
    let late = try otio(T.track(children, #","source_range":\#(T.range(-7, 60))"#))
    #expect(late.project.tracks[0].clips.map(\.frames24) == [[7, 20, 0], [27, 20, 0]])
    #expect(late.project.tracks[1].clips[0].frames24 == [47, 13, 0])
    let timecode = try otio(T.track(children, #","source_range":\#(T.range(86400, 40))"#))
    #expect(timecode.project.tracks[0].clips.map(\.frames24) == [[0, 20, 0], [20, 20, 0]])
    #expect(timecode.notes(.warning).count == 1 && timecode.notes(.warning)[0].contains("timecode"))
  }

  @Test func soundBecomesTracksOfSound() throws {
    let result = try otio(
      T.track([T.clip("a", T.range(0, 24))]),
      T.track(
        [T.clip("s", T.range(4800, 96000, 48000)), T.transition(2, 2), T.clip("u", T.range(-12, 48))], kind: "Audio",
        #","metadata":{"sluice":{"gain":-6}}"#))
    let track = result.project.tracks[1]
    #expect(track.kind == .audio && track.sound.gain == -6)
    #expect(track.clips.map { $0.at } == [.seconds(.zero), .seconds(Rational(5, 2))])
    #expect(track.clips[0].in == .seconds(Rational(1, 10)) && track.clips[1].duration == .seconds(Rational(3, 2)))
    #expect(result.notes(.ignored) == [])
    // Its first half second is before its media: nothing is there to fade into.
    #expect(track.clips[1].transition == nil, "\(track.clips)")
    #expect(result.project.tracks[0].clips[0].sound == nil)
    #expect(result.project.tracks[2].clips[0].frames24 == [24, 72, 0])
    #expect(result.project.canvas.rate == Rational(24))
    let inner = T.stack([T.track([T.clip("v", T.range(0, 9))]), T.track([T.clip("w", T.range(0, 5))], kind: "Audio")])
    let nested = try otio(T.track([inner, T.clip("x", T.range(0, 5))], kind: "Audio"))
    guard case .timeline(let sound) = nested.source(0) else { throw Unexpected() }
    #expect(sound.tracks.filter { !$0.clips.isEmpty }.map(\.kind) == [.audio] && nested.clip(1).frames24 == [9, 5, 0])
    #expect(nested.notes(.ignored) == [#"tracks[0].children[0].children[0] "T": is a track of pictures inside sound"#])
  }

  struct Unexpected: Error {}
}
