import AVBinding
import DecodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing

@Suite struct EffectTests {
  /// 128x96, 25 pictures a second, 6 s, B-frames and open groups of pictures.
  private static func clip() throws -> (path: String, reference: Media.Reference) {
    let sample = try #require(Sample.all.first { $0.name == "h264-open.mp4" })
    return try sample.prepared()
  }
  private static let slotBytes = PlaneLayout.slotBytes(PlaneLayout(.yuv420p, width: 128, height: 96).bytes)

  private static func request(_ path: String, from: Int64, frames: Int64 = 8) -> DecodeRequest {
    DecodeRequest(source: .file(path), start: Rational(from, 25), step: Rational(1, 25), firstFrame: 100, endFrame: 100 + frames)
  }

  @Test(arguments: ["gblur=sigma=4", "unsharp,hflip", "curves=preset=vintage", "boxblur=3:1,vflip"])
  func effectsWithoutStateAreThoseOfFFmpegWhereverTheStreamBegins(_ text: String) throws {
    #expect(EffectTraits.isStateless(filters: text))
    let (path, _) = try Self.clip()
    let isColour = text.contains("curves")
    let expected = isColour ? [] : try filtered(path, text, size: (128, 96))
    let info = try MediaProbe.probe(path: effectKey(path, "[{\"avfilter\": \"\(text)\"}]"))
    let video = try #require(info.video)
    #expect(video.pictureBuffers == 1 && video.sourceBuffers > 1 && info.duration == 6)
    #expect(video.format.family == (isColour ? .rgb : .yuv))
    for from in [0, 1, 17, 59, 101] as [Int64] {
      var request = Self.request(path, from: from)
      request.effects = chain(text)
      let result = try deliver(request, slotBytes: video.slotBytes)
      #expect(result.provider.count(.fallbackFrames) == 8 && result.provider.count(.copiedBytes) > 0)
      for frame in 0..<8 as Range<Int64> where !isColour {
        #expect(result.digests[100 + frame] == expected[Int(from + frame)])
      }
    }
  }

  @Test func effectsThatLookBackSeeExactlyTheirWarmUp() throws {
    let (path, _) = try Self.clip()
    let expected = try filtered(path, "tmix=frames=3", size: (128, 96))
    #expect(!EffectTraits.isStateless(filters: "tmix=frames=3"))
    for from in [0, 1, 2, 3, 21, 39, 40, 41, 100] as [Int64] {
      var request = Self.request(path, from: from)
      request.effects = chain("tmix=frames=3")
      request.warmUp = 2
      for window in [StreamMemory.windowBytes, 1] {
        request.windowBytes = window
        let result = try deliver(request, slotBytes: Self.slotBytes)
        for frame in 0..<8 as Range<Int64> {
          #expect(result.digests[100 + frame] == expected[Int(from + frame)], "\(from)+\(frame)")
        }
      }
    }
  }

  /// A denoiser remembers for ever: what it gives depends on where it began, and on nothing else.
  @Test func aStreamThatIsOpenedAgainGivesTheSameBytes() throws {
    let (path, _) = try Self.clip()
    for step in [Rational(1, 25), Rational(-1, 25), Rational(3, 50)] {
      var request = Self.request(path, from: 60, frames: 24)
      request.step = step
      request.effects = chain("hqdn3d=20")
      request.warmUp = 5
      request.windowBytes = 7 * Self.slotBytes
      let whole = try deliver(request, slotBytes: Self.slotBytes).digests
      for start in [101, 109, 123] as [Int64] {
        request.startFrame = start
        let rest = try deliver(request, slotBytes: Self.slotBytes).digests
        for frame in start..<124 { #expect(rest[frame] == whole[frame], "\(step) \(start) \(frame)") }
      }
    }
  }

  @Test func everyOutputFrameHasItsOwnValues() throws {
    let (path, _) = try Self.clip()
    @Sendable func value(_ frame: Int64) -> Double { Double((frame - 100) / 2) / 16 }
    // Two output frames a picture of the source, values that change with every second output frame: 12 in all.
    var request = Self.request(path, from: 30, frames: 24)
    request.step = Rational(1, 50)
    request.effects = chain("eq=contrast=1.1,gblur=sigma=0", parameters: ["brightness"])
    request.parameters = [.init(effect: 0, name: "eq.brightness") { value($0 + 1) }]
    let moving = try deliver(request, slotBytes: Self.slotBytes)
    #expect(moving.published.count == 24)  // never the same picture and the same value twice
    for frame in 100..<124 as Range<Int64> {
      var single = request
      single.parameters = []
      single.startFrame = frame
      single.endFrame = frame + 1
      single.effects = chain("eq=contrast=1.1:brightness=\(value(frame + 1)),gblur=sigma=0")
      #expect(try deliver(single, slotBytes: Self.slotBytes).digests[frame] == moving.digests[frame])
    }
    request.parameters = [.init(effect: 0, name: "brightness") { _ in 0.25 }]
    #expect(try deliver(request, slotBytes: Self.slotBytes).published.count == 12)
    request.parameters = [.init(effect: 0, name: "brightness") { _ in 7 }]
    request.effects = chain("gblur", parameters: ["sigma"])
    request.parameters = [.init(effect: 0, name: "sigma") { _ in 99_999 }]
    let error = #expect(throws: SluiceError.self) { try deliver(request, slotBytes: Self.slotBytes) }
    #expect(error?.description.contains("out of range") == true, "\(String(describing: error))")
    request.effects = chain("hqdn3d", parameters: ["luma_spatial"])
    request.parameters = [.init(effect: 0, name: "luma_spatial") { Double($0) }]
    let refusal = #expect(throws: SluiceError.self) { try deliver(request, slotBytes: Self.slotBytes) }
    #expect(refusal?.what.contains("cannot change over time") == true)
  }

  /// Colours through a table that turns red around and halves blue, against the arithmetic of H.273.
  @Test(arguments: [("bt709", "tv"), ("bt709", "pc"), ("smpte170m", "tv"), ("bt2020nc", "tv"), ("unknown", "tv")])
  func aTableUsesThePicturesOwnMatrixAndRange(_ tags: (matrix: String, range: String)) throws {
    let table = Media.folder.appending(path: "turned.cube")
    var text = "LUT_3D_SIZE 2\n"
    for blue in 0...1 { for green in 0...1 { for red in 0...1 { text += "\(1 - red) \(green) \(Double(blue) / 2)\n" } } }
    try Data(text.utf8).write(to: table)
    let colours: [(Int, Int, Int)] = [(60, 100, 180), (126, 128, 128), (180, 140, 90), (90, 160, 120), (200, 110, 140)]
    let chain = EffectChain([.lut(table.path)])
    for (y, u, v) in colours {
      let name = "colour-\(tags.matrix)-\(tags.range)-\(y).mkv"
      let matrix = tags.matrix == "unknown" ? [] : ["-colorspace", tags.matrix]
      let path = try Media.make(
        name,
        ["-f", "lavfi", "-i", "color=s=64x64:r=1:d=1,format=yuv420p,geq=lum=\(y):cb=\(u):cr=\(v),setrange=\(tags.range)"]
          + ["-c:v", "ffv1", "-color_range", tags.range] + matrix)
      var request = DecodeRequest(source: .file(path), step: 1, endFrame: 1)
      request.effects = chain
      let result = try deliver(request, slotBytes: 1 << 16, keepsBytes: true)
      let picture = try #require(result.published.first)
      #expect(picture.description.format == PixelFormat(.rgb, depth: 8))
      let (kr, kb) = tags.matrix == "bt709" ? (0.2126, 0.0722) : tags.matrix == "bt2020nc" ? (0.2627, 0.0593) : (0.299, 0.114)
      let full = tags.range == "pc"
      let luma = full ? Double(y) / 255 : (Double(y) - 16) / 219
      let cb = (Double(u) - 128) / (full ? 255 : 224), cr = (Double(v) - 128) / (full ? 255 : 224)
      let red = luma + 2 * (1 - kr) * cr
      let blue = luma + 2 * (1 - kb) * cb
      let green = (luma - kr * red - kb * blue) / (1 - kr - kb)
      func code(_ value: Double) -> Int { Int((min(max(value, 0), 1) * 255).rounded()) }
      let expected = [code(min(max(green, 0), 1)), code(min(max(blue, 0), 1) / 2), code(1 - min(max(red, 0), 1))]  // G B R
      for plane in 0..<3 {
        let found = Int(picture.bytes[plane * 4096 + 2080])
        #expect(abs(found - expected[plane]) <= 1, "\(tags) \(y) \(u) \(v) plane \(plane): \(found), not \(expected[plane])")
      }
    }
  }

  @Test func curvesInATableAreReadToo() throws {
    let table = Media.folder.appending(path: "curve.cube")
    try Data("LUT_1D_SIZE 2\n1 1 1\n0 0 0\n".utf8).write(to: table)
    let path = try Media.make(
      "curve.png", ["-f", "lavfi", "-i", "color=c=0x204060:s=16x16:r=1:d=1", "-frames:v", "1", "-pix_fmt", "rgb24"])
    var request = DecodeRequest(source: .file(path), step: 1, endFrame: 50)
    request.effects = EffectChain([.lut(table.path)])
    let result = try deliver(request, slotBytes: 1 << 14, keepsBytes: true)
    #expect(result.published.count == 1)  // a still goes through its effects once
    let source = try deliver(DecodeRequest(source: .file(path), step: 1, endFrame: 1), slotBytes: 1 << 14, keepsBytes: true)
    let pairs = zip(try #require(result.published.first?.bytes), try #require(source.published.first?.bytes))
    #expect(pairs.allSatisfy { abs(Int($0) + Int($1) - 255) <= 1 })
  }

  @Test func effectsWorkOnThePictureAsItIsSeen() throws {
    let clip = try Media.make(
      "upright.mp4", ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1,setsar=4/3", "-c:v", "libx264", "-pix_fmt", "yuv420p"])
    let path = try Media.make("upright-turned.mp4", ["-i", clip, "-c", "copy", "-metadata:s:v:0", "rotate=90"])
    let video = try #require(try MediaProbe.probe(path: effectKey(path, "[{\"avfilter\": \"vflip\"}]")).video)
    #expect(video.width == 64 && video.height == 96 && video.rotation == 0 && video.sampleAspect == Rational(3, 4))
    let expected = try filtered(path, "vflip", size: (64, 96))  // ffmpeg turns it first
    var request = DecodeRequest(source: .file(path), step: Rational(1, 25), endFrame: 5)
    request.effects = chain("vflip")
    let result = try deliver(request, slotBytes: video.slotBytes)
    for frame in 0..<5 as Range<Int64> { #expect(result.digests[frame] == expected[Int(frame)]) }
    #expect(result.published.allSatisfy { $0.description.rotation == 0 && $0.description.width == 64 })
  }

  @Test func colourIsCarriedThroughEffectsThatForgetIt() throws {
    let path = try Media.make(
      "tagged-full.mp4",
      [
        "-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-color_range", "pc",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
      ])
    let plain = try #require(try MediaProbe.probe(path: path).video)
    for text in ["tmix=frames=2", "gblur", "scale=48:32", "format=yuv444p"] {
      let video = try #require(try MediaProbe.probe(path: effectKey(path, "[{\"avfilter\": \"\(text)\"}]")).video)
      #expect(video.color == plain.color && video.color.fullRange, "\(text): \(video.color)")
    }
    // A gray level keeps its meaning through a filter that works in RGB and back.
    let gray = try Media.make(
      "gray-full.mkv",
      [
        "-f", "lavfi", "-i", "color=s=32x32:r=1:d=1,format=yuv420p,geq=lum=200:cb=128:cr=128", "-c:v", "ffv1", "-color_range",
        "pc",
      ])
    var request = DecodeRequest(source: .file(gray), step: 1, endFrame: 1)
    request.effects = chain("format=gbrp,format=yuv420p")
    let picture = try #require(try deliver(request, slotBytes: 1 << 14, keepsBytes: true).published.first)
    #expect(picture.description.color.fullRange && abs(Int(picture.bytes[500]) - 200) <= 1, "\(picture.bytes[500])")
  }

  @Test func whatIsKnownOfEffectsWithoutLibavfilter() {
    let stateless = [
      "gblur=sigma=4", "eq=contrast=1.2,hue=h=30", "crop=100:100:x='10*t':y=0", "vignette=dither=0", "[in]scale=64:-2[out]",
      "lut3d=file='a,b;c.cube'", "drawbox@mine=x=3", "curves=r='0/0 1/1'",
    ]
    for text in stateless { #expect(EffectTraits.isStateless(filters: text), "\(text)") }
    let stateful = [
      "tmix", "noise=alls=3", "hqdn3d", "vignette", "crop=100:100:x=n", "hue=h='n*3'", "eq=brightness='random(0)':eval=frame", "",
      "nosuchfilter", "gblur,tblend", "split[a][b];[a][b]blend", "rotate=a='2*PI*n/50'",
    ]
    for text in stateful { #expect(!EffectTraits.isStateless(filters: text), "\(text)") }
    #expect(EffectTraits.isStateless("[{\"lut\": \"/a.cube\"}, {\"avfilter\": \"hflip\"}]"))
    #expect(!EffectTraits.isStateless("[{\"lut\": \"/a.cube\"}, {\"avfilter\": \"tmix\"}]") && !EffectTraits.isStateless("{"))
    #expect(EffectTraits.filterNames("a=1,[x]b@i=2;c") == ["a", "b", "c"])
  }

  @Test func whatCannotBeAnEffectIsRefusedInWords() throws {
    let (path, _) = try Self.clip()
    let broken = Media.folder.appending(path: "broken.cube")
    try Data("LUT_3D_SIZE 2\n0 0 0\n".utf8).write(to: broken)
    let cases: [(effects: String, words: String)] = [
      ("{\"avfilter\": \"nosuch=3\"}", "No such filter: 'nosuch'"),
      ("{\"avfilter\": \"gblur=sigma=99999\"}", "out of range"),
      ("{\"avfilter\": \"gblur=colour=3\"}", "Option 'colour' not found"),
      ("{\"avfilter\": \"crop=9999:9999\"}", "Invalid too big or non positive size"),
      ("{\"avfilter\": \"split\"}", "exactly one video output"),
      ("{\"avfilter\": \"overlay\"}", "exactly one video input"),
      ("{\"avfilter\": \"fps=50\"}", "change the rate"),
      ("{\"avfilter\": \"select=0\"}", "change the rate"),
      ("{\"avfilter\": \"setpts=2*PTS\"}", "change the times"),
      ("{\"avfilter\": \"reverse\"}", "in their order"),
      ("{\"avfilter\": \"gblur\", \"parameters\": [\"amount\"]}", "those that can: sigma, steps, planes, sigmaV"),
      ("{\"avfilter\": \"gblur,eq\", \"parameters\": [\"eq.eval\"]}", "eq.eval: this option cannot change over time"),
      ("{\"avfilter\": \"transpose\", \"parameters\": [\"dir\"]}", "none of this effect's options can"),
      ("{\"lut\": \"\(broken.path)\"}", "\(broken.path): Unexpected EOF"),
      ("{\"lut\": \"/nowhere/a.cube\"}", "/nowhere/a.cube: no such file"),
    ]
    for (effects, words) in cases {
      let error = #expect(throws: SluiceError.self) { try MediaProbe.probe(path: effectKey(path, "[\(effects)]")) }
      #expect(error?.description.contains(words) == true, "\(effects): \(String(describing: error))")
      #expect(error?.code == (words.contains("no such file") ? .noInput : .badInput))
      if !effects.contains("lut") { #expect(error?.place == path) }
    }
  }
}
