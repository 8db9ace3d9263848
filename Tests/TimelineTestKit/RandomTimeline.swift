import FrameModel
import Plan
import SluiceBase
import TestKit
import Timeline

/// A random project over invented media: cuts, overlaps, grids, stills, slide shows, shared sources, gaps, colours.
public enum RandomTimeline {
  public static let width = 640
  public static let height = 360

  public static func media(_ random: inout TestRandom) -> [String: MediaInfo] {
    var media: [String: MediaInfo] = [:]
    func add(_ name: String, kind: MediaInfo.Kind, width: Int, height: Int, rate: Rational, buffers: Int) {
      var info = MediaInfo(path: "/" + name, kind: kind)
      var video = MediaInfo.Video()
      video.width = width
      video.height = height
      video.averageRate = rate
      video.color = .bt709
      video.slotBytes = PlaneLayout.slotBytes(PlaneLayout(.yuv420p, width: width, height: height).bytes)
      video.pictureBuffers = buffers
      info.video = video
      info.duration = kind == .image ? nil : Rational(1000)
      media["/" + name] = info
    }
    // The canvas's own size (bypass), others, and rates below, at and above the canvas's.
    add("a", kind: .video, width: width, height: height, rate: Rational(30), buffers: random.int(1...6))
    add("b", kind: .video, width: width, height: height, rate: Rational(7), buffers: random.int(1...6))
    add("c", kind: .video, width: 320, height: 240, rate: Rational(60), buffers: random.int(1...4))
    add("d", kind: .video, width: 1280, height: 720, rate: Rational(24000, 1001), buffers: random.int(1...5))
    for index in 0..<6 {
      let same = index % 2 == 0
      add("s\(index)", kind: .image, width: same ? width : 800, height: same ? height : 600, rate: .zero, buffers: 1)
    }
    return media
  }

  public static func project(_ random: inout TestRandom) -> Project {
    var project = Project(canvas: Canvas(width: width, height: height))
    project.path = "/p.json"
    project.sources = ["a", "b", "c", "d", "s0", "s1", "s2", "s3", "s4", "s5"].map { .init($0, .file("/" + $0)) }
    project.sources.append(.init("red", .color(RGBA(red: 1, green: 0, blue: 0))))
    switch random.int(0...5) {
    case 0: project.tracks = [slideShow(&random), slideShow(&random)]
    case 1: project.tracks = grid(&random)
    case 2: project.tracks = [cuts(&random, moving: true)]
    default:
      for _ in 0..<random.int(1...4) { project.tracks.append(cuts(&random, moving: random.chance(50))) }
    }
    return project
  }

  /// Workers' filters on some clips, and on the whole frame at times.
  public static func filters(_ project: inout Project, _ random: inout TestRandom) {
    let chance = random.int(10...100)
    for track in project.tracks.indices {
      for clip in project.tracks[track].clips.indices where random.chance(chance) {
        // A filtered colour would be a source of its own, which nobody has probed.
        if case .color = project.sources[project.tracks[track].clips[clip].source].source { continue }
        project.tracks[track].clips[clip].effects = chain(&random).map(Project.Effect.worker)
      }
    }
    if random.chance(50) { project.output.effects = chain(&random) }
  }

  private static func chain(_ random: inout TestRandom) -> [WorkerEffect] {
    (0..<[1, 1, 1, 2, 3][random.int(0...4)]).map { _ in
      WorkerEffect(["invert", "blur"][random.int(0...1)], version: "1", everyFrame: random.chance(25))
    }
  }

  private static func clip(_ source: Int, at: Int64, length: Int64, _ random: inout TestRandom) -> Project.Clip {
    var clip = Project.Clip(source: source)
    clip.at = .frames(at)
    clip.duration = .frames(length)
    if source < 4, random.chance(60) { clip.in = .frames(Int64(random.int(0...40))) }
    if random.chance(35) {
      clip.place.x = .constant(Rational(2 * Int64(random.int(0...150))))
      clip.place.y = .constant(Rational(2 * Int64(random.int(0...80))))
      clip.place.width = .constant(Rational(2 * Int64(random.int(10...160))))
      clip.place.height = .constant(Rational(2 * Int64(random.int(10...90))))
    }
    if random.chance(15) { clip.opacity = .constant(Rational(1, 2)) }
    // Composed without it from about the middle on.
    if random.chance(10) {
      clip.opacity = .keys([
        Animatable.Key(time: .zero, value: .one), Animatable.Key(time: Rational(max(1, length), 60), value: .zero, ease: .hold),
      ])
    }
    return clip
  }

  private static func cuts(_ random: inout TestRandom, moving: Bool) -> Project.Track {
    var track = Project.Track()
    var at: Int64 = random.chance(70) ? 0 : Int64(random.int(0...30))
    for _ in 0..<random.int(1...6) {
      let length = Int64(random.chance(15) ? 1 : random.int(1...40))
      track.clips.append(clip(random.int(0...(moving ? 3 : 10)), at: at, length: length, &random))
      at += length + (random.chance(70) ? 0 : Int64(random.int(1...20)))
    }
    return track
  }

  private static func slideShow(_ random: inout TestRandom) -> Project.Track {
    var track = Project.Track()
    var at = Int64(random.int(0...10))
    for _ in 0..<random.int(4...12) {
      let length = Int64(random.int(2...15))
      track.clips.append(clip(random.int(4...9), at: at, length: length, &random))
      at += length
    }
    return track
  }

  private static func grid(_ random: inout TestRandom) -> [Project.Track] {
    let columns = random.int(1...3)
    let length = Int64(random.int(10...60))
    return (0..<columns * columns).map { cell in
      var clip = Project.Clip(source: random.int(0...5))
      clip.duration = .frames(random.chance(70) ? length : Int64(random.int(1...60)))
      clip.in = .frames(Int64(random.int(0...3)))
      clip.place.x = .constant(Rational(Int64(cell % columns * 200)))
      clip.place.y = .constant(Rational(Int64(cell / columns * 100)))
      clip.place.width = .constant(Rational(200))
      clip.place.height = .constant(Rational(100))
      return Project.Track(clips: [clip])
    }
  }
}
