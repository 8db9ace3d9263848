import FrameModel
import SluiceBase
import Testing

@testable import Plan
@testable import Timeline

@Suite struct SourceReaderTests {
  private func source(_ text: String) throws -> Project.Source {
    try ProjectReader.read(text: "{sources:{b:'b',c:'c',a:\(text)},tracks:[]}", path: "/p/x.json").sources[2].source
  }

  @Test func readsTitles() throws {
    #expect(try source("{text:'x'}") == .title(Project.Title(text: "x")))
    var title = Project.Title(text: "Hä\nlines")
    title.font = "Serif Bold"
    title.size = Rational(41, 2)
    title.color = RGBA(red: 1, green: 0, blue: 0, alpha: 0)
    title.align = .left
    title.vertical = .bottom
    title.width = 301
    title.height = 7
    title.outline = Rational(3, 2)
    title.outlineColor = RGBA(red: 0, green: 0, blue: 1)
    #expect(
      try source(
        "{text:'Hä\\nlines',font:'Serif Bold',size:20.5,color:'#ff000000',align:'left',verticalAlign:'bottom',width:301,height:7,"
          + "outline:1.5,outlineColor:'#0000ff'}") == .title(title))
  }

  @Test func readsSequences() throws {
    #expect(
      try source("{sequence:'i/%04d.png',fps:'24000/1001',first:86400}")
        == .sequence(.init(pattern: "/p/i/%04d.png", first: 86400, rate: Rational(24000, 1001))))
    #expect(try source("{sequence:'/i/%d.png'}") == .sequence(.init(pattern: "/i/%d.png", first: 0, rate: Rational(30))))
  }

  @Test func readsGrids() throws {
    #expect(try source("{grid:{sources:['b','c','b']}}") == .grid(Project.Grid(sources: [0, 1, 0])))
    var grid = Project.Grid(sources: [1])
    (grid.width, grid.height, grid.columns, grid.visible, grid.gap, grid.padding) = (640, 480, 3, 2, 4, 6)
    grid.background = RGBA(red: 1, green: 1, blue: 1)
    (grid.fit, grid.order, grid.beyond) = (.cover, .shuffled, .hold)
    grid.labels = Project.Grid.Labels()
    grid.labels?.size = Rational(12)
    grid.scroll = .init(direction: .left, speed: Rational(75, 2))
    grid.reveal = .init(interval: Rational(1, 2), duration: .one)
    #expect(
      try source(
        "{grid:{sources:['c'],width:640,height:480,columns:3,visible:2,gap:4,padding:6,background:'#ffffff',fit:'cover',"
          + "order:'shuffled',beyond:'hold',labels:{size:12},scroll:{direction:'left',speed:37.5},"
          + "reveal:{interval:0.5,duration:'30f'}}}") == .grid(grid))
    var labelled = Project.Grid(sources: [1])
    labelled.labels = Project.Grid.Labels()
    labelled.reveal = .init(interval: .zero, duration: .zero)
    #expect(try source("{grid:{sources:['c'],labels:true,reveal:{interval:0}}}") == .grid(labelled))
    #expect(try source("{grid:{sources:['c'],labels:false}}") == .grid(Project.Grid(sources: [1])))
  }

  @Test(arguments: [
    ("{colr:'#000000'}", "A: unknown key \"colr\"; did you mean \"color\"?"),
    (
      "{lavfi:'x',sequence:'%d'}",
      "A: must have one of \"color\", \"lavfi\", \"text\", \"sequence\", \"timeline\" and \"grid\""
    ),
    ("{lavfi:'x',fps:1}", "A: unknown key \"fps\"; known keys: lavfi"), ("{text:''}", "A.text: must not be empty"),
    ("{text:'x',size:0}", "A.size: must be above 0 and at most 8192, not 0"),
    ("{text:'x',align:'centre'}", "A.align: unknown value \"centre\"; did you mean \"center\"?"),
    ("{text:'x',width:20000}", "A.width: must be between 1 and 16384, not 20000"),
    ("{text:'x',colour:'#000000'}", "A: unknown key \"colour\"; did you mean \"color\"?"),
    ("{text:'x',font:3}", "A.font: must be a string, not a number"),
    ("{sequence:'a.png'}", "A.sequence: needs one %d or %04d where the number is; write \"img/%04d.png\""),
    ("{sequence:'%04d%d'}", "A.sequence: needs one %d or %04d where the number is; write \"img/%04d.png\""),
    ("{sequence:'%s'}", "A.sequence: needs one %d or %04d where the number is; write \"img/%04d.png\""),
    ("{sequence:'%d',first:-1}", "A.first: must be between 0 and 2147483647, not -1"),
    ("{timeline:3}", "A.timeline: must be the path of a project or a project, not a number"),
    ("{timeline:''}", "A.timeline: must not be empty"), ("{timeline:{}}", "A.timeline: \"tracks\" is missing"),
    ("{grid:1}", "A.grid: must be an object, not a number"), ("{grid:{}}", "A.grid: \"sources\" is missing"),
    ("{grid:{sources:[]}}", "A.grid.sources: must not be empty"),
    ("{grid:{sources:[1]}}", "A.grid.sources[0]: must be the name of a source, not a number"),
    ("{grid:{sources:['dd']}}", "A.grid.sources[0]: unknown source \"dd\"; known sources: b, c, a"),
    ("{grid:{sources:['b','a']}}", "A.grid.sources[1]: a grid has no grids in it; put that grid into a timeline of its own"),
    ("{grid:{sources:['b'],columns:0}}", "A.grid.columns: must be between 1 and 10000, not 0"),
    ("{grid:{sources:['b'],visible:2}}", "A.grid.visible: is only for a grid with \"scroll\""),
    ("{grid:{sources:['b'],gap:-1}}", "A.grid.gap: must be between 0 and 16384, not -1"),
    ("{grid:{sources:['b'],labels:1}}", "A.grid.labels: must be true, false or an object, not a number"),
    ("{grid:{sources:['b'],scroll:{speed:9}}}", "A.grid.scroll: \"direction\" is missing"),
    (
      "{grid:{sources:['b'],scroll:{direction:'up',speed:0}}}",
      "A.grid.scroll.speed: must be above 0 and at most 100000, not 0"
    ),
    (
      "{grid:{sources:['b'],scroll:{direction:'up',speed:'1/3001'}}}",
      "A.grid.scroll.speed: 1/3001 has a finer fraction than thousandths; round it"
    ),
    ("{grid:{sources:['b'],reveal:{}}}", "A.grid.reveal: \"interval\" is missing"),
    ("{grid:{sources:['b'],order:'row'}}", "A.grid.order: unknown value \"row\"; did you mean \"rows\"?"),
    (
      "{grid:{sources:['b'],width:64}}",
      "A.grid: has only one of \"width\" and \"height\"; give both, or none for the canvas's size"
    ),
  ])
  func namesWhatIsWrongWithASource(_ text: String, _ message: String) {
    let lines = errorLines("{sources:{b:'b',c:'c',a:\(text)},tracks:[]}").map {
      String($0.drop { $0 != " " }.dropFirst()).replacing("sources.a", with: "A")
    }
    #expect(lines == [message])
  }

  @Test func subtitlesAreATrackOfOneClip() throws {
    let project = try ProjectReader.read(
      text: "{sources:{a:'a'},tracks:[{kind:'subtitles',file:'x.srt',size:40,at:-2.5},{kind:'subtitles',file:'y.ass',at:'3f'}]}",
      path: "/p/x.json")
    var first = Project.Subtitles(path: "/p/x.srt")
    first.size = Rational(40)
    #expect(project.sources.map(\.source) == [.file("/p/a"), .subtitles(first), .subtitles(Project.Subtitles(path: "/p/y.ass"))])
    #expect(project.tracks.map(\.kind) == [.subtitles, .subtitles] && project.tracks.map(\.clips[0].source) == [1, 2])
    #expect(project.tracks[0].clips[0].in == .seconds(Rational(5, 2)) && project.tracks[0].clips[0].at == .zero)
    #expect(project.tracks[1].clips[0].at == .frames(3))
  }

  @Test func effectsAreForSourcesThatAreDecoded() {
    #expect(
      errorLines("{sources:{b:'b',g:{grid:{sources:['b']}}},tracks:[{clips:[{source:'g',effects:[{avfilter:'negate'}]}]}]}") == [
        "/p/x.json:1:79: tracks[0].clips[0].effects: are not for a timeline or a grid; give them to the clips in it"
      ])
  }
}
