import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Plan
@testable import Timeline

@Suite struct GridLayoutTests {
  /// Sources 0..<count; every third is a still, the others are videos of different lengths.
  private func project(_ count: Int, width: Int = 1920, height: Int = 1080) -> Project {
    var project = Project(canvas: Canvas(width: width, height: height, rate: Rational(30)))
    project.sources = (0..<count).map { .init("s\($0)", .file("/m/\($0).x")) }
    return project
  }

  private func media(_ count: Int) -> [String: MediaInfo] {
    let infos = (0..<count).map { index in
      index % 3 == 2 ? still("/m/\(index).x") : video("/m/\(index).x", duration: Rational(Int64(index + 2), 3))
    }
    return Dictionary(uniqueKeysWithValues: infos.map { ($0.path, $0) })
  }

  private func errorText(_ grid: Project.Grid, of project: Project, seconds: Int64? = 10) -> String {
    do throws(SluiceError) {
      _ = try GridLayout.timeline(
        grid, of: project, media: media(project.sources.count), duration: seconds.map { .seconds(Rational($0)) })
      return ""
    } catch {
      return "\(error)"
    }
  }

  // MARK: At rest

  @Test func tilesAtRestFillTheCanvasInOrder() throws {
    var grid = Project.Grid(sources: Array(0..<5))
    grid.columns = 3
    grid.gap = 10
    grid.padding = 20
    let laid = try GridLayout.timeline(grid, of: project(5), media: media(5), duration: .frames(30))
    let boxes = laid.tracks.map { $0.clips[0].place.box(on: laid.canvas) }
    #expect(boxes[0] == Rect(x: 20, y: 20, width: 620, height: 514) && boxes[1].x == 650 && boxes[3].y == 544)
    #expect(laid.tracks.map { $0.clips[0].source } == [0, 1, 2, 3, 4])
    #expect(laid.tracks.allSatisfy { $0.clips[0].duration == .frames(30) && $0.clips[0].beyond == .loop })
    #expect(laid.canvas.background == .clear && laid.sources == project(5).sources)
    grid.order = .columns
    let columns = try GridLayout.timeline(grid, of: project(5), media: media(5), duration: .frames(30))
    #expect(columns.tracks.map { $0.clips[0].source } == [0, 2, 4, 1, 3])
    #expect(columns.tracks[1].clips[0].place.x == 650)
  }

  @Test func aShuffledGridHasEverySourceAndIsTheSameEveryTime() throws {
    var grid = Project.Grid(sources: Array(0..<40))
    grid.order = .shuffled
    let once = try GridLayout.timeline(grid, of: project(40), media: media(40), duration: nil)
    let again = try GridLayout.timeline(grid, of: project(40), media: media(40), duration: nil)
    let order = once.tracks.map { $0.clips[0].source }
    #expect(once == again && order != Array(0..<40) && order.sorted() == Array(0..<40))
    // The longest of the sources: number 39 is a video of 41/3 seconds.
    #expect(once.tracks[0].clips[0].duration == .seconds(Rational(41, 3)))
  }

  @Test func labelsStandBelowTheTilesAndAreProbed() throws {
    var project = project(3)
    project.sources[1].source = .color(.black)
    var grid = Project.Grid(sources: [0, 1, 2, 0])
    grid.width = 640
    grid.height = 480
    grid.labels = Project.Grid.Labels()
    let laid = try GridLayout.timeline(grid, of: project, media: media(3), duration: .seconds(.one))
    #expect(laid.tracks.count == 8 && laid.sources.count == 6)
    for index in 0..<4 {
      let tile = laid.tracks[index].clips[0], label = laid.tracks[4 + index].clips[0]
      let box = tile.place.box(on: laid.canvas), below = label.place.box(on: laid.canvas)
      #expect(box.width == 320 && box.height == 204 && below == Rect(x: box.x, y: box.maxY, width: 320, height: 36))
      guard case .title(let title) = laid.sources[label.source].source else {
        Issue.record("no title")
        continue
      }
      #expect(title.text == ["0.x", "s1", "2.x", "0.x"][index] && title.width == 320 && title.height == 36)
    }
    #expect(Set(GridLayout.probeKeys(grid, of: project)) == Set(laid.sourcePaths()))
    #expect(GridLayout.probeKeys(grid, of: project).filter { $0.contains("title") }.count == 3)
    grid.labels = nil
    #expect(GridLayout.probeKeys(grid, of: project) == ["/m/0.x", "/m/2.x"])
  }

  @Test func whatANestedTimelineShowsIsProbed() {
    var nested = project(2)
    nested.tracks = [Project.Track(clips: [Project.Clip(source: 1)])]
    var project = project(1)
    project.sources.append(.init("n", .timeline(nested)))
    #expect(GridLayout.probeKeys(Project.Grid(sources: [0, 1]), of: project) == ["/m/0.x", "/m/1.x"])
  }

  @Test func tilesAreRevealedOneAfterTheOther() throws {
    var grid = Project.Grid(sources: [0, 1, 2, 3])
    grid.reveal = .init(interval: .one, duration: Rational(1, 2))
    let laid = try GridLayout.timeline(grid, of: project(4), media: media(4), duration: .seconds(Rational(5, 2)))
    #expect(laid.tracks.count == 3)
    for (index, track) in laid.tracks.enumerated() {
      let clip = track.clips[0]
      #expect(clip.at == .seconds(Rational(Int64(index))))
      #expect(clip.opacity == .keys([.init(time: .zero, value: .zero), .init(time: Rational(1, 2), value: .one)]))
    }
    // Number 1 lasts one second: it starts again when it comes.
    #expect(laid.tracks[1].clips[0].in == .zero)
  }

  // MARK: Scrolling

  private struct Shown {
    var clip: Project.Clip
    var x: Rational
    var y: Rational
    var height: Rational
    func position(_ vertical: Bool) -> Rational { vertical ? y : x }
  }

  /// The clips at a time, but for the labels.
  private func shown(_ laid: Project, _ time: Rational, sources: Int) -> [Shown] {
    laid.tracks.flatMap(\.clips).compactMap { clip in
      guard clip.source < sources, let (at, length) = span(clip), at <= time, time < at + length else { return nil }
      return Shown(
        clip: clip, x: clip.place.x.linear(time - at), y: clip.place.y.linear(time - at),
        height: clip.place.height?.constant ?? .zero)
    }
  }

  private func span(_ clip: Project.Clip) -> (at: Rational, length: Rational)? {
    guard case .seconds(let at) = clip.at, case .seconds(let length)? = clip.duration else { return nil }
    return (at, length)
  }

  @Test func aScrollingWallNeverHasGapsOrJumps() throws {
    var random = TestRandom(50)
    var rounds = 0
    while rounds < 125 {
      let count = Int.random(in: 1...30, using: &random)
      var grid = Project.Grid(sources: Array(0..<count))
      let direction = Project.Grid.Direction.allCases.randomElement(using: &random) ?? .up
      grid.scroll = .init(direction: direction, speed: Rational(.random(in: 1...4000, using: &random), 10))
      if random.chance(60) { grid.columns = Int.random(in: 1...6, using: &random) }
      let visible = Int.random(in: 1...5, using: &random)
      grid.visible = visible
      grid.gap = Int.random(in: 0...12, using: &random)
      grid.padding = Int.random(in: 0...30, using: &random)
      grid.order = Project.Grid.Order.allCases.randomElement(using: &random) ?? .rows
      if random.chance(30) { grid.labels = Project.Grid.Labels() }
      let project = project(
        count, width: 2 * .random(in: 300...1000, using: &random), height: 2 * .random(in: 300...1000, using: &random))
      let length = Rational(.random(in: 1...40, using: &random))
      let table = media(count)
      guard let laid = try? GridLayout.timeline(grid, of: project, media: table, duration: .seconds(length)) else { continue }
      rounds += 1
      try check(laid, grid, GridGeometry(grid, canvas: project.canvas), project, table, length, &random)
    }
  }

  private func check(
    _ laid: Project, _ grid: Project.Grid, _ geometry: GridGeometry, _ project: Project, _ media: [String: MediaInfo],
    _ length: Rational, _ random: inout TestRandom
  ) throws {
    let scroll = try #require(grid.scroll), visible = try #require(grid.visible)
    let vertical = scroll.direction == .up || scroll.direction == .down
    let along = vertical ? geometry.rows : geometry.columns, lanes = vertical ? geometry.columns : geometry.rows
    let view = Rational(Int64(vertical ? project.canvas.height : project.canvas.width))
    let period = Rational(Int64(along.count * along.pitch)), size = Rational(Int64(along.size))
    let speed = scroll.direction == .up || scroll.direction == .left ? -scroll.speed : scroll.speed
    let step = Rational(1, 30)
    #expect(along.size % 2 == 0 && lanes.size % 2 == 0)

    for _ in 0..<4 {
      let frame = Int64.random(in: 0..<(length * Rational(30)).floor, using: &random)
      let time = Rational(frame, 30)
      let now = shown(laid, time, sources: project.sources.count)
      let rows = Set(now.map { $0.position(vertical) })
      // All lanes, row by row without a gap but the grid's own, over the whole canvas.
      #expect((visible...visible + 1).contains(rows.count))
      #expect(now.count == rows.count * lanes.count)
      let sorted = rows.sorted()
      #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 == Rational(Int64(along.pitch)) })
      #expect(sorted[0] <= Rational(Int64(grid.gap)) && sorted[sorted.count - 1] + size >= view - Rational(Int64(grid.gap)))
      let across = Set(now.map { vertical ? $0.x : $0.y })
      #expect(across == Set((0..<lanes.count).map { Rational(Int64(lanes.position($0))) }))
      for tile in now {
        // Where its row stood at the start, whole turns of the wall apart.
        let turns = (tile.position(vertical) - speed * time) / period
        let row = (turns - Rational(turns.floor)) * period / Rational(Int64(along.pitch))
        #expect(row.den == 1)
        let (at, duration) = try #require(span(tile.clip))
        if time + step < at + duration {
          let next = vertical ? tile.clip.place.y : tile.clip.place.x
          #expect(next.linear(time + step - at) - tile.position(vertical) == speed * step)
        }
        // It plays as if it had always been there.
        guard case .seconds(let start) = tile.clip.in, let info = media["/m/\(tile.clip.source).x"] else { continue }
        if let whole = info.duration {
          let laps = (start + time - at - time) / whole
          #expect(laps.den == 1 && start < whole)
        } else {
          #expect(start == .zero)
        }
      }
    }
    for track in laid.tracks {
      let spans = track.clips.compactMap(span)
      #expect(spans.count == track.clips.count)
      #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.at + $0.length <= $1.at })
      // It comes when it enters the canvas, not before.
      for (clip, (at, _)) in zip(track.clips, spans) where at > .zero && clip.source < project.sources.count {
        let first = (vertical ? clip.place.y : clip.place.x).linear(.zero)
        #expect(first == (speed < .zero ? view : -size))
      }
    }
    if scroll.speed * length >= period {
      #expect(Set(laid.tracks.flatMap(\.clips).map(\.source)).isSuperset(of: grid.sources))
    }
  }

  @Test func theWallOfTheBenchmarkMovesBetweenPixels() throws {
    var grid = Project.Grid(sources: Array(0..<24))
    grid.columns = 4
    grid.scroll = .init(direction: .up, speed: Rational(75, 2))
    let laid = try GridLayout.timeline(grid, of: project(24), media: media(24), duration: .seconds(Rational(20)))
    // Tiles of the canvas's shape: four across, four down and one coming in.
    #expect(laid.tracks.count == 5 * 4)
    let clip = laid.tracks[0].clips[0]
    #expect(clip.place.width == 480 && clip.place.height == 270)
    #expect(
      clip.place.y == .keys([.init(time: .zero, value: .zero), .init(time: Rational(36, 5), value: Rational(-270))]))
  }

  @Test func whatIsHeldStaysAtItsLastPictureAndWhatIsCutDoesNotCome() throws {
    var grid = Project.Grid(sources: [0, 1])
    grid.columns = 1
    grid.visible = 1
    grid.scroll = .init(direction: .up, speed: Rational(1080))
    grid.beyond = .hold
    // Sources of 2/3 and 1 s; the second comes in at 0, the first again at 1, the second again at 2.
    let held = try GridLayout.timeline(grid, of: project(2), media: media(2), duration: .seconds(Rational(3)))
    let second = held.tracks.flatMap(\.clips).filter { $0.source == 1 && $0.at == .seconds(Rational(2)) }
    #expect(second.map(\.speed) == [.zero] && second.map(\.in) == [.seconds(Rational(999, 1000))])
    grid.beyond = .cut
    let cut = try GridLayout.timeline(grid, of: project(2), media: media(2), duration: .seconds(Rational(3)))
    #expect(cut.tracks.flatMap(\.clips).map(\.source) == [0, 1])
  }

  @Test func saysWhatDoesNotWorkOut() {
    var grid = Project.Grid(sources: [0, 1])
    grid.scroll = .init(direction: .down, speed: Rational(100_000))
    #expect(
      errorText(grid, of: project(2), seconds: 1_000_000).contains(
        "clips, more than 100000; give the clip a shorter \"duration\", or scroll slower"))
    grid.scroll = nil
    grid.gap = 1920
    #expect(
      errorText(grid, of: project(2))
        == "2x1 tiles with a gap of 1920 do not fit 1920x1080; take a smaller \"gap\", or other \"columns\"")
    grid.gap = 0
    grid.labels = Project.Grid.Labels()
    grid.labels?.size = Rational(2000)
    #expect(
      errorText(grid, of: project(2))
        == "labels of 3000 pixels leave no room in tiles of 960x1080; take a smaller \"size\" for the labels")
    #expect(
      errorText(Project.Grid(sources: [2]), of: project(3), seconds: nil)
        == "a grid of pictures has no length of its own; give the clip a \"duration\"")
  }

  @Test func anyGridOfAFileGivesATimelineOrAnError() {
    var generator = ProjectGenerator(seed: 60)
    var laidOut = 0
    for _ in 0..<300 {
      let project = generator.project()
      for case .grid(let grid) in project.sources.map(\.source) {
        _ = GridLayout.probeKeys(grid, of: project)
        for duration in [nil, TimeValue.frames(100), .seconds(Rational(10_000_000)), .seconds(Rational(1, 999_999_937))] {
          let keys = GridLayout.probeKeys(grid, of: project)
          let media = Dictionary(uniqueKeysWithValues: keys.map { ($0, video($0, duration: Rational(1, 999_999_929))) })
          if (try? GridLayout.timeline(grid, of: project, media: media, duration: duration)) != nil { laidOut += 1 }
        }
      }
    }
    #expect(laidOut > 100)
  }
}

extension Animatable {
  /// The exact value of linear keys.
  fileprivate func linear(_ time: Rational) -> Rational {
    switch self {
    case .constant(let value): return value
    case .keys(let keys):
      guard let index = keys.firstIndex(where: { $0.time > time }) else { return keys[keys.count - 1].value }
      guard index > 0 else { return keys[0].value }
      let a = keys[index - 1], b = keys[index]
      return a.value + (b.value - a.value) * ((time - a.time) / (b.time - a.time))
    }
  }
}
