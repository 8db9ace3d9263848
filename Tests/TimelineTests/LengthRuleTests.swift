import FrameModel
import Plan
import SluiceBase
import Testing

@testable import Timeline

/// What decides how long something is.
@Suite struct LengthRuleTests {
  private func compileWithSubtitles(_ tracks: String, seconds: Int64) throws -> CompiledPlan {
    let text = "{canvas:{width:64,height:64,fps:25},sources:{a:{color:'#ff0000'}},tracks:[\(tracks)]}"
    let project = try ProjectReader.read(text: text, path: "/p/x.json")
    var media: [String: MediaInfo] = [:]
    for key in project.sourcePaths() {
      media[key] = video("", width: 64, height: 64, duration: Rational(seconds), rate: .zero)
      media[key]?.container = "subtitles"
    }
    return try PlanCompiler.compile(project, media: media, settings: project.output.settings())
  }

  @Test func picturesDecideAndSubtitlesEndWithThem() throws {
    let film = "{clips:[{source:'a',duration:2}]}", subtitles = "{kind:'subtitles',file:'a.srt'}"
    let plan = try compileWithSubtitles("\(film),\(subtitles)", seconds: 102)
    #expect(plan.withView(\.frameCount) == 50)
    #expect(plan.warnings == ["the subtitles go on for 00:01:40.000 after the last picture; they end with it"])
    let short = try compileWithSubtitles("\(film),\(subtitles)", seconds: 1)
    #expect(short.withView(\.frameCount) == 50 && short.warnings.isEmpty)
    // Where there is nothing else they are the pictures.
    #expect(try compileWithSubtitles(subtitles, seconds: 3).withView(\.frameCount) == 75)
  }

  @Test func aTimelineWithinIsAsLongAsItsPictures() throws {
    let inner = "{tracks:[{clips:[{source:'a',duration:2}]},{kind:'subtitles',file:'a.srt'}],sources:{a:{color:'#00ff00'}}}"
    let text = "{canvas:{width:64,height:64,fps:25},sources:{t:{timeline:\(inner)}},tracks:[{clips:[{source:'t'}]}]}"
    let project = try ProjectReader.read(text: text, path: "/p/x.json")
    var media: [String: MediaInfo] = [:]
    for key in project.sourcePaths() { media[key] = video("", width: 64, height: 64, duration: Rational(102), rate: .zero) }
    let plan = try PlanCompiler.compile(project, media: media, settings: project.output.settings())
    #expect(plan.withView(\.frameCount) == 50)
  }

  @Test func aVideoOfOnePictureIsNoMeasureOfAGrid() throws {
    let gif = video("/still.gif", duration: Rational(1, 10), rate: Rational(10))
    let one = try GridBuilder.project(GridOptions(files: ["/still.gif"]), media: table(gif))
    #expect(one.tracks[0].clips[0].duration == .seconds(Rational(10)))
    let counted = video("/still.gif", duration: Rational(5), rate: Rational(10)) { $0.frames = 1 }
    #expect(
      try GridBuilder.project(GridOptions(files: ["/still.gif"]), media: table(counted)).tracks[0].clips[0].duration
        == .seconds(Rational(10)))
    let moving = video("/a", duration: Rational(4), rate: Rational(25))
    let both = try GridBuilder.project(GridOptions(files: ["/still.gif", "/a"]), media: table(gif, moving))
    #expect(both.tracks.map { $0.clips[0].duration } == [.seconds(Rational(4)), .seconds(Rational(4))])
  }

  @Test func aGridOfTheCommandIsOneOfAProject() throws {
    let media = table(video("/a", duration: Rational(1)), video("/b", duration: Rational(3)))
    var options = GridOptions(files: ["/a", "/b"])
    #expect(
      try GridBuilder.project(options, media: media).tracks.allSatisfy { $0.clips[0].beyond == Project.Grid(sources: []).beyond })
    for beyond in Project.Beyond.allCases {
      options.beyond = beyond
      #expect(try GridBuilder.project(options, media: media).tracks.allSatisfy { $0.clips[0].beyond == beyond })
      options.scroll = (.up, Rational(60))
      guard case .grid(let grid)? = try GridBuilder.project(options, media: media).sources.last?.source else {
        Issue.record("no grid")
        continue
      }
      #expect(grid.beyond == beyond)
      options.scroll = nil
    }
  }
}
