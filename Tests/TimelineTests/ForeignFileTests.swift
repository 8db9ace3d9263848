import FrameModel
import SluiceBase
import Testing

@testable import Timeline

@Suite struct ForeignFileTests {
  private func line(_ name: String, _ text: String) -> String { line(name, Array(text.utf8)) }

  private func line(_ name: String, _ bytes: [UInt8]) -> String {
    do {
      _ = try ProjectReader.read(bytes: bytes, path: "/p/\(name)")
      return ""
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    (
      "cut.kdenlive", "<?xml version='1.0'?>\n<mlt producer=\"main_bin\"/>", "is a project of Kdenlive, which is not read; export"
    ),
    (
      "cut.mlt", "<?xml version='1.0'?>\n<mlt LC_NUMERIC=\"C\"/>",
      "is a project of MLT (Shotcut), which is not read; export an EDL"
    ),
    ("cut.fcpxml", "\u{feff}<?xml version='1.0'?><!DOCTYPE fcpxml>", "is a timeline of Final Cut Pro (FCPXML)"),
    ("cut.xml", "<?xml version='1.0'?><!DOCTYPE xmeml><xmeml/>", "is a timeline in Final Cut Pro 7's XML"),
    ("cut.xml", "<note/>", "is XML, which is not read"), ("cut.json", "<!DOCTYPE html><html>", "is a web page"),
    ("cut.edl", "TITLE: x\nFCM: NON-DROP FRAME", "is an EDL"), ("cut.txt", "TITLE: x", "is an EDL"),
    ("cut.srt", "1\n00:00:01,000 --> 00:00:02,000\nx", "is subtitles"), ("cut.vtt", "WEBVTT\n", "is subtitles"),
    ("clip.mkv", "whatever", "is a clip, not a project; name it in a project's \"sources\""), ("a.PNG", "?", "is a picture"),
  ])
  func saysWhatItIsAndTheWay(_ name: String, _ text: String, _ wanted: String) {
    let line = line(name, text)
    #expect(line.hasPrefix("/p/\(name): \(wanted)"), "\(line)")
    #expect(line.contains("; ") && !line.contains("unexpected"))
  }

  @Test(
    arguments: [
      ("x.json", [0, 0, 0, 24] + Array("ftypisom".utf8), "a clip (MP4 or QuickTime)"),
      ("x", [0x1a, 0x45, 0xdf, 0xa3, 1], "a clip (Matroska or WebM)"), ("x", Array("RIFF0000WAVE".utf8), "sound (WAV)"),
      ("x", Array("OggS\0".utf8), "a clip or sound (Ogg)"), ("x", [0xff, 0xd8, 0xff, 0xe0], "a picture (JPEG)"),
      ("x", [0x89, 0x50, 0x4e, 0x47], "a picture (PNG)"), ("x", [0xd0, 0xcf, 0x11, 0xe0, 0xa1], "AAF"),
      ("x.prproj", [0x1f, 0x8b, 8, 0], "a project of Premiere Pro"), ("x", [0x1f, 0x8b, 8, 0], "a packed file"),
      ("x", [0x50, 0x4b, 3, 4], "a zip archive"), ("x", [1, 0, 2], "no text"),
    ] as [(String, [UInt8], String)])
  func bytesTellWhatNamesDoNot(_ name: String, _ bytes: [UInt8], _ wanted: String) {
    #expect(line(name, bytes).hasPrefix("/p/\(name): is \(wanted)"), "\(line(name, bytes))")
  }

  @Test func mistakesInProjectsKeepTheirPlace() {
    #expect(line("x.json", "{tracks: [}").hasPrefix("/p/x.json:1:11: unexpected"))
    #expect(line("x.json5", "").hasPrefix("/p/x.json5:1:1: "))
  }

  @Test func addressesAreNoSources() {
    #expect(
      errorLines("{sources:{a:'https://example.org/a.mp4'},tracks:[]}") == [
        "/p/x.json:1:13: sources.a: https://example.org/a.mp4: sources are files: nothing is read over https; "
          + "download it first, and name the file"
      ])
    #expect(errorLines("{sources:{a:'file:///p/a.mp4'},tracks:[]}")[0].hasSuffix("write /p/a.mp4"))
    #expect(errorLines("{tracks:[{kind:'subtitles',file:'http://x/a.srt'}]}")[0].contains("nothing is read over http;"))
    for path in ["a:b.mp4", "://x", "1x://y", "C:/x", "a b://c", "./http://x", ""] {
      #expect(NetworkAddress(path) == nil, "\(path)")
    }
    let output = NetworkAddress("RTMP://host/live")?.refusedAsOutput(at: "rtmp://host/live")
    #expect(
      output?.what == "outputs are files and pipes: nothing is sent over rtmp"
        && output?.advice.contains("-f flv rtmp://") == true)
    #expect(NetworkAddress("s3://bucket/x.mp4")?.refusedAsOutput(at: "").advice == "write a file, and copy it there")
  }

  @Test func clipsWithoutAtAreToldWhereTheyStart() {
    let text = "{sources:{a:{color:'#000000'}},tracks:[{clips:[{source:'a',duration:1},{source:'a',duration:2}]}]}"
    #expect(errorLines(text).count == 1)
    #expect(
      errorLines(text)[0].hasSuffix("; a clip without \"at\" starts at 0: give this one an \"at\", or move it to another track"))
  }

  @Test func coloursHaveNames() {
    #expect(ColorDescription.bt709.words == "BT.709" && ColorDescription.bt601.words == "BT.601")
    #expect(ColorDescription(matrix: 9, primaries: 9, transfer: 18).words == "BT.2020, HLG")
    #expect(ColorDescription(matrix: 9, primaries: 9, transfer: 16).words == "BT.2020, PQ")
    #expect(ColorDescription.bt2020.words == "BT.2020" && ColorDescription().words == "not tagged")
    #expect(
      ColorDescription(matrix: 0, primaries: 1, transfer: 13, fullRange: true).words
        == "matrix RGB, primaries BT.709, sRGB, full range")
    #expect(ColorDescription(matrix: 5, primaries: 5, transfer: 6, fullRange: true).words == "BT.601, full range")
    #expect(
      ColorDescription(matrix: 1).words == "matrix BT.709" && ColorDescription(transfer: 200).words == "transfer H.273 code 200")
    #expect(ColorDescription(matrix: 2, primaries: 9, transfer: 16).words == "BT.2020, PQ")
  }
}
