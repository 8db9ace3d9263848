import Foundation
import Testing

/// The filters of ipc-schema/examples in real renders: they invert, so what comes out is known.
struct FilterTests {
  static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../ipc-schema/examples").standardizedFileURL.path
  private static let directory: String = {
    let path = "/tmp/sluice-it-filters-\(getpid())"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: "/tmp/sluice-it-filters-\(getpid())") }
    return path
  }()
  static let workerInC: String = {
    let program = directory + "/worker"
    do {
      try Clips.run("sh", ["-c", "$(command -v cc || echo clang) -std=c11 -O1 '\(examples)/worker.c' -lzmq -o '\(program)'"])
    } catch { fatalError("\(error)") }
    return program
  }()

  enum Language: String, CaseIterable, Sendable {
    case c, python
    var command: String {
      self == .c ? "[\"\(FilterTests.workerInC)\"]" : "[\"python3\", \"-B\", \"\(FilterTests.examples)/worker.py\"]"
    }
  }

  /// A launch file with one filter.
  static func launch(_ box: Sandbox, _ command: String?, _ more: String = "", name: String = "invert") throws -> [String] {
    let words = command.map { "command: \($0), " } ?? ""
    return ["--launch", try box.write("filter.json5", "{ workers: { filters: { \"\(name)\": { \(words)\(more) } } } }")]
  }

  /// FFmpeg's own inversion, without loss.
  private static func inverted(_ clip: String, _ name: String, _ encoder: [String], _ filter: String = "negate") throws -> String
  {
    let path = directory + "/" + name
    try Clips.ffmpeg(["-i", clip, "-vf", filter, "-threads", "1"] + encoder + [path])
    return path
  }

  private static func invert(_ frame: Data, planes: [Int] = [0, 1, 2]) -> Data {
    let luma = Clips.width * Clips.height
    var result = frame
    result.withUnsafeMutableBytes { bytes in
      for index in bytes.indices {
        let plane = index < luma ? 0 : index < luma * 5 / 4 ? 1 : 2
        if planes.contains(plane) { bytes[index] = 255 - bytes[index] }
      }
    }
    return result
  }

  private func timeline(_ clips: String, output: String = "", canvas: String = "", sources: String? = nil) -> String {
    let files = sources ?? "a: \"\(Clips.bframes)\", b: \"\(Clips.mandelbrot)\""
    return """
      { canvas: { width: 320, height: 180, fps: 24, \(canvas) }, sources: { \(files) },
        tracks: [ { kind: "video", clips: [ \(clips) ] } ], output: { \(output) } }
      """
  }

  /// Renders to Y4M.
  private func render(
    _ box: Sandbox, _ project: String, _ arguments: [String], location: SourceLocation = #_sourceLocation
  ) throws -> (bytes: Data, frames: [Data], statistics: Statistics) {
    try box.write("p.json5", project)
    let statistics = try box.render(["render", "p.json5", "-y", "-o", "out.y4m"] + arguments, location: location)
    let data = try box.data("out.y4m")
    return (data, Y4M(data).frames, statistics)
  }

  // MARK: pictures

  /// Untouched frames, one clip filtered, the other not.
  @Test(arguments: Language.allCases)
  func aClipGoesThroughItsFilter(_ language: Language) throws {
    let box = try Sandbox()
    let project = timeline(
      "{ source: 'a', duration: 1, effects: [{ worker: 'invert', version: '1' }] }, { source: 'b', at: 1, duration: 1 }")
    let result = try render(box, project, Self.launch(box, language.command))
    let a = try Reference(Clips.bframes), b = try Reference(Clips.mandelbrot)
    try #require(result.frames.count == 48)
    for n in 0..<24 {
      #expect(result.frames[n] == Self.invert(a.frames[n]), "frame \(n)")
      #expect(result.frames[24 + n] == b.frames[n], "frame \(24 + n)")
    }
    #expect(result.statistics["stages", "filter", "frames"] == 24)
    #expect(result.statistics["stages", "filter", "busySeconds"] > 0)
    #expect(result.statistics["stages", "render", "bypassedFrames"] == 48)
    #expect(result.statistics["bytesCopiedPerFrame"] == 0)
    #expect(result.statistics["restarts"] == 0)
  }

  /// Rendered frames, with parameters; and two filters in a row.
  @Test(arguments: Language.allCases)
  func everyFrameGoesThroughTheOutputsFilters(_ language: Language) throws {
    let box = try Sandbox()
    let clips = "{ source: 'a', duration: 1, opacity: 0.5 }, { source: 'b', at: 1, duration: 1 }"
    let launch = try Self.launch(box, language.command)
    let plain = try render(box, timeline(clips), [])
    let luma = "{ worker: 'invert', parameters: { planes: [0] } }"
    let once = try render(box, timeline(clips, output: "effects: [\(luma)]"), launch)
    #expect(once.frames.count == 48 && once.frames == plain.frames.map { Self.invert($0, planes: [0]) })
    #expect(once.statistics["stages", "filter", "frames"] == 48)
    let both = "effects: [\(luma), { worker: 'invert', parameters: { planes: [1, 2] } }]"
    let twice = try render(box, timeline(clips, output: both), launch)
    #expect(twice.frames == plain.frames.map { Self.invert($0) })
    #expect(twice.statistics["stages", "filter", "frames"] == 96)
  }

  /// 8 and 10 bits, 4:2:0, 4:2:2, 4:4:4, R'G'B' with alpha: as ffmpeg's own filter does it.
  @Test(arguments: [("yuv422p10le", "c"), ("yuv444p", "python"), ("yuv420p10le", "python"), ("gbrp", "c"), ("yuva420p", "c")])
  func formatsAreFilteredAsTheyAre(_ format: String, _ language: String) throws {
    let box = try Sandbox()
    let source = box.path("source.mkv")
    let ffv1 = ["-pix_fmt", format, "-c:v", "ffv1"]
    try Clips.ffmpeg(
      ["-f", "lavfi", "-i", "testsrc2=s=318x178:r=24", "-t", "0.5", "-vf", "format=\(format)", "-threads", "1"] + ffv1 + [source])
    let other = try Self.inverted(source, "negated-\(format).mkv", ffv1, "negate=negate_alpha=0")
    let language = Language(rawValue: language)!
    func clip(_ effects: String) -> String { "{ source: 'x', place: { fit: 'stretch' }, effects: [\(effects)] }" }
    let filtered = try render(
      box, timeline(clip("{ worker: 'invert' }"), sources: "x: \"\(source)\""), Self.launch(box, language.command))
    let reference = try render(box, timeline(clip(""), sources: "x: \"\(other)\""), [])
    #expect(filtered.bytes == reference.bytes)
    #expect(filtered.frames.count == 12)
  }

  /// Stills, effects of libavfilter before the worker, dissolves, and clips over each other.
  @Test func filteredClipsAreComposedAsAnyOther() throws {
    let box = try Sandbox()
    let still = try Self.inverted(Clips.png, "still.png", [])
    let rgb = ["-c:v", "libx264rgb", "-qp", "0"]
    let movie = Clips.rgb("plain.mkv", [])
    let negative = try Self.inverted(movie, "movie.mkv", rgb)
    func clips(_ still: String, _ movie: String, _ worker: String) -> String {
      """
      { source: '\(movie)', duration: 1, effects: [{ avfilter: 'hflip' }, \(worker)] },
      { source: '\(still)', at: 1, duration: 1, transition: { kind: 'dissolve', duration: 0.5 }, effects: [\(worker)] },
      { source: '\(movie)', at: 2, duration: 0.5, transition: { kind: 'slide', duration: 0.25 }, effects: [{ avfilter: 'hflip' }, \(worker)] }
      """
    }
    let sources = "s: \"\(Clips.png)\", n: \"\(still)\", m: \"\(movie)\", w: \"\(negative)\""
    let reference = try render(box, timeline(clips("n", "w", ""), sources: sources), [])
    let launch = try Self.launch(box, Language.c.command, "count: 2")
    let filtered = try render(box, timeline(clips("s", "m", "{ worker: 'invert' }"), sources: sources), launch)
    try #require(filtered.frames.count == 60 && reference.frames.count == 60)
    // The reference's still is scaled when it is decoded, ours after it was filtered.
    #expect(psnr(filtered.frames, reference.frames) > 40)
    let same = zip(filtered.frames, reference.frames).filter { $0 == $1 }.count
    #expect(same >= 24, "\(same) frames are the same")
  }

  /// A picture that stays is filtered once, unless the filter counts frames.
  @Test func whatStaysTheSameIsFilteredOnce() throws {
    let box = try Sandbox()
    let launch = try Self.launch(box, Language.c.command)
    func clips(_ effect: String) -> String { "{ source: 's', duration: 1, effects: [\(effect)] }" }
    let sources = "s: \"\(Clips.png)\""
    let once = try render(box, timeline(clips("{ worker: 'invert' }"), sources: sources), launch)
    #expect(once.statistics["stages", "filter", "frames"] == 1)
    #expect(once.statistics["stages", "render", "reusedFrames"] == 23)
    let each = try render(box, timeline(clips("{ worker: 'invert', everyFrame: true }"), sources: sources), launch)
    #expect(each.statistics["stages", "filter", "frames"] == 24)
    #expect(each.bytes == once.bytes)
    let whole = try render(box, timeline(clips(""), output: "effects: [{ worker: 'invert' }]", sources: sources), launch)
    #expect(whole.statistics["stages", "filter", "frames"] == 1)
    #expect(whole.statistics["stages", "filter", "reusedFrames"] == 23)
    let all = try render(
      box, timeline(clips(""), output: "effects: [{ worker: 'invert', everyFrame: true }]", sources: sources), launch)
    #expect(all.statistics["stages", "filter", "frames"] == 24)
    #expect(all.bytes == whole.bytes)
  }

  /// Any number of filter workers, lanes, renderers: the same bytes.
  @Test func bytesDoNotDependOnWhoFilters() throws {
    let box = try Sandbox()
    let clip = "{ source: 'l', duration: 20, opacity: 0.5, effects: [{ worker: 'invert' }] }"
    try box.write(
      "p.json5",
      timeline(clip, output: "effects: [{ worker: 'invert', parameters: { planes: [1] } }]", sources: "l: \"\(Clips.long)\""))
    var files: [Data] = []
    for (count, lanes, language) in [(1, 1, Language.c), (3, 2, .c), (2, 2, .python)] {
      let launch = try Self.launch(box, language.command, "count: \(count)")
      let statistics = try box.render(
        ["render", "p.json5", "-y", "-o", "out.mkv", "--preset", "ultrafast", "--encoders", "\(lanes)"] + launch)
      #expect(statistics["stages", "filter", "frames"] == 960)
      files.append(try box.data("out.mkv"))
    }
    #expect(files[0] == files[1] && files[0] == files[2])
  }

  /// `sluice frame` of a project shows what a render would.
  @Test func aSingleFrameIsFilteredToo() throws {
    let box = try Sandbox()
    let clip = "{ source: 'a', duration: 1, effects: [{ worker: 'invert', parameters: { planes: [1] } }] }"
    try box.write("p.json5", timeline(clip, output: "effects: [{ worker: 'invert', parameters: { planes: [0, 2] } }]"))
    let launch = try Self.launch(box, Language.c.command)
    let result = try box.sluice(["frame", "p.json5", "--number", "7", "-o", "frame.ppm"] + launch)
    try #require(result.status == 0, "\(result.errors)")
    try box.write(
      "p.json5",
      timeline(
        "{ source: 'n', duration: 1 }", sources: "n: \"\(try Self.inverted(Clips.bframes, "frame.mkv", ["-c:v", "ffv1"]))\""))
    #expect(try box.sluice(["frame", "p.json5", "--number", "7", "-o", "reference.ppm"]).status == 0)
    #expect(try box.data("frame.ppm") == box.data("reference.ppm"))
  }

  // MARK: mistakes

  @Test func whatCannotBeFilteredIsSaidInOneLine() throws {
    let box = try Sandbox()
    try box.write("p.json5", timeline("{ source: 'a', duration: 1, effects: [{ worker: 'no name' }] }"))
    try box.refuses(["render", "p.json5", "-o", "x.mkv"], 65, "effects[0].worker", "is not a worker's name")
    try box.write("p.json5", timeline("{ source: 'a', effects: [{ worker: 'w' }, { avfilter: 'hflip' }] }"))
    try box.refuses(["render", "p.json5", "-o", "x.mkv"], 65, "effects[1]", "comes after a worker")
    try box.write("p.json5", timeline("{ source: 'a' }", output: "effects: [{ avfilter: 'hflip' }]"))
    try box.refuses(["render", "p.json5", "-o", "x.mkv"], 65, "output.effects[0]", "unknown key \"avfilter\"")
    // Nobody comes.
    try box.write("p.json5", timeline("{ source: 'a', effects: [{ worker: 'w' }] }"))
    let launch = try Self.launch(box, nil, "waitSeconds: 1", name: "w")
    // On a busy machine progress would be said.
    let quiet = ["render", "p.json5", "-o", "x.mkv", "--progress", "none"] + launch
    try box.refuses(quiet, 69, "no worker came for filter \"w\" in 1 s", "filter.json5")
    try box.write("filter.json5", "{ workers: { filters: { w: { command: ['./no-such'] } } } }")
    try box.refuses(["render", "p.json5", "-o", "x.mkv"] + launch, 65, "workers.filters.w.command", "no-such")
    try box.write("filter.json5", "{ workers: { filters: { w: { command: ['false'], restarts: 0 } } } }")
    try box.refuses(quiet, 69, "w-0", "exit status 1")
  }
}
