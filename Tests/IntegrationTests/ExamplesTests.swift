import Foundation
import Testing

/// The projects of examples/ are rendered with the media that Tools/example-media makes, in a copy of the folder.
struct ExamplesTests {
  struct Example: Sendable, CustomTestStringConvertible {
    var file: String
    var output = "out.mp4"
    /// Frames of pictures; 0 where there are none.
    var frames = 100
    var seconds = 4.0
    var hasSound = false
    var launch: String?
    var testDescription: String { file }
  }
  static let all = [
    Example(file: "grid.json5"), Example(file: "scrolling-wall.json5"), Example(file: "titles.json5"),
    Example(file: "picture-in-picture.json5"), Example(file: "cross-fade.json5", hasSound: true),
    Example(file: "slideshow.json5"), Example(file: "scene.json5"), Example(file: "nested.json5"),
    Example(file: "subtitles.json5"), Example(file: "effects.json5"),
    Example(file: "own-filter.json5", frames: 75, seconds: 3, launch: "launch/filter.json5"),
    Example(file: "edit.otio", hasSound: true), Example(file: "mix.json5", output: "out.flac", frames: 0, hasSound: true),
  ]

  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL.path
  /// A folder with `examples` and, beside it, `out` with the media: smaller than those of the demo, under the same names.
  private static let folder: String = {
    let path = "/tmp/sluice-it-examples-\(getpid())"
    atexit { try? FileManager.default.removeItem(atPath: "/tmp/sluice-it-examples-\(getpid())") }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: repository + "/examples", toPath: path + "/examples")
      try Clips.run(repository + "/Tools/example-media", [path + "/out", "640x360", "4"])
    } catch { fatalError("\(error)") }
    return path
  }()

  @Test func everyExampleIsRenderedHere() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.repository + "/examples")
    #expect(files.filter { $0.hasSuffix(".json5") || $0.hasSuffix(".otio") }.sorted() == Self.all.map(\.file).sorted())
    let index = try String(contentsOfFile: Self.repository + "/examples/README.md", encoding: .utf8)
    for example in Self.all { #expect(index.contains("(\(example.file))"), "\(example.file) in examples/README.md") }
  }

  @Test(arguments: all) func anExample(_ example: Example) throws {
    let box = try Sandbox()
    let project = Self.folder + "/examples/" + example.file
    let text = try String(contentsOfFile: project, encoding: .utf8)
    let command = "sluice render examples/\(example.file) -o out/"
    #expect(text.contains(command), "the comment at the top says how to render it: \(command)…")
    #expect(text.contains("Shows: ") || example.file == "scene.json5", "the comment at the top says what it shows")

    let checked = try box.sluice(["validate", project])
    #expect(checked.status == 0 && checked.errors == "", "\(checked.errors)")
    var arguments = ["render", project, "-o", example.output, "--progress", "none", "--stats", "stats.json"]
    if example.frames > 0 { arguments += ["--preset", "ultrafast"] }
    if let launch = example.launch { arguments += ["--launch", Self.repository + "/" + launch] }
    let result = try box.sluice(arguments, environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    try #require(result.status == 0 && result.errors == "", "\(result.errors)")
    box.expectNothingLeft()
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["restarts"] == 0 && statistics["slots", "leaked"] == 0)
    #expect(statistics["stages", "decode", "damagedFrames"] == 0 && statistics["stages", "audio", "damagedFrames"] == 0)

    let streams = try self.streams(of: box.path(example.output))
    let kinds = (example.frames > 0 ? ["video"] : []) + (example.hasSound ? ["audio"] : [])
    #expect(streams.compactMap { $0["codec_type"] as? String } == kinds)
    for stream in streams {
      let seconds = try #require((stream["duration"] as? String).flatMap(Double.init))
      #expect(abs(seconds - example.seconds) < 0.001, "\(seconds) s")
    }
    if example.frames > 0 {
      #expect(streams.first?["nb_read_frames"] as? String == "\(example.frames)")
      try expectAPicture(box.path(example.output), at: example.seconds / 2)
    }
    if example.hasSound { try expectSound(box.path(example.output)) }
  }

  /// docs/project.md tells every key of the schema, and no other.
  @Test func theProjectPageIsThatOfTheSchema() throws {
    try Clips.run("python3", ["-B", Self.repository + "/Tools/check-project-docs"])
  }

  private func streams(of path: String) throws -> [[String: Any]] {
    let text = try Clips.run(
      "ffprobe",
      ["-v", "error", "-count_frames", "-show_entries", "stream=codec_type,nb_read_frames,duration", "-of", "json", path])
    let json = try JSONSerialization.jsonObject(with: text) as? [String: Any]
    return try #require(json?["streams"] as? [[String: Any]])
  }

  /// Light and dark are in the picture: it is neither black nor of one colour.
  private func expectAPicture(_ path: String, at seconds: Double, location: SourceLocation = #_sourceLocation) throws {
    let luma = try Clips.ffmpeg([
      "-ss", "\(seconds)", "-i", path, "-frames:v", "1", "-vf", "scale=64:36:flags=area,format=gray", "-f", "rawvideo", "-",
    ])
    let darkest = try #require(luma.min()), lightest = try #require(luma.max())
    #expect(luma.count == 64 * 36 && lightest - darkest > 60, "from \(darkest) to \(lightest)", sourceLocation: location)
  }

  /// A tenth of full scale and more is reached, and nothing is clipped all the time.
  private func expectSound(_ path: String, location: SourceLocation = #_sourceLocation) throws {
    let bytes = try Clips.ffmpeg(["-i", path, "-vn", "-ac", "1", "-f", "s16le", "-"])
    let samples = bytes.withUnsafeBytes { $0.bindMemory(to: Int16.self).map { abs(Int($0)) } }
    #expect(samples.max() ?? 0 > 3000, sourceLocation: location)
    #expect(samples.count { $0 >= 32767 } < samples.count / 100, sourceLocation: location)
  }
}
