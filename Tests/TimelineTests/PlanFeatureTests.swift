import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Plan
@testable import Timeline

/// Speed, transitions, keyframes and nested timelines, against the definitions.
@Suite struct PlanFeatureTests {
  private static let media = table(
    video("/p/a"), video("/p/b", width: 1280, height: 720, duration: Rational(7)), still("/p/s"))

  private func project(width: Int = 1920, height: Int = 1080) -> Project {
    var project = Project(canvas: Canvas(width: width, height: height))
    project.sources = [
      .init("a", .file("/p/a")), .init("b", .file("/p/b")), .init("s", .file("/p/s")),
      .init("red", .color(RGBA(red: 1, green: 0, blue: 0))),
    ]
    return project
  }

  private func clip(
    _ source: Int, at: Rational = .zero, duration: Rational? = Rational(4), _ change: (inout Project.Clip) -> Void = { _ in }
  )
    -> Project.Clip
  {
    var clip = Project.Clip(source: source)
    clip.at = .seconds(at)
    clip.duration = duration.map(TimeValue.seconds)
    change(&clip)
    return clip
  }

  private func compile(_ project: Project, from: TimeValue? = nil) throws -> CompiledPlan {
    try PlanCompiler.compile(project, media: Self.media, from: from, settings: OutputSettings())
  }

  private func plan(_ clips: Project.Clip...) throws -> CompiledPlan {
    var project = project()
    project.tracks = [Project.Track(clips: clips)]
    return try compile(project)
  }

  /// Source time of a layer's picture at a frame.
  private func time(_ plan: CompiledPlan, _ layer: Layer, _ frame: Int64) -> Rational {
    let stream = plan.streams[layer.stream]
    return stream.start + Rational(frame - stream.firstFrame) * stream.step
  }

  @Test func speedScalesSourceTime() throws {
    var random = TestRandom(1)
    for _ in 0..<300 {
      let speed = Rational(.random(in: -300...300, using: &random), 100)
      let at = Rational(.random(in: 0...50, using: &random), 10), start = Rational(.random(in: 1...40, using: &random), 10)
      let plan = try plan(clip(0, at: at, duration: Rational(3)) { ($0.speed, $0.in) = (speed, .seconds(start)) })
      for _ in 0..<5 {
        let frame = Int64.random(in: 0..<plan.withView(\.frameCount), using: &random)
        let now = Rational(frame, 30)
        let layers = plan.layers(at: frame)
        #expect(layers.count == (now >= at ? 1 : 0))
        if let layer = layers.first { #expect(time(plan, layer, frame) == start + speed * (now - at)) }
      }
    }
  }

  @Test func aClipThatStandsIsOneStillPicture() throws {
    let plan = try plan(clip(0) { ($0.speed, $0.in) = (.zero, .seconds(Rational(3))) })
    #expect(plan.streams.count == 1 && plan.streams[0].isStill && plan.streams[0].start == Rational(3))
    #expect(plan.streams[0].step == .zero && plan.layers(at: 119).count == 1)
  }

  @Test func speedDecidesTheLength() throws {
    #expect(try plan(clip(0, duration: nil) { $0.speed = Rational(2) }).withView(\.frameCount) == 150)
    #expect(try plan(clip(0, duration: nil) { $0.speed = Rational(-1, 2) }).withView(\.frameCount) == 600)
    #expect(
      try plan(clip(0, duration: nil) { ($0.speed, $0.in) = (Rational(-1), .seconds(Rational(4))) }).withView(\.frameCount) == 120
    )
  }

  @Test func beyondItsMediaAClipHoldsEndsOrLoops() throws {
    let long = Rational(25)
    #expect(try plan(clip(1, duration: long)).streams.count == 1)
    let cut = try plan(clip(1, duration: long) { $0.beyond = .cut })
    #expect(cut.withView(\.frameCount) == 210)
    #expect(cut.warnings.count == 1 && cut.warnings[0].contains("tracks[0].clips[0]"))
    for speed in [Rational(1), Rational(2), Rational(-1), Rational(-3)] {
      let start = speed > .zero ? Rational(1) : Rational(6)
      let loop = try plan(clip(1, duration: long) { ($0.beyond, $0.speed, $0.in) = (.loop, speed, .seconds(start)) })
      #expect(loop.withView(\.frameCount) == 750)
      for frame in stride(from: Int64(0), to: 750, by: 7) {
        let layers = loop.layers(at: frame)
        #expect(layers.count == 1)
        // Modulo the media's seven seconds.
        let straight = start + speed * Rational(frame, 30)
        let turns = speed > .zero ? (straight / Rational(7)).floor : (straight / Rational(7)).ceil - 1
        #expect(time(loop, layers[0], frame) == straight - Rational(7) * Rational(turns), "\(speed) \(frame)")
      }
    }
  }

  @Test func aDissolveOverAnOpaqueCoverOnlyFadesTheNewClipIn() throws {
    let plan = try plan(
      clip(0),
      clip(0, at: Rational(4)) { ($0.transition, $0.in) = (.init(.dissolve, duration: .seconds(.one)), .seconds(Rational(5))) })
    #expect(plan.withView(\.frameCount) == 240)
    #expect(plan.layers(at: 119).count == 1)
    for frame in Int64(120)..<150 {
      let layers = plan.layers(at: frame)
      // At progress 0 nothing of it is seen.
      #expect(layers.count == (frame == 120 ? 1 : 2) && layers[0].opacity == 1)
      #expect(time(plan, layers[0], frame) == Rational(frame, 30))
      if frame > 120 {
        #expect(layers[1].opacity == Double(frame - 120) / 30 && time(plan, layers[1], frame) == Rational(frame, 30) + .one)
      }
    }
    #expect(plan.layers(at: 150).count == 1)
    // The range does not change it.
    var project = project()
    project.tracks = [
      Project.Track(clips: [clip(0), clip(0, at: Rational(4)) { $0.transition = .init(.dissolve, duration: .seconds(.one)) }])
    ]
    let part = try compile(project, from: .frames(130))
    #expect(part.layers(at: 5).last?.opacity == 0.5)
  }

  @Test func aDissolveOfPartsAddsTheTwoUp() throws {
    let plan = try plan(
      clip(0) { $0.place.width = 960 },
      clip(1, at: Rational(4)) {
        ($0.transition, $0.place.x, $0.place.width) = (.init(.dissolve, duration: .seconds(.one)), 700, 600)
      })
    let layers = plan.layers(at: 135)
    guard layers.count == 3, case .group(1920, 1080, .clear, 2) = layers[0].content else {
      Issue.record("no group of two: \(layers)")
      return
    }
    #expect(layers[1].blend == .plus && layers[2].blend == .plus)
    #expect(layers[1].opacity == 0.5 && layers[2].opacity == 0.5)
    #expect(plan.layers(at: 119).count == 1 && plan.layers(at: 150).count == 1)
  }

  @Test func wipesSlidesAndPushesMove() throws {
    func layers(_ kind: Project.Transition.Kind, _ frame: Int64) throws -> [Layer] {
      try plan(clip(0), clip(1, at: Rational(4)) { $0.transition = .init(kind, duration: .seconds(.one)) }).layers(at: frame)
    }
    let wipe = try layers(.wipe(.right), 135)
    #expect(
      wipe[0].clip == Rect(x: 960, y: 0, width: 960, height: 1080) && wipe[1].clip == Rect(x: 0, y: 0, width: 960, height: 1080))
    let up = try layers(.wipe(.up), 135)
    #expect(
      up[0].clip == Rect(x: 0, y: 0, width: 1920, height: 540) && up[1].clip == Rect(x: 0, y: 540, width: 1920, height: 540))
    let slide = try layers(.slide(.left), 129)
    #expect(slide[0].destination.x == 0 && abs(slide[1].destination.x - 1344) < 1e-9)
    let push = try layers(.push(.down), 129)
    #expect(abs(push[0].destination.y - 324) < 1e-9 && abs(push[1].destination.y + 756) < 1e-9)
    let fade = try layers(.fade(.black), 126)
    #expect(fade.count == 1 && abs(fade[0].tint.alpha - 0.4) < 1e-9)
    #expect(try layers(.fade(.black), 144).count == 1)
  }

  @Test func transitionsThatDoNotFitAreErrorsAndAllAreNamed() throws {
    var project = project()
    project.tracks = [
      Project.Track(clips: [
        clip(0), clip(0, at: Rational(3), duration: .one) { $0.transition = .init(.dissolve, duration: .seconds(Rational(2))) },
      ]),
      Project.Track(clips: [clip(0, duration: nil) { $0.in = .seconds(Rational(20)) }]),
    ]
    #expect {
      try compile(project)
    } throws: { error in
      guard let errors = (error as? ProjectErrors)?.errors else { return false }
      return errors.count >= 2 && errors.contains { $0.place == "tracks[0].clips[1].transition.duration" }
        && errors.contains { $0.place == "tracks[1].clips[0].in" }
    }
  }

  @Test func keyframesMoveWhatTheyName() throws {
    let keys = Animatable.keys([.init(time: .zero, value: .zero), .init(time: Rational(2), value: Rational(100))])
    let plan = try plan(
      clip(1, at: .one) {
        ($0.place.x, $0.place.width, $0.place.height, $0.opacity) = (keys, 640, 360, keys.mapped { $0 / Rational(100) })
      })
    for frame in stride(from: Int64(31), to: 150, by: 3) {
      let seconds = min(Double(frame - 30) / 30, 2)
      let layer = plan.layers(at: frame)[0]
      #expect(abs(layer.destination.x - 50 * seconds) < 1e-9 && layer.destination.width == 640)
      #expect(abs(layer.opacity - seconds / 2) < 1e-12)
    }
    #expect(plan.layers(at: 30).isEmpty)
  }

  @Test func easesAreThoseOfCSS() {
    // Values of the CSS curves, worked out by another program from their definition.
    #expect(abs(Ease.easeInOut.progress(0.25) - 0.12916193) < 1e-6)
    #expect(abs(Ease.easeIn.progress(0.5) - 0.31535681) < 1e-6)
    #expect(abs(Ease.easeOut.progress(0.5) - 0.68464318) < 1e-6)
    #expect(Ease.linear.progress(0.3) == 0.3 && Ease.hold.progress(0.99) == 0 && Ease.hold.progress(1) == 1)
  }

  @Test func aPlainNestedTimelineIsDrawnStraightOntoItsParent() throws {
    var inner = project(width: 960, height: 540)
    inner.canvas.background = .clear
    inner.tracks = [Project.Track(clips: [clip(1, at: .one, duration: Rational(3)) { $0.place.width = 480 }])]
    var outer = project()
    outer.sources.append(.init("inner", .timeline(inner)))
    outer.tracks = [
      Project.Track(clips: [
        clip(4, at: Rational(2), duration: Rational(4)) { ($0.in, $0.speed) = (.seconds(.one), Rational(1, 2)) }
      ])
    ]
    let plan = try compile(outer)
    let layers = plan.layers(at: 90)
    #expect(layers.count == 1 && layers[0].destination == Rect(x: 0, y: 270, width: 960, height: 540))
    // One second into the clip: inner second 1.5, half a second into the inner clip, at half speed.
    #expect(time(plan, layers[0], 90) == Rational(1, 2) && plan.streams[0].step == Rational(1, 60))
  }

  @Test func whatCannotBeDrawnStraightIsAGroup() throws {
    var inner = project(width: 960, height: 540)
    inner.canvas.background = .clear
    inner.tracks = [Project.Track(clips: [clip(1)]), Project.Track(clips: [clip(0) { $0.blend = .multiply }])]
    var outer = project()
    outer.sources.append(.init("inner", .timeline(inner)))
    outer.tracks = [Project.Track(clips: [clip(4)])]
    var layers = try compile(outer).layers(at: 3)
    guard layers.count == 3, case .group(960, 540, .clear, 2) = layers[0].content else {
      Issue.record("no group: \(layers)")
      return
    }
    #expect(layers[0].destination == Rect(x: 0, y: 0, width: 1920, height: 1080) && layers[2].blend == .multiply)
    inner.tracks.removeLast()
    outer.sources[4] = .init("inner", .timeline(inner))
    #expect(try compile(outer).layers(at: 3).count == 1)
    outer.tracks[0].clips[0].opacity = .constant(Rational(1, 2))
    layers = try compile(outer).layers(at: 3)
    #expect(layers.count == 2 && layers[0].opacity == 0.5)
  }

  @Test func aMovingNestedTimelineMovesItsClips() throws {
    var inner = project()
    inner.canvas.background = .clear
    inner.tracks = [
      Project.Track(clips: [clip(1) { ($0.place.x, $0.place.y, $0.place.width, $0.place.height) = (960, 540, 640, 360) }])
    ]
    var outer = project()
    outer.sources.append(.init("inner", .timeline(inner)))
    let zoom = Animatable.keys([.init(time: .zero, value: Rational(1920)), .init(time: Rational(2), value: Rational(960))])
    outer.tracks = [
      Project.Track(clips: [clip(4) { $0.crop = .init(x: 0, y: 0, width: zoom, height: zoom.mapped { $0 * Rational(9, 16) }) }])
    ]
    let plan = try compile(outer)
    #expect(plan.layers(at: 0)[0].destination == Rect(x: 960, y: 540, width: 640, height: 360))
    let late = plan.layers(at: 30)
    #expect(abs(late[0].destination.x - 1280) < 1e-9 && abs(late[0].destination.width - 640 * 4 / 3) < 1e-9)
    #expect(plan.layers(at: 60).isEmpty)
  }

  @Test func timelinesWithinTimelinesAreBounded() throws {
    var inner = project()
    inner.tracks = [Project.Track(clips: [clip(0)])]
    for _ in 0..<24 {
      var outer = project()
      outer.sources.append(.init("inner", .timeline(inner)))
      outer.tracks = (0..<4).map { _ in Project.Track(clips: [clip(4)]) }
      inner = outer
    }
    #expect(throws: ProjectErrors.self) { try compile(inner) }
  }

  @Test func tenHoursWithTenThousandClipsAreNear() throws {
    var project = project()
    project.tracks = (0..<2).map { track in
      Project.Track(
        clips: (0..<5000).map { index in
          clip(index % 3, at: Rational(Int64(index) * 36, 5) + Rational(Int64(track)), duration: Rational(36, 5)) {
            if track == 1 { $0.opacity = .constant(Rational(1, 2)) }
          }
        })
    }
    let plan = try compile(project)
    #expect(plan.withView(\.frameCount) == 36000 * 30 + 30)
    #expect(plan.layers(at: 500_000).count == 2)
    #expect(plan.bytes.count < 10_000 * 700)
  }
}
