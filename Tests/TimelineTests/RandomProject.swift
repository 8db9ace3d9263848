import FrameModel
import SluiceBase
import TestKit

@testable import Plan
@testable import Timeline

/// Projects over the whole model, as a project file can say them.
struct ProjectGenerator {
  var random: TestRandom

  init(seed: UInt64) { random = TestRandom(seed) }

  mutating func project(depth: Int = 0) -> Project {
    var project = Project(canvas: canvas(isNested: depth > 0))
    project.sampleRate = int(8000...384_000)
    project.channels = pick(Project.Channels.allCases)
    for index in 0..<int(1...6) {
      let name = random.chance(20) ? "s \"\(index)\" ü\n" : "s\(index)"
      project.sources.append(.init(name, source(depth: depth)))
    }
    if random.chance(40) {
      let grid = grid(over: project.sources.count)
      project.sources.append(.init("grid", .grid(grid)))
    }
    let named = project.sources.count
    for _ in 0..<int(0...4) {
      switch int(0...9) {
      case 0: project.tracks.append(audio(project))
      case 1: project.tracks.append(subtitles(&project))
      default: project.tracks.append(video(project, sources: named))
      }
    }
    if depth == 0 { project.output = output() }
    return project
  }

  // MARK: Values

  private mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  /// A fraction in the range, often one that no decimal writes.
  private mutating func number(_ range: ClosedRange<Int>) -> Rational {
    let den = pick([1, 1, 2, 3, 7, 1000])
    return Rational(Int64(int(range.lowerBound * den...range.upperBound * den)), Int64(den))
  }

  private mutating func pick<T>(_ values: [T]) -> T { values[int(0...values.count - 1)] }

  private mutating func color(opaque: Bool = false) -> RGBA {
    func two(_ value: Int) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }
    let text = "#" + (0..<(opaque ? 3 : 4)).map { _ in two(int(0...255)) }.joined()
    return RGBA(hex: text) ?? .black
  }

  private mutating func text() -> String {
    pick(["a", "two words", "line\nline", "\"quoted\" \\ \t", "日本語", "مرحبا", "🎞️ \u{7f}"]) + "\(int(0...99))"
  }

  private mutating func time(_ range: ClosedRange<Int>) -> TimeValue {
    random.chance(20) ? .frames(Int64(int(range) * 25)) : .seconds(number(range))
  }

  private mutating func animatable(_ range: ClosedRange<Int>) -> Animatable {
    if random.chance(60) { return .constant(number(range)) }
    var at = Rational.zero
    return .keys(
      (0..<int(1...5)).map { _ in
        at = at + number(0...3) + Rational(1, 1000)
        let ease: Ease =
          random.chance(50)
          ? pick(Ease.named.map(\.ease))
          : .bezier(
            x1: Double.random(in: 0...1, using: &random), y1: Double.random(in: -9...9, using: &random), x2: 0.25,
            y2: Double.random(in: 0...1e-6, using: &random))
        return Animatable.Key(time: at, value: number(range), ease: ease)
      })
  }

  // MARK: Canvas and output

  private mutating func canvas(isNested: Bool) -> Canvas {
    var color = pick(CanvasColor.allCases).description
    color.fullRange = random.chance(30)
    return Canvas(
      width: 2 * int(8...2000), height: 2 * int(8...2000), format: random.chance(30) ? .yuv420p10 : .yuv420p,
      rate: pick([Rational(30), Rational(25), Rational(30000, 1001), Rational(1000, 7)]),
      background: self.color(opaque: !isNested), color: color)
  }

  private mutating func output() -> Project.Output {
    var output = Project.Output()
    if random.chance(50) { output.codec = "libx265" }
    if random.chance(50) { output.crf = number(0...63) }
    if random.chance(30) { output.preset = "fast" }
    if random.chance(30) { output.pixelFormat = "yuv444p" }
    if random.chance(30) { output.format = "mov" }
    if random.chance(30) { output.threads = int(1...64) }
    if random.chance(30) { output.options = [.init("tune", "film"), .init("x", "1:2")] }
    if random.chance(40) { output.audio = audioOutput() }
    return output
  }

  private mutating func audioOutput() -> Project.AudioOutput {
    var audio = Project.AudioOutput()
    if random.chance(50) { audio.codec = "libopus" }
    if random.chance(50) { audio.bitRate = Int64(int(1000...1_000_000)) }
    if random.chance(30) { audio.options = [.init("application", "audio")] }
    if random.chance(50) { audio.loudness = number(-70...0) }
    return audio
  }

  // MARK: Sources

  private mutating func source(depth: Int) -> Project.Source {
    switch int(0...(depth < 3 ? 6 : 5)) {
    case 0, 1: return .file("/media/\(int(0...9)).mp4")
    case 2: return .color(color())
    case 3: return .lavfi("life=s=640x360")
    case 4: return .title(title())
    case 5:
      return .sequence(
        .init(pattern: pick(["/i/%d.png", "/i/a%04d.png"]), first: Int64(int(0...5000)), rate: Rational(24000, 1001)))
    default: return .timeline(project(depth: depth + 1))
    }
  }

  private mutating func title() -> Project.Title {
    var title = Project.Title(text: text())
    if random.chance(50) { title.font = "Noto Sans Bold Italic" }
    if random.chance(50) { title.size = number(1...300) }
    if random.chance(50) { title.color = color() }
    title.align = pick(TitleKey.Align.allCases)
    title.vertical = pick(TitleKey.Vertical.allCases)
    if random.chance(30) { title.width = int(1...16384) }
    if random.chance(30) { title.height = int(1...16384) }
    if random.chance(30) { title.outline = number(0...20) }
    if random.chance(30) { title.outlineColor = color() }
    return title
  }

  private mutating func grid(over count: Int) -> Project.Grid {
    var grid = Project.Grid(sources: (0..<int(1...12)).map { _ in int(0...count - 1) })
    if random.chance(50) { (grid.width, grid.height) = (2 * int(8...2000), 2 * int(8...2000)) }
    if random.chance(50) { grid.columns = int(1...20) }
    grid.gap = int(0...20)
    grid.padding = int(0...20)
    grid.background = random.chance(50) ? .clear : color()
    grid.fit = pick(Fit.allCases)
    grid.order = pick(Project.Grid.Order.allCases)
    grid.beyond = pick(Project.Beyond.allCases)
    if random.chance(30) {
      var labels = Project.Grid.Labels()
      if random.chance(50) { (labels.font, labels.size, labels.color) = ("Serif", number(1...99), color()) }
      grid.labels = labels
    }
    if random.chance(40) {
      grid.scroll = .init(direction: pick(Project.Grid.Direction.allCases), speed: number(1...1000))
      if random.chance(50) { grid.visible = int(1...9) }
    }
    if random.chance(30) { grid.reveal = .init(interval: number(0...9), duration: number(0...9)) }
    return grid
  }

  // MARK: Tracks

  private mutating func track(_ kind: Project.TrackKind) -> Project.Track {
    var track = Project.Track(kind: kind, name: random.chance(50) ? text() : "")
    track.enabled = random.chance(80)
    return track
  }

  private mutating func audio(_ project: Project) -> Project.Track {
    var track = track(.audio)
    track.sound = trackSound()
    for index in 0..<int(0...3) {
      var clip = Project.Clip(source: int(0...project.sources.count - 1))
      clip.at = .seconds(Rational(Int64(10 * index)))
      clip.in = time(0...5)
      clip.duration = .seconds(Rational(7, 3))
      clip.sound = clipSound()
      if random.chance(30) { clip.speed = number(-1000...1000) }
      clip.beyond = pick(Project.Beyond.allCases)
      if case .subtitles = project.sources[clip.source].source { continue }
      track.clips.append(clip)
    }
    return track
  }

  private mutating func subtitles(_ project: inout Project) -> Project.Track {
    var subtitles = Project.Subtitles(path: "/s/\(int(0...3)).srt")
    if random.chance(50) { subtitles.font = "Sans Bold" }
    if random.chance(50) { subtitles.size = number(1...99) }
    if random.chance(50) { subtitles.color = color() }
    var clip = Project.Clip(source: project.sources.count)
    if random.chance(30) { clip.at = time(1...9) } else if random.chance(30) { clip.in = time(1...9) }
    project.sources.append(.init("subtitles:\(clip.source)", .subtitles(subtitles)))
    var track = track(.subtitles)
    track.clips = [clip]
    return track
  }

  /// `sources`: those with names of the file.
  private mutating func video(_ project: Project, sources: Int) -> Project.Track {
    var track = track(.video)
    if random.chance(40) { track.sound = trackSound() }
    var end = Rational.zero, transitionEnd = Rational.zero
    for index in 0..<int(0...5) {
      var clip = clip(project, source: int(0...sources - 1))
      let length = number(1...20)
      var at = end
      if index > 0, random.chance(50) {
        let duration = Rational(Int64(int(1...4)), 8) * length
        // Up to the whole transition's length over the clip before.
        if random.chance(50) { at = max(transitionEnd, end - duration) }
        clip.transition = .init(transition(), duration: .seconds(duration))
        transitionEnd = at + duration
      } else {
        at = at + number(0...3)
        transitionEnd = at
      }
      clip.at = .seconds(at)
      clip.duration = .seconds(length)
      end = at + length
      track.clips.append(clip)
    }
    if random.chance(20), !track.clips.isEmpty { track.clips[track.clips.count - 1].duration = nil }
    return track
  }

  private mutating func transition() -> Project.Transition.Kind {
    let direction = pick(Direction.allCases)
    return pick([.dissolve, .fade(color(opaque: true)), .wipe(direction), .slide(direction), .push(direction)])
  }

  private mutating func clip(_ project: Project, source: Int) -> Project.Clip {
    var clip = Project.Clip(source: source)
    if random.chance(20) { clip.name = text() }
    clip.in = time(0...5)
    if random.chance(40) { clip.speed = number(-1000...1000) }
    clip.beyond = pick(Project.Beyond.allCases)
    if random.chance(40) {
      clip.crop = .init(
        x: animatable(0...65536), y: animatable(0...9), width: animatable(1...65536), height: animatable(1...9))
    }
    if random.chance(60) {
      clip.place.x = animatable(-1_000_000...1_000_000)
      clip.place.y = animatable(-99...99)
      if random.chance(50) { clip.place.width = animatable(1...1_000_000) }
      if random.chance(50) { clip.place.height = animatable(1...99) }
      clip.place.fit = pick(Fit.allCases)
    }
    if random.chance(40) { clip.rotate = animatable(-720...720) }
    if random.chance(40) { clip.opacity = animatable(0...1) }
    clip.blend = pick(Project.Blend.allCases)
    clip.enabled = random.chance(90)
    if random.chance(20) { clip.sound = nil } else if random.chance(40) { clip.sound = clipSound() }
    switch project.sources[source].source {
    case .timeline, .grid: break
    default:
      clip.effects = (0..<int(0...2)).map { _ in effect() }
      if random.chance(20) { clip.effects.append(.worker(worker())) }
      if random.chance(5) { clip.effects.append(.worker(worker())) }
    }
    return clip
  }

  private mutating func trackSound() -> Project.TrackSound {
    var sound = Project.TrackSound()
    sound.gain = animatable(-120...40)
    sound.pan = animatable(-1...1)
    sound.effects = (0..<int(0...2)).map { _ in soundEffect() }
    sound.isMuted = random.chance(20)
    sound.isSolo = random.chance(20)
    return sound
  }

  private mutating func clipSound() -> Project.ClipSound {
    var sound = Project.ClipSound()
    if random.chance(50) { sound.gain = animatable(-120...40) }
    if random.chance(50) { sound.pan = animatable(-1...1) }
    if random.chance(40) { sound.fadeIn = .init(time(1...3), curve: pick(SoundPlan.Curve.allCases)) }
    if random.chance(40) { sound.fadeOut = .init(time(1...3), curve: pick(SoundPlan.Curve.allCases)) }
    sound.effects = (0..<int(0...2)).map { _ in soundEffect() }
    if random.chance(20) { sound.stream = int(0...9) }
    sound.preservesPitch = random.chance(70)
    sound.isMuted = random.chance(10)
    return sound
  }

  private mutating func soundEffect() -> SoundPlan.Effect {
    switch int(0...4) {
    case 0: .init(.biquad(pick(SoundPlan.Biquad.allCases)), parameters: [.init("frequency", animatable(10...9999))])
    case 1: .init(.delay, parameters: [.init("delayTime", animatable(0...3)), .init("mix", animatable(0...1))])
    case 2: .init(.compressor, parameters: random.chance(50) ? [] : [.init("ratio", animatable(1...20))])
    case 3: .init(.limiter, parameters: [.init("ceiling", animatable(-20...0))])
    default: .init(.avfilter("aecho=0.8:0.9:100:0.3"))
    }
  }

  mutating func worker() -> WorkerEffect {
    WorkerEffect(
      ["blur", "a-b_C9"][int(0...1)], parameters: ["{}", "[1, {\"a\": null}, \"\\\"\"]", "-1.5e3"][int(0...2)],
      version: ["", "1"][int(0...1)], everyFrame: random.chance(30))
  }

  private mutating func effect() -> Project.Effect {
    // Any file that is there.
    if random.chance(30) { return .lut(#filePath) }
    return .avfilter(
      "gblur=sigma=4,eq",
      parameters: random.chance(50) ? [] : [.init("gblur.sigma", animatable(0...9)), .init("b", animatable(-9...9))])
  }
}
