import FrameModel
import SluiceBase
import TestKit
import Testing

@testable import Plan
@testable import Timeline

@Suite struct GridTests {
  private func media(_ count: Int) -> (files: [String], media: [String: MediaInfo]) {
    let files = (0..<count).map { "/v\($0).mp4" }
    let infos = files.enumerated().map { index, file in
      video(file, duration: Rational(Int64(index + 1)), rate: Rational(Int64(20 + index)))
    }
    return (files, Dictionary(uniqueKeysWithValues: infos.map { ($0.path, $0) }))
  }

  @Test func nineClipsFillFullHDExactly() throws {
    let (files, media) = media(9)
    let project = try GridBuilder.project(GridOptions(files: files), media: media)
    #expect(project.canvas.width == 1920 && project.canvas.height == 1080 && project.canvas.rate == Rational(28))
    let plan = try PlanCompiler.compile(project, media: media, settings: project.output.settings())
    #expect(plan.withView { $0.frameCount } == 9 * 28)
    let tiles = (0..<9).map { (index: Int) -> Rect in
      Rect(x: Double(index % 3 * 640), y: Double(index / 3 * 360), width: 640, height: 360)
    }
    #expect(plan.layers(at: 200).map(\.destination) == tiles)
  }

  @Test func aClipThatEndsEarlyIsHeld() throws {
    let (files, media) = media(2)
    let project = try GridBuilder.project(GridOptions(files: files), media: media)
    #expect(project.tracks.allSatisfy { $0.clips[0].duration == .seconds(Rational(2)) })
  }

  @Test func picturesAloneLastTenSecondsAtThirty() throws {
    let media = table(still("/a.jpg"), still("/b.jpg"))
    let project = try GridBuilder.project(GridOptions(files: ["/a.jpg", "/b.jpg", "/a.jpg"]), media: media)
    #expect(project.canvas.rate == Rational(30) && project.tracks[0].clips[0].duration == .seconds(Rational(10)))
    #expect(project.sources.count == 2 && project.tracks.count == 3)
  }

  @Test func theRateIsAtMostSixty() throws {
    let project = try GridBuilder.project(GridOptions(files: ["/a"]), media: table(video("/a", rate: Rational(240))))
    #expect(project.canvas.rate == Rational(60))
  }

  @Test func everyGridReadsBackAndItsTilesDoNotOverlap() throws {
    var random = TestRandom(20)
    for _ in 0..<500 {
      let (files, media) = media(Int.random(in: 1...40, using: &random))
      var options = GridOptions(files: files)
      options.columns = random.chance(50) ? nil : Int.random(in: 1...12, using: &random)
      options.gap = Int.random(in: 0...9, using: &random)
      options.canvas = (2 * Int.random(in: 200...1000, using: &random), 2 * Int.random(in: 400...1000, using: &random))
      options.duration = random.chance(50) ? nil : .frames(7)
      let project = try GridBuilder.project(options, media: media)
      #expect(try ProjectReader.read(text: ProjectWriter.json(project), path: "").canvas == project.canvas)
      let boxes = project.tracks.map { $0.clips[0].place.box(on: project.canvas) }
      for (index, box) in boxes.enumerated() {
        #expect(project.canvas.bounds.contains(box))
        #expect(boxes[(index + 1)...].allSatisfy { box.intersection($0).isEmpty })
      }
    }
  }

  @Test func labelsAreTracksAboveTheTiles() throws {
    let (files, media) = media(4)
    var options = GridOptions(files: files)
    options.labels = true
    let project = try GridBuilder.project(options, media: media)
    #expect(
      project.tracks.count == 8 && project.tracks[..<4].allSatisfy { $0.clips[0].source < 4 && $0.clips[0].beyond == .loop })
    var read = try ProjectReader.read(text: ProjectWriter.json(project), path: "")
    read.path = ""
    #expect(read == project)
  }

  @Test func aGridThatScrollsIsOneClipOfAGrid() throws {
    let (files, media) = media(4)
    var options = GridOptions(files: files + files)
    options.scroll = (.left, Rational(60))
    let project = try GridBuilder.project(options, media: media)
    var grid = Project.Grid(sources: [0, 1, 2, 3, 0, 1, 2, 3])
    grid.scroll = .init(direction: .left, speed: Rational(60))
    #expect(project.sources.last?.source == .grid(grid) && project.tracks.count == 1)
    #expect(project.tracks[0].clips.map(\.duration) == [.seconds(Rational(4))] && project.tracks[0].clips[0].source == 4)
    #expect(try ProjectReader.read(text: ProjectWriter.json(project), path: "") == project)
  }

  @Test func saysWhatDoesNotWorkOut() {
    func message(_ edit: (inout GridOptions) -> Void) -> String {
      var options = GridOptions(files: ["/a", "/a"])
      edit(&options)
      do {
        _ = try GridBuilder.project(options, media: table(video("/a")))
        return ""
      } catch { return "\(error)" }
    }
    #expect(message { $0.files = [] } == "a grid needs at least one file")
    #expect(message { $0.canvas = (101, 100) } == "--canvas 101x100: width and height must be even and between 16 and 16384")
    #expect(message { $0.columns = 0 } == "--columns 0: must be at least 1")
    #expect(
      message { $0.gap = 1920 }
        == "2x1 tiles with a gap of 1920 do not fit 1920x1080; take a larger --canvas, a smaller --gap, or other --columns")
    #expect(
      message { $0.scroll = (.up, .zero) } == "--scroll 0: must be above 0, in steps of a thousandth or more")
    #expect(message { $0.duration = .zero } == "--duration 0: must be longer than 0")
  }
}

@Suite struct FrameProjectTests {
  @Test func aFrameIsAnUntouchedPictureOfItsOwnFormat() throws {
    for aspect in [Rational.one, Rational(4, 3)] {
      let info = video("/v", width: 719, height: 405) {
        $0.format = .yuv420p10
        $0.sampleAspect = aspect
      }
      let project = try FrameProject.project(info, at: .time(.seconds(Rational(7, 3))))
      let plan = try PlanCompiler.compile(project, media: table(info), settings: project.output.settings())
      var frame = FrameDescription(format: .yuv420p10, width: 719, height: 405)
      frame.sampleAspect = aspect
      let canvas = plan.withView { $0.canvas }
      #expect(canvas.sampleAspect == aspect && plan.withView { $0.frameCount } == 1)
      #expect(plan.layers(at: 0).count == 1 && plan.layers(at: 0)[0].isIdentity(of: frame, canvas: canvas))
      #expect(plan.streams[0].start == Rational(7, 3) && plan.streams[0].number == -1)
    }
  }

  @Test func aTurnedPictureGetsItsUprightCanvas() throws {
    let info = video("/v", width: 1920, height: 1080) {
      $0.rotation = 1
      $0.sampleAspect = Rational(4, 3)
    }
    let canvas = try FrameProject.project(info, at: .number(3)).canvas
    #expect(canvas.width == 1080 && canvas.height == 1920 && canvas.sampleAspect == Rational(3, 4))
  }

  @Test func aNumberTravelsToTheStream() throws {
    let info = video("/v") { $0.frames = 300 }
    let project = try FrameProject.project(info, at: .number(299))
    #expect(try PlanCompiler.compile(project, media: table(info), settings: project.output.settings()).streams[0].number == 299)
    #expect { try FrameProject.project(info, at: .number(300)) } throws: {
      "\($0)" == "/v: --number 300: the frames are 0 to 299"
    }
    #expect { try FrameProject.project(info, at: .time(.seconds(Rational(10)))) } throws: {
      "\($0)" == "/v: --at 10: the source is 00:00:10.000 long"
    }
    #expect { try FrameProject.project(still("/s"), at: .number(1)) } throws: {
      "\($0)" == "/s: --number 1: the frames are 0 to 0"
    }
  }
}

@Suite struct MediaInfoJSONTests {
  @Test func everyFieldSurvivesTheLine() {
    var info = video("/a \"b\"\n.mp4", duration: Rational(1001, 30000)) {
      $0.sourceFormat = "yuv420p"
      $0.rotation = 3
      $0.mirrored = true
      $0.color = ColorDescription(matrix: 9, primaries: 9, transfer: 16, fullRange: true, chromaLocation: 2)
      $0.interlaced = true
      $0.nominalRate = Rational(30000, 1001)
      $0.frames = 12
      $0.format = .yuv420p10
    }
    var sound = MediaInfo.Audio()
    sound.codec = "aac"
    sound.sampleRate = 48000
    sound.channels = 2
    info.audio = [sound, sound]
    #expect(MediaInfo(json: info.json) == info)
    #expect(!info.json.utf8.contains(0x0a))
    #expect(MediaInfo(json: still("/s").json) == still("/s"))
  }

  @Test func mutatedLinesNeverCrash() {
    var random = TestRandom(30)
    let seed = Array(video("/a.mp4").json.utf8)
    for _ in 0..<5000 {
      var bytes = seed
      for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 32...126, using: &random) }
      _ = MediaInfo(json: String(decoding: bytes, as: UTF8.self))
    }
  }
}
