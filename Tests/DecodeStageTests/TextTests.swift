import AVBinding
import DecodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing
import TextDrawing

@Suite struct TitleTests {
  private struct Drawn {
    var bytes: [UInt8]  // G B R A
    var width: Int
    var height: Int
    func sample(_ plane: Int, _ x: Int, _ y: Int) -> Int { Int(bytes[plane * width * height + y * width + x]) }
    func alpha(_ x: Int, _ y: Int) -> Int { sample(3, x, y) }
    /// Columns and rows with something in them.
    var columns: [Int] { (0..<width).filter { x in (0..<height).contains { alpha(x, $0) > 0 } } }
    var rows: [Int] { (0..<height).filter { y in (0..<width).contains { alpha($0, y) > 0 } } }
  }

  private func draw(_ title: TitleKey) throws -> Drawn {
    let request = DecodeRequest(source: .title(title), start: 3, step: Rational(1, 25), firstFrame: 4, endFrame: 90)
    let bytes = PlaneLayout.slotBytes(PlaneLayout(TitlePicture.format, width: title.width, height: title.height).bytes)
    let result = try deliver(request, slotBytes: bytes, slots: 2, keepsBytes: true)
    #expect(result.published.count == 1 && result.published[0].description.format == TitlePicture.format)
    return Drawn(bytes: result.published[0].bytes, width: title.width, height: title.height)
  }

  private func title(_ text: String, _ width: Int = 400, _ height: Int = 200, size: Double = 40) -> TitleKey {
    var title = TitleKey(text: text, width: width, height: height)
    title.font = "DejaVu Sans"
    title.size = size
    return title
  }

  private func key(_ text: String, font: String, size: String, width: Int, height: Int) -> String {
    """
    {"title": {"text": \(json(text)), "font": \(json(font)), "size": \(size), "color": "#ffffff80", "align": "left",
    "vertical": "top", "width": \(width), "height": \(height), "outline": 1.5, "outlineColor": "#000000"}}
    """
  }

  @Test func theBoxIsThePictureAndTheColourIsStraight() throws {
    var title = title("Hill")
    title.color = KeyColor(red: 200, green: 100, blue: 50)
    let drawn = try draw(title)
    var isSolid = false
    for y in 0..<200 {
      for x in 0..<400 where drawn.alpha(x, y) > 0 {
        let alpha = drawn.alpha(x, y)
        isSolid = isSolid || alpha == 255
        // Premultiplied samples are whole numbers: straight ones are off by no more than that.
        let tolerance = alpha == 255 ? 0 : 255 / alpha / 2 + 1
        #expect(abs(drawn.sample(0, x, y) - 100) <= tolerance && abs(drawn.sample(2, x, y) - 200) <= tolerance)
      }
    }
    #expect(isSolid)
    // What is empty has the text's colour, so that a blur has no dark seam.
    #expect(drawn.alpha(0, 0) == 0 && drawn.sample(0, 0, 0) == 100 && drawn.sample(1, 0, 0) == 50 && drawn.sample(2, 0, 0) == 200)
    #expect(try draw(title).bytes == drawn.bytes)
    title.color.alpha = 128
    let half = try draw(title)
    #expect((0..<(400 * 200)).allSatisfy { half.bytes[3 * 80_000 + $0] <= 128 } && half.bytes.max() ?? 0 > 100)
  }

  /// A full block of DejaVu Sans is as wide as its advance; two em squares of it are twice as high.
  @Test func sizeIsPixelsOfTheEmSquare() throws {
    let small = try draw(title("\u{2588}", size: 50)), large = try draw(title("\u{2588}", size: 100))
    let (w, h) = (small.columns.count, small.rows.count)
    #expect(abs(large.columns.count - 2 * w) <= 2 && abs(large.rows.count - 2 * h) <= 2)
    // 1576 units of 2048 wide: from -10 to 1586.
    #expect(abs(w - 39) <= 1, "\(w)")
  }

  @Test func textStandsWhereItIsAligned() throws {
    for text in ["Ab", "\u{645}\u{631}\u{62d}\u{628}\u{627}"] {  // the second runs from right to left: left is still left
      for align in [TitleKey.Align.left, .center, .right] {
        var title = title(text)
        title.align = align
        let columns = try draw(title).columns
        let low = try #require(columns.first), high = try #require(columns.last)
        switch align {
        case .left: #expect(low < 12 && high < 200)
        case .center: #expect(abs(low + high - 399) < 12)
        case .right: #expect(high > 386 && low > 200)
        }
      }
    }
    for (vertical, range) in [(TitleKey.Vertical.top, 0..<60), (.middle, 60..<140), (.bottom, 140..<200)] {
      var title = title("Hh")
      title.vertical = vertical
      let rows = try draw(title).rows
      #expect(!rows.isEmpty && rows.allSatisfy(range.contains), "\(vertical) \(rows)")
    }
  }

  @Test func linesAreBrokenInTheBox() throws {
    let one = try draw(title("word word", 400, 300)).rows.count
    let narrow = try draw(title("word word word word word", 220, 300))
    #expect(narrow.rows.count > one + 40)
    #expect((narrow.columns.last ?? 999) < 220)
    let long = try draw(title("wwwwwwwwwwwwwwwwwwwwwwww", 220, 300))  // one word, longer than the box
    #expect(long.rows.count > one + 40)
    let three = try draw(title("a\nb\nc", 400, 300))
    #expect(three.rows.count > one + 40)
  }

  @Test func anOutlineGoesAroundTheLetters() throws {
    var title = title("l", size: 100)
    let plain = try draw(title)
    title.outline = 6
    title.outlineColor = KeyColor(red: 255, green: 0, blue: 0)
    let outlined = try draw(title)
    #expect(abs(outlined.columns.count - plain.columns.count - 12) <= 2 && abs(outlined.rows.count - plain.rows.count - 12) <= 2)
    let x = (try #require(outlined.columns.first)) + 3, y = outlined.rows[outlined.rows.count / 2]
    #expect(outlined.sample(2, x, y) == 255 && outlined.sample(0, x, y) == 0 && outlined.alpha(x, y) == 255)
    #expect(outlined.sample(2, 0, 0) == 255 && outlined.sample(0, 0, 0) == 0)
  }

  @Test func otherFontsStandInForMissingGlyphs() throws {
    let text = "日本語 مرحبا 😀 Ж"
    let key = key(text, font: "Sans", size: "40", width: 600, height: 100)
    let info = try MediaProbe.probe(path: key)
    #expect(info.notes.isEmpty && info.kind == .image && info.duration == nil, "\(info.notes)")
    #expect(info.video?.format.hasAlpha == true && info.video?.width == 600 && info.video?.pictureBuffers == 1)
    let emoji = try draw(title("😀", size: 80))
    // White text, and yet a face is yellow: much green and red, little blue.
    #expect((0..<80_000).contains { emoji.bytes[240_000 + $0] == 255 && emoji.bytes[$0] > 150 && emoji.bytes[80_000 + $0] < 100 })
    let sun = try draw(title("日")), tree = try draw(title("本"))
    #expect(sun.bytes != tree.bytes)
    // Letters of Arabic join: three of them are narrower together.
    let apart = try ["\u{628}", "\u{628}", "\u{628}"].map { try draw(title($0)).columns.count }.reduce(0, +)
    #expect(try draw(title("\u{628}\u{628}\u{628}")).columns.count < apart * 9 / 10)
  }

  @Test func aFontThatIsNotThereIsNoted() throws {
    let key = key("a\u{10ffff}b", font: "Nosuch Grotesk Bold", size: "\"81/2\"", width: 60, height: 50)
    let info = try MediaProbe.probe(path: key)
    #expect(info.notes.count == 2, "\(info.notes)")
    #expect(info.notes.first?.contains("\"Nosuch Grotesk Bold\" is not installed") == true)
    #expect(MediaInfo(json: info.json) == info)
    #expect(throws: SluiceError.self) { try MediaProbe.probe(path: #"{"title": {"text": 3}}"#) }
  }
}

@Suite struct SubtitleTests {
  private func file(_ name: String, _ text: String) throws -> String {
    let url = Media.folder.appending(path: name)
    try Data(text.utf8).write(to: url)
    return url.path
  }
  private func key(_ path: String, _ rest: String = "") -> String {
    "{\"subtitles\": {\"path\": \(json(path))\(rest)}, \"width\": 320, \"height\": 180}"
  }
  private static let slotBytes = PlaneLayout.slotBytes(PlaneLayout(TitlePicture.format, width: 320, height: 180).bytes)
  private static let srt = "1\n00:00:01,000 --> 00:00:02,000\nOne\n\n2\n00:00:02,500 --> 00:00:04,000\n<i>Two</i>\n"

  private func alpha(_ picture: Published, _ x: Int, _ y: Int) -> Int { Int(picture.bytes[3 * 57_600 + y * 320 + x]) }
  private func isEmpty(_ picture: Published) -> Bool { picture.bytes[172_800...].allSatisfy { $0 == 0 } }

  private func deliver(_ key: SubtitlesKey, start: Rational = 0, step: Rational, frames: Int64) throws -> Delivered {
    try DecodeStageTests.deliver(
      DecodeRequest(source: .subtitles(key), start: start, step: step, endFrame: frames), slotBytes: Self.slotBytes, slots: 3,
      keepsBytes: true)
  }

  @Test(arguments: ["srt", "vtt"])
  func eventsAreShownFromTheirStartToTheirEnd(_ kind: String) throws {
    let vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nOne\n\n00:02.500 --> 00:04.000\n<i>Two</i>\n"
    let path = try file("times.\(kind)", kind == "srt" ? Self.srt : vtt)
    let info = try MediaProbe.probe(path: key(path))
    #expect(info.kind == .video && info.duration == 4 && info.video?.averageRate == 0 && info.notes.isEmpty)
    #expect(info.video?.width == 320 && info.video?.height == 180 && info.video?.format.hasAlpha == true)
    let own = SubtitlesKey(path: path, width: 320, height: 180)
    let result = try deliver(own, step: Rational(1, 10), frames: 50)
    #expect(result.published.map(\.first) == [0, 10, 20, 25, 40])
    #expect(result.published.map(isEmpty) == [true, false, true, false, true])
    // Twice as fast, backwards, and standing still: the same pictures.
    #expect(try deliver(own, step: Rational(1, 5), frames: 25).digests[7] == result.digests[14])
    let back = try deliver(own, start: Rational(49, 10), step: Rational(-1, 10), frames: 50)
    for frame in 0..<50 as Range<Int64> { #expect(back.digests[frame] == result.digests[49 - frame]) }
    let frozen = try deliver(own, start: 3, step: 0, frames: 40)
    #expect(frozen.published.count == 1 && frozen.digests[0] == result.digests[30])
  }

  /// Drawings of ASS are exact: a rectangle, its colour, its place, and an alpha of a half.
  @Test func aDrawingStandsWhereTheScriptSays() throws {
    let path = try file(
      "drawing.ass",
      """
      [Script Info]
      ScriptType: v4.00+
      PlayResX: 320
      PlayResY: 180
      [V4+ Styles]
      Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
      Style: Default,Sans,20,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0,1
      [Events]
      Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
      Dialogue: 0,0:00:00.00,0:00:05.00,Default,,0,0,0,,{\\pos(40,30)\\1c&H3264C8&\\p1}m 0 0 l 100 0 l 100 50 l 0 50{\\p0}
      Dialogue: 1,0:00:00.00,0:00:05.00,Default,,0,0,0,,{\\pos(90,30)\\1c&H000000&\\1a&H80&\\p1}m 0 0 l 100 0 l 100 50 l 0 50{\\p0}
      """)
    #expect(try MediaProbe.probe(path: key(path, ", \"size\": 40")).notes.count == 1)
    let result = try deliver(SubtitlesKey(path: path, width: 320, height: 180), step: Rational(1, 25), frames: 10)
    #expect(result.published.count == 1)
    let picture = try #require(result.published.first)
    func rgba(_ x: Int, _ y: Int) -> [Int] { [2, 0, 1, 3].map { Int(picture.bytes[$0 * 57_600 + y * 320 + x]) } }
    #expect(rgba(60, 50) == [200, 100, 50, 255])
    #expect(rgba(20, 50)[3] == 0 && rgba(60, 20)[3] == 0 && rgba(60, 90)[3] == 0)
    let half = rgba(160, 50), both = rgba(120, 50)  // 127 of 255 opaque, black
    #expect(half == [0, 0, 0, 127] && both[3] == 255)
    for (found, colour) in zip(both, [200, 100, 50]) { #expect(abs(found - colour * 128 / 255) <= 1) }
    let columns = (0..<320).filter { rgba($0, 50)[3] > 32 }  // libass softens an edge a little
    #expect(columns == Array(40..<190), "\(columns.first ?? -1) to \(columns.last ?? -1)")
  }

  @Test func fontSizeAndColourAreTheUsers() throws {
    let path = try file("style.srt", Self.srt)
    var own = SubtitlesKey(path: path, width: 320, height: 180)
    let small = try #require(try deliver(own, start: 1, step: 0, frames: 1).published.first)
    own.size = 60
    own.color = KeyColor(red: 255, green: 0, blue: 0)
    let large = try #require(try deliver(own, start: 1, step: 0, frames: 1).published.first)
    func rows(_ picture: Published) -> Int { (0..<180).filter { y in (0..<320).contains { alpha(picture, $0, y) > 0 } }.count }
    #expect(rows(large) > 3 * rows(small), "\(rows(small)) \(rows(large))")
    #expect(
      (0..<57_600).contains { large.bytes[172_800 + $0] == 255 && large.bytes[115_200 + $0] == 255 && large.bytes[$0] == 0 })
    #expect(!(0..<57_600).contains { large.bytes[172_800 + $0] > 0 && large.bytes[$0] > 0 })  // no green in it
    own.font = "Nosuch"
    #expect(try MediaProbe.probe(path: key(path, ", \"font\": \"Nosuch\"")).notes.first?.contains("not installed") == true)
  }

  @Test func whatIsNoSubtitleFileIsRefusedInOneLine() throws {
    let clip = try Media.make("no-subtitles.mp4", ["-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "libx264"])
    let latin = Media.folder.appending(path: "latin.srt")
    try Data("1\n00:00:01,000 --> 00:00:02,000\nM".utf8 + [0xfc] + Array("ller\n".utf8)).write(to: latin)
    let cases: [(path: String, code: ExitCode, words: String)] = [
      ("/nowhere/a.srt", .noInput, "no such file"), (try file("empty.srt", ""), .badInput, "the file is empty"),
      (try file("text.srt", "hello\n"), .badInput, "not a readable subtitle file"),
      (clip, .badInput, "no subtitles in this file"),
      (try file("none.ass", "[Script Info]\nScriptType: v4.00+\n"), .badInput, "no subtitles in this file"),
      (latin.path, .badInput, "UTF-8"),
    ]
    for (path, code, words) in cases {
      let error = #expect(throws: SluiceError.self) { try MediaProbe.probe(path: key(path)) }
      #expect(error?.code == code && error?.place == path, "\(path): \(String(describing: error))")
      #expect(
        error?.description.contains(words) == true && error?.description.contains("\n") == false, "\(String(describing: error))")
    }
    let good = try file("good.srt", Self.srt)
    let error = #expect(throws: SluiceError.self) {
      try MediaProbe.probe(path: effectKey(key(good), "[{\"avfilter\": \"tmix\"}]"))
    }
    #expect(error?.what.contains("cannot be used on subtitles") == true)
    #expect(try MediaProbe.probe(path: effectKey(key(good), "[{\"avfilter\": \"gblur\"}]")).video?.format.hasAlpha == true)
  }
}
