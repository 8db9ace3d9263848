import Foundation
import Testing

/// Titles and subtitles by what must hold whatever the fonts are: where there is ink, and when.
struct TextPictureTests {
  static let width = 320, height = 180

  /// Luma of the frames of a project over a black canvas.
  private static func frames(_ box: Sandbox, _ sources: String, _ tracks: String) throws -> [[UInt8]] {
    try box.write(
      "p.json",
      """
      { "canvas": { "width": \(width), "height": \(height), "fps": 24, "background": "#000000" },
        "sources": { \(sources) }, "tracks": [ \(tracks) ] }
      """)
    try box.render(["render", "p.json", "-o", "out.yuv", "-y"])
    let data = try box.data("out.yuv")
    let size = width * height * 3 / 2
    return stride(from: 0, to: data.count, by: size).map { [UInt8](data[$0..<$0 + width * height]) }
  }

  /// The box of everything that is not black; nil: nothing.
  private static func ink(_ luma: [UInt8]) -> (left: Int, top: Int, right: Int, bottom: Int)? {
    var found: (left: Int, top: Int, right: Int, bottom: Int)?
    for (index, value) in luma.enumerated() where value > 20 {
      let x = index % width, y = index / width
      let old = found ?? (x, y, x, y)
      found = (min(old.left, x), min(old.top, y), max(old.right, x), max(old.bottom, y))
    }
    return found
  }

  private static func title(_ more: String, text: String = "HOH") -> String {
    ##""t": { "text": "\##(text)", "size": 40, "width": 200, "height": 80, "color": "#ffffff"\##(more) }"##
  }
  private static let placed =
    #"{ "clips": [{ "source": "t", "duration": "2f", "place": { "x": 60, "y": 50, "width": 200, "height": 80 } }] }"#

  @Test func aTitleLiesInItsBoxWhereItIsAligned() throws {
    let box = try Sandbox()
    var found: [String: (left: Int, top: Int, right: Int, bottom: Int)] = [:]
    for (align, vertical) in [("left", "top"), ("center", "middle"), ("right", "bottom")] {
      let frames = try Self.frames(box, Self.title(#", "align": "\#(align)", "verticalAlign": "\#(vertical)""#), Self.placed)
      try #require(frames.count == 2)
      #expect(frames[0] == frames[1])
      let ink = try #require(Self.ink(frames[0]), "\(align)")
      #expect(ink.left >= 60 && ink.right < 260 && ink.top >= 50 && ink.bottom < 130, "\(align): \(ink)")
      #expect(ink.bottom - ink.top >= 20 && ink.bottom - ink.top <= 40, "\(align): \(ink)")
      found[align] = ink
    }
    let left = try #require(found["left"]), center = try #require(found["center"]), right = try #require(found["right"])
    // The text is its own mirror image.
    #expect(left.left - 60 <= 6 && 259 - right.right <= 6)
    #expect(abs((left.left - 60) - (259 - right.right)) <= 2, "\(left) \(right)")
    #expect(abs((center.left - 60) - (259 - center.right)) <= 2, "\(center)")
    #expect(abs((right.right - right.left) - (left.right - left.left)) <= 1)
    #expect(left.top < center.top && center.top < right.top)
  }

  @Test func theColourOfATitleIsExactInside() throws {
    let box = try Sandbox()
    // U+2588 fills its cell. Luma of BT.709, limited: 16 + 219 * (0.2126 R + 0.7152 G + 0.0722 B).
    for (color, luma) in [("#ffffff", UInt8(235)), ("#ff8000", 141), ("#4060c0", 99)] {
      let source = #""t": { "text": "HHHH", "font": "Sans Bold", "size": 60, "width": 320, "height": 180, "color": "\#(color)" }"#
      let frames = try Self.frames(box, source, #"{ "clips": [{ "source": "t", "duration": "1f" }] }"#)
      let luma = Int(luma)
      let frame = try #require(frames.first)
      let inside = frame.filter { abs(Int($0) - luma) <= 1 }.count
      #expect(inside > 500, "\(color): \(inside)")
      #expect(frame.max() ?? 255 <= UInt8(luma + 1), "\(color)")
    }
  }

  @Test(arguments: ["日本語", "العربية", "😀"]) func everyScriptHasInk(_ text: String) throws {
    let box = try Sandbox()
    let frames = try Self.frames(box, Self.title("", text: text), Self.placed)
    let frame = try #require(frames.first)
    let ink = try #require(Self.ink(frame), "\(text)")
    #expect(ink.left >= 60 && ink.right < 260 && ink.top >= 50 && ink.bottom < 130, "\(text): \(ink)")
  }

  @Test func subtitlesAppearExactlyAtTheirTimes() throws {
    let box = try Sandbox()
    // 0.25 s is frame 6, 0.5 s is frame 12; 0.7 s lies between 16 and 17, 0.8 s between 19 and 20.
    try box.write(
      "s.srt",
      """
      1
      00:00:00,250 --> 00:00:00,500
      HELLO

      2
      00:00:00,700 --> 00:00:00,800
      WORLD

      """)
    let gray = #"{ "clips": [{ "source": "gray", "duration": 1 }] }"#
    let sources = ##""gray": { "color": "#202020" }"##
    let subtitles = ##"{ "kind": "subtitles", "file": "s.srt", "size": 30, "color": "#ffff00" }"##
    let plain = try Self.frames(box, sources, gray)
    let frames = try Self.frames(box, sources, gray + ", " + subtitles)
    try #require(frames.count == 24 && plain.count == 24)
    for (number, frame) in frames.enumerated() {
      let shown = (6..<12).contains(number) || (17..<20).contains(number)
      #expect((frame != plain[number]) == shown, "frame \(number)")
    }
    #expect(frames[6] == frames[11] && frames[17] == frames[19] && frames[6] != frames[17])
    // At the foot of the picture, in its middle.
    var only = frames[6]
    for index in only.indices where only[index] == plain[6][index] { only[index] = 0 }
    let ink = try #require(Self.ink(only))
    #expect(ink.top > Self.height / 2 && abs(ink.left - (Self.width - 1 - ink.right)) <= 4, "\(ink)")
  }
}
