import FrameModel
import SluiceBase
import Testing

@testable import Plan
@testable import Timeline

@Suite struct PlanTests {
  private func one(_ clips: String, canvas: String = "fps: 30") -> String {
    "{canvas:{\(canvas)},sources:{a:'a',b:'b',s:'s',red:{color:'#ff0000'},glass:{color:'#ff000080'}},tracks:[{clips:[\(clips)]}]}"
  }
  private let media = table(video("/p/a"), video("/p/b", width: 1280, height: 720, duration: Rational(7)), still("/p/s"))

  @Test func aClipCoversTheFramesThatStandInItsTime() throws {
    let plan = try compile(one("{source:'a',at:0.05,duration:0.1,in:1}"), media)
    #expect(plan.layers(at: 1).isEmpty && plan.layers(at: 2).count == 1 && plan.layers(at: 4).count == 1)
    #expect(plan.withView { $0.frameCount } == 5)
    #expect(plan.streams.map(\.firstFrame) == [2] && plan.streams.map(\.endFrame) == [5])
    #expect(plan.streams[0].start == Rational(61, 60) && plan.streams[0].step == Rational(1, 30))
  }

  @Test func theRestOfTheSourceIsTheDefaultDuration() throws {
    let plan = try compile(one("{source:'a',in:2.5}"), media)
    #expect(plan.withView { $0.frameCount } == 225)
  }

  @Test func aWholePictureOfTheCanvasSizeIsAnIdentity() throws {
    let plan = try compile(one("{source:'a'}"), media)
    let layer = plan.layers(at: 0)[0]
    let canvas = plan.withView { $0.canvas }
    var frame = FrameDescription(format: .yuv420p, width: 1920, height: 1080)
    #expect(layer.isIdentity(of: frame, canvas: canvas))
    frame.color = .bt709
    #expect(layer.isIdentity(of: frame, canvas: canvas))
    for change in 0..<7 {
      var other = frame
      switch change {
      case 0: other.color = .bt601
      case 1: other.rotation = 2
      case 2: other.mirrored = true
      case 3: other.sampleAspect = Rational(4, 3)
      case 4: other.color.fullRange = true
      case 5: other.width = 1918
      default: other.format = .yuv420p10
      }
      #expect(!layer.isIdentity(of: other, canvas: canvas), "change \(change)")
    }
    for member in ["opacity:0.5", "place:{x:2}", "crop:{width:1918,height:1080}"] {
      #expect(
        !(try compile(one("{source:'a',\(member)}"), media).layers(at: 0)[0].isIdentity(of: frame, canvas: canvas)), "\(member)")
    }
  }

  @Test func fitsUseTheDisplaySize() throws {
    func layer(_ info: MediaInfo, _ place: String) throws -> Layer {
      try compile("{sources:{v:'v'},tracks:[{clips:[{source:'v',place:\(place)}]}]}", table(info)).layers(at: 0)[0]
    }
    let box = "x:100,y:50,width:400,height:400"
    let wide = video("/p/v", width: 1440, height: 1080) { $0.sampleAspect = Rational(4, 3) }
    #expect(try layer(wide, "{\(box)}").destination == Rect(x: 100, y: 138, width: 400, height: 225))
    #expect(try layer(wide, "{\(box)}").source == Rect(x: 0, y: 0, width: 1440, height: 1080))
    let phone = video("/p/v", width: 1920, height: 1080) { $0.rotation = 1 }
    #expect(try layer(phone, "{\(box)}").destination == Rect(x: 188, y: 50, width: 225, height: 400))
    #expect(try layer(phone, "{\(box)}").source == Rect(x: 0, y: 0, width: 1080, height: 1920))
    #expect(try layer(phone, "{\(box),fit:'cover'}").source == Rect(x: 0, y: 420, width: 1080, height: 1080))
    #expect(try layer(phone, "{\(box),fit:'cover'}").destination == Rect(x: 100, y: 50, width: 400, height: 400))
    #expect(try layer(phone, "{\(box),fit:'stretch'}").destination == Rect(x: 100, y: 50, width: 400, height: 400))
    #expect(try layer(phone, "{\(box),fit:'none'}").source == Rect(x: 340, y: 760, width: 400, height: 400))
    let small = video("/p/v", width: 200, height: 100)
    #expect(try layer(small, "{\(box),fit:'none'}").destination == Rect(x: 200, y: 200, width: 200, height: 100))
    let turned = video("/p/v", width: 720, height: 576) {
      $0.sampleAspect = Rational(16, 15); $0.rotation = 3
    }
    #expect(try layer(turned, "{width:576,height:768}").destination == Rect(x: 0, y: 0, width: 576, height: 768))
  }

  @Test func whatLiesOutsideTheCanvasIsCutOff() throws {
    let plan = try compile(one("{source:'a',place:{x:-960,y:540,fit:'stretch'}}"), media)
    #expect(plan.layers(at: 0)[0].source == Rect(x: 960, y: 0, width: 960, height: 540))
    #expect(plan.layers(at: 0)[0].destination == Rect(x: 0, y: 540, width: 960, height: 540))
  }

  @Test func tilesOfOddSizesMeetExactly() throws {
    let third = "640.333333"
    let tracks = ["0", third, "1280.666666"].map {
      "{clips:[{source:'a',place:{x:\($0),width:\(third),height:500,fit:'stretch'}}]}"
    }
    let text = "{sources:{a:'a'},tracks:[\(tracks.joined(separator: ","))]}"
    let layers = try compile(text, media).layers(at: 0)
    #expect(layers[0].destination.maxX == layers[1].destination.x && layers[1].destination.maxX == layers[2].destination.x)
  }

  @Test func nothingHiddenGetsAStream() throws {
    func streams(_ clip: String, above: String = "") throws -> Int {
      try compile(
        "{sources:{a:'a',b:'b',red:{color:'#ff0000'},glass:{color:'#ff000080'}},tracks:[{clips:[{source:'red',duration:10}]},{\(clip)},{clips:[\(above)]}]}",
        media
      )
      .withView { $0.streamCount }
    }
    #expect(try streams("clips:[{source:'a'}]") == 1)
    #expect(try streams("enabled:false,clips:[{source:'a'}]") == 0)
    #expect(try streams("clips:[{source:'a',enabled:false}]") == 0)
    #expect(try streams("clips:[{source:'a',opacity:0}]") == 0)
    #expect(try streams("clips:[{source:'a',place:{x:1920}}]") == 0)
    #expect(try streams("clips:[{source:'a',place:{width:0.2,height:0.2}}]") == 0)
    #expect(try streams("clips:[{source:'a'}]", above: "{source:'red',duration:10}") == 0)
    #expect(try streams("clips:[{source:'a'}]", above: "{source:'glass',duration:10}") == 1)
    #expect(try streams("clips:[{source:'a'}]", above: "{source:'red',duration:10,opacity:0.9}") == 1)
    #expect(try streams("clips:[{source:'a'}]", above: "{source:'red',duration:10,place:{width:1918}}") == 1)
    #expect(try streams("clips:[{source:'a'}]", above: "{source:'red',at:2,duration:3}") == 2)
    #expect(try streams("clips:[{source:'a'}]", above: "{source:'b',duration:10}") == 1)
  }

  @Test func sameSourceTimesShareOneStream() throws {
    func streams(_ second: String) throws -> [StreamRecord] {
      try compile(
        "{sources:{a:'a',alias:'./a',s:'s'},tracks:[{clips:[{source:'a',in:1,duration:2,place:{width:960}}]},{clips:[{\(second),place:{x:960,width:960}}]}]}",
        media
      ).streams
    }
    #expect(try streams("source:'a',in:1,duration:2").count == 1)
    #expect(try streams("source:'alias',in:1,duration:2").count == 1)
    #expect(try streams("source:'a',in:2,at:1,duration:3").map(\.endFrame) == [120])
    #expect(try streams("source:'a',in:3,at:2,duration:1").map(\.endFrame) == [90])
    #expect(try streams("source:'a',in:4,at:3,duration:1").count == 2)
    #expect(try streams("source:'a',in:1.5,duration:2").count == 2)
    let stills = try streams("source:'s',at:1,duration:4")
    #expect(stills.count == 2 && stills[1].isStill && stills[1].step == .zero && stills[1].threads == 1)
  }

  @Test func streamsCarryWhatTheDecoderNeeds() throws {
    let plan = try compile(one("{source:'a',duration:1},{source:'s',at:1,duration:1}"), media)
    #expect(plan.streams[0].threads == 2 && plan.streams[0].slots == 5 + 2 && plan.streams[0].number == -1)
    #expect(plan.streams[1].slots == 1)
    #expect(
      plan.sources == [
        SourceRecord(kind: .file, text: "/p/a", fileBytes: 1234, modified: 5678, width: 1920, height: 1080, rate: Rational(30)),
        SourceRecord(kind: .file, text: "/p/s", isStill: true, fileBytes: 1234, modified: 5678, width: 4000, height: 3000),
      ])
    let output = plan.withView { $0.output }
    #expect(output.width == 1920 && output.rate == Rational(30) && output.options.count == 2 && output.codec == "libx264")
  }

  @Test func aRangeIsCutAtFrames() throws {
    let text = one("{source:'a',in:1,duration:4},{source:'b',at:4,duration:4}")
    let plan = try compile(text, media, from: .seconds(Rational(3)), to: .frames(150))
    #expect(plan.withView { $0.frameCount } == 60)
    #expect(plan.streams.map(\.start) == [Rational(4), Rational(0)] && plan.streams.map(\.firstFrame) == [0, 30])
    #expect(try compile(text, media, to: .seconds(Rational(100))).withView { $0.frameCount } == 240)
    #expect(compileError(text, media, from: .seconds(Rational(8))) == "--from 8: the timeline ends at 00:00:08.000 (frame 240)")
    #expect(
      compileError(text, media, from: .frames(30), to: .seconds(Rational(1))) == "--from 30f --to 1: no frame lies between them")
    #expect(
      compileError(text, media, from: .seconds(Rational(-1)))
        == "--from -1: not a time of the timeline, which goes from 0 to 00:00:08.000 (frame 240)")
  }

  @Test func saysWhatIsWrongWithTheMedia() {
    let at = "/p/x.json: tracks[0].clips[0]"
    #expect(
      compileError(one("{source:'a',in:12}"), media)
        == "\(at).in: 12 lies behind the end of the source, which is 00:00:10.000 long; take an earlier time")
    #expect(
      compileError(one("{source:'s'}"), media) == "\(at): a still picture has no length of its own; give the clip a \"duration\"")
    #expect(
      compileError(one("{source:'red'}"), media) == "\(at): a colour has no length of its own; give the clip a \"duration\"")
    #expect(
      compileError(one("{source:'a'}"), table(video("/p/a", duration: nil)))
        == "\(at): the length of /p/a is not known; give the clip a \"duration\"")
    #expect(
      compileError(one("{source:'a'}"), table(MediaInfo(path: "/p/a", kind: .audio)))
        == "\(at).source: /p/a has no picture; use it on a track of kind \"audio\"")
    #expect(compileError(one("{source:'a'}")) == "\(at).source: /p/a was not probed")
    #expect(
      compileError(one("{source:'a',crop:{x:1000,width:1000,height:10}}"), media)
        == "\(at).crop: goes beyond the source's picture of 1920x1080; make it smaller, or move it")
    #expect(
      compileError(one("{source:'red',duration:1,crop:{width:10,height:10}}"), media)
        == "\(at).crop: a colour has no picture to crop; remove it")
    #expect(
      compileError(one("{source:'a'},{source:'b',at:9.9}"), media)
        == "/p/x.json: tracks[0].clips[1]: overlaps tracks[0].clips[0]: that clip ends at 00:00:10.000 (frame 300), "
        + "this one starts at 00:00:09.900 (frame 297); "
        + Overlap.advice)
    #expect(
      compileError("{tracks:[]}")
        == "/p/x.json: the timeline is empty: no enabled clip on an enabled video track; add a clip to \"tracks\"")
    #expect(
      compileError(one("{source:'a'}"), table(video("/p/a", duration: Rational(.max / 64)))).contains("frames long, more than"))
  }

  @Test func tooManySourcesAtOnceAreRefused() {
    let tracks = (0..<500).map { "{clips:[{source:'a',in:'\($0)f',duration:1,place:{x:\($0),width:1,height:1,fit:'stretch'}}]}" }
      .joined(separator: ",")
    #expect(
      compileError("{sources:{a:'a'},tracks:[\(tracks)]}", table(video("/p/a", duration: Rational(100))))
        == "/p/x.json: frame 0 shows more than 496 sources at once; render parts of it to files first")
  }

  @Test func equalProjectsGiveEqualBytes() throws {
    let text = one("{source:'a',duration:1},{source:'b',at:1,duration:1}")
    #expect(try compile(text, media) == compile(text, media))
  }

  @Test func tenThousandClipsOverTenHoursCompile() throws {
    var text = "{sources:{a:'a'},tracks:["
    for track in 0..<10 {
      text += "{clips:["
      for clip in 0..<1000 {
        text += "{source:'a',at:\(clip * 36),in:\(clip % 7),duration:\(20 + track),place:{x:\(track * 10),width:900}},"
      }
      text += "]},"
    }
    text += "]}"
    let plan = try compile(text, table(video("/p/a", duration: Rational(100))))
    #expect(plan.withView { $0.frameCount } == 1_079_790)
    #expect(plan.withView { $0.streamCount } == 1000)
    #expect(plan.layers(at: 500 * 36 * 30).count == 10)
  }
}
