import Foundation
import Testing

/// Kept segments of text belong to the fonts that fontconfig really uses, wherever its settings say that they are.
@Suite struct FontStoreTests {
  @Test(arguments: ["FONTCONFIG_FILE", "XDG_CONFIG_HOME"]) func aFontInAnyFolderCounts(_ way: String) throws {
    let box = try Sandbox()
    box.keepsSegments = true
    let found = FileManager.default.enumerator(atPath: "/usr/share/fonts")?.compactMap { $0 as? String }
      .first { $0.hasSuffix(".ttf") }
    let font = "/usr/share/fonts/" + (try #require(found, "no font is installed"))
    for name in ["fonts", "fontconfig"] {
      try FileManager.default.createDirectory(atPath: box.path(name), withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(atPath: font, toPath: box.path("fonts/a.ttf"))
    let text = """
      <?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
      <fontconfig><dir>\(box.path("fonts"))</dir><cachedir>\(box.path("r/fc"))</cachedir></fontconfig>
      """
    let settings = try box.write("fontconfig/fonts.conf", text)
    try box.write(
      "p.json5",
      """
      { canvas: { width: 160, height: 90, fps: 25 }, sources: { a: { text: "Text", font: "Sans", size: 30 } },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 1 } ] } ] }
      """)
    func reused() throws -> Bool {
      let run = try box.sluice(
        ["render", "p.json5", "-o", "a.mkv", "-y", "--preset", "ultrafast", "--progress", "none", "--stats", "stats.json"],
        environment: [way: way == "XDG_CONFIG_HOME" ? box.directory : settings])
      try #require(run.status == 0, "\(run.errors)")
      return try Statistics(box.data("stats.json"))["segments", "reused"] > 0
    }
    #expect(try !reused())
    #expect(try reused())
    try FileManager.default.copyItem(atPath: font, toPath: box.path("fonts/new"))
    rename(box.path("fonts/new"), box.path("fonts/a.ttf"))
    #expect(try !reused())
    #expect(try reused())
    try FileManager.default.copyItem(atPath: font, toPath: box.path("fonts/b.ttf"))
    #expect(try !reused())
    try box.write("fontconfig/fonts.conf", text + "<!-- changed -->")
    #expect(try !reused())
  }
}
