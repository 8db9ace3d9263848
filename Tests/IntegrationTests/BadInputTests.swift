import Foundation
import Testing

/// What a user gets wrong: one line that names the thing, the right exit code, nothing left behind.
struct BadInputTests {
  private func project(_ box: Sandbox, source: String = Clips.bframes) throws {
    try box.write("p.json5", CutListTests.project([.init(source: source, at: 0, from: 0, duration: 1)]))
  }

  @Test func sourcesThatAreNoMedia() throws {
    let box = try Sandbox()
    try box.write("empty.mp4", "")
    try box.write("text.mp4", "this is no film\n")
    let whole = try Data(contentsOf: URL(fileURLWithPath: Clips.bframes))
    try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: box.path("cut.mp4")))
    var random = FrameTests.Random(state: 7)
    try Data((0..<50_000).map { _ in UInt8.random(in: 0...255, using: &random) }).write(
      to: URL(fileURLWithPath: box.path("noise.mp4")))
    try FileManager.default.createDirectory(atPath: box.path("folder.mp4"), withIntermediateDirectories: true)
    mkfifo(box.path("pipe.mp4"), 0o600)
    for (name, code, what) in [
      ("pipe.mp4", 65, "is a pipe"), ("missing.mp4", 66, "no such file"), ("empty.mp4", 65, "empty"),
      ("text.mp4", 65, "not a readable media file"),
      ("cut.mp4", 65, "not a readable media file"), ("noise.mp4", 65, "not a readable media file"),
      ("folder.mp4", 65, "directory"),
    ] as [(String, Int32, String)] {
      try project(box, source: name)
      try box.refuses(["render", "p.json5", "-o", "out.mp4", "--progress", "none"], code, name, what)
      try box.refuses(["grid", name, "-o", "out.mp4", "--progress", "none"], code, name, what)
      try box.refuses(["frame", name, "--at", "0", "-o", "out.png"], code, name, what)
      try box.refuses(["probe", name], code, name, what)
      try box.refuses(["validate", "p.json5"], code, name, what)
    }
    try box.refuses(["grid", Clips.sound, "-o", "out.mp4", "--progress", "none"], 65, Clips.sound, "no picture")
  }

  @Test func tablesAndSubtitlesThatArePipes() throws {
    let box = try Sandbox()
    mkfifo(box.path("pipe"), 0o600)
    for line in [
      "{ kind: \"video\", clips: [ { source: \"a\", at: 0, duration: 1, effects: [ { lut: \"pipe\" } ] } ] }",
      "{ kind: \"video\", clips: [ { source: \"a\", at: 0, duration: 1 } ] }, { kind: \"subtitles\", file: \"pipe\" }",
    ] {
      try box.write(
        "p.json5",
        "{ canvas: { width: 320, height: 180, fps: 24 }, sources: { a: \"\(Clips.bframes)\" }, tracks: [ \(line) ] }")
      try box.refuses(["render", "p.json5", "-o", "out.mp4", "--progress", "none"], 65, "/pipe:", "is a pipe")
    }
  }

  @Test func moreWorkersThanARunCanHave() throws {
    let box = try Sandbox()
    try project(box)
    try box.refuses(
      ["render", "p.json5", "-o", "out.mp4", "--decoders", "32", "--renderers", "32", "--progress", "none"], 2, "too many", "54")
    try box.refuses(["probe", ""], 2, "probe", "empty")
  }

  @Test func projectsWithMistakes() throws {
    let box = try Sandbox()
    let canvas = "canvas: { width: 320, height: 180, fps: 24 }"
    let sources = "sources: { a: \"\(Clips.bframes)\" }"
    func clip(_ text: String) -> String { "{ \(canvas), \(sources), tracks: [ { kind: \"video\", clips: [ { \(text) } ] } ] }" }
    for (text, parts) in [
      ("{ canvas: { width: 320, height: 180, fps: 24 }, ", ["p.json5:1:"]),
      (clip("source: \"a\", at: 0, duraton: 1"), ["duraton", "duration"]),
      (clip("source: \"b\", at: 0, duration: 1"), ["b", "a"]),
      (clip("source: \"a\", at: \"soon\", duration: 1"), ["at", "soon"]),
      (clip("source: \"a\", at: 0, duration: -1"), ["duration"]),
      (clip("source: \"a\", at: 0, duration: true"), ["duration"]),
      (clip("source: \"a\", at: 0, duration: 1, opacity: 7"), ["opacity"]),
      (clip("source: \"a\", at: 0, duration: 1, rotate: true"), ["rotate"]),
      (clip("source: \"a\", at: 0, duration: 1, effects: [ { avfilter: 7 } ]"), ["effects"]),
      ("{ canvas: { width: 321, height: 180, fps: 24 }, \(sources), tracks: [] }", ["canvas.width", "321"]),
      ("{ canvas: { width: 0, height: 180, fps: 24 }, \(sources), tracks: [] }", ["canvas.width"]),
      ("{ canvas: { width: 9999998, height: 180, fps: 24 }, \(sources), tracks: [] }", ["canvas.width"]),
      ("{ canvas: { width: 320, height: 180, fps: 0 }, \(sources), tracks: [] }", ["canvas.fps"]),
      ("{ \(canvas), \(sources), tracks: [] }", ["empty"]),
    ] as [(String, [String])] {
      try box.write("p.json5", text)
      let result = try box.sluice(["render", "p.json5", "-o", "out.y4m", "--progress", "none"])
      #expect(result.status == 65, "\(text): \(result.errors)")
      box.expectOneLine(result.errors, ["p.json5"] + parts)
      #expect(!box.exists("out.y4m"))
    }
    try box.refuses(["render", "missing.json5", "-o", "out.y4m"], 66, "missing.json5")
    // In libavfilter's own words.
    try box.write("p.json5", clip("source: \"a\", at: 0, duration: 1, effects: [ { avfilter: \"nosuchfilter=3\" } ]"))
    try box.refuses(["render", "p.json5", "-o", "out.y4m", "--progress", "none"], 65, "No such filter", "nosuchfilter")
    #expect(!box.exists("out.y4m"))
    box.expectNothingLeft()
  }

  @Test func everyMistakeOfAProjectIsTold() throws {
    let box = try Sandbox()
    try box.write(
      "p.json5", "{ canvas: { width: 321, height: 180, fps: 24 }, sources: { a: 7 }, tracks: [ { kind: \"film\", clips: [] } ] }")
    let result = try box.sluice(["validate", "p.json5"])
    #expect(result.status == 65)
    #expect(result.errors.split(separator: "\n").count == 3, "\(result.errors)")
  }

  @Test func outputsThatCannotBe() throws {
    let box = try Sandbox()
    try project(box)
    func refuses(_ arguments: [String], _ code: Int32, _ parts: String..., location: SourceLocation = #_sourceLocation) throws {
      let result = try box.sluice(["render", "p.json5", "--progress", "none"] + arguments)
      #expect(result.status == code, "\(arguments): \(result.errors)", sourceLocation: location)
      box.expectOneLine(result.errors, parts, location: location)
      box.expectNothingLeft(location: location)
      #expect(!box.exists("out.mp4"), sourceLocation: location)
    }
    try refuses(["-o", "out.mp4", "--codec", "nope"], 2, "nope", "encoder")
    try refuses(["-o", "out.mp4", "--format", "nope"], 2, "nope", "format")
    try refuses(["-o", "out.mp4", "--preset", "nope"], 2, "nope", "ultrafast")
    try refuses(["-o", "out.mp4", "--encoder-option", "nope=1"], 2, "nope", "option")
    try refuses(["-o", "out.mp4", "--pixel-format", "nope"], 2, "nope", "pixel format")
    try refuses(["-o", "out.nope"], 2, ".nope")
    try refuses(["-o", "out.webm", "--codec", "libx264"], 2, "webm", "libx264")
    try refuses(["-o", "nowhere/out.mp4"], 73, "nowhere")
    try refuses(["-o", "."], 73, "directory")
    try refuses(["-o", "out.mp4", "--memory", "1MiB"], 69, "--memory", "1 MiB", "needs about")
    try refuses(["-o", "p.json5", "--format", "mp4", "-y"], 2, "p.json5", "read by this very run")
    try refuses(["-o", "/dev/full", "--format", "y4m"], 73, "/dev/full", "No space left")
    try refuses(["-o", "-", "--progress", "none"], 2, "--format")
    #expect(try Data(contentsOf: URL(fileURLWithPath: Clips.bframes)).count > 1000)
    try refuses(["-o", Clips.bframes, "-y"], 2, "read by this very run")
    #expect(try Data(contentsOf: URL(fileURLWithPath: Clips.bframes)).count > 1000)
  }

  @Test func aDirectoryThatCannotBeWritten() throws {
    let box = try Sandbox()
    try project(box)
    // Root may write everywhere; /proc holds no files of anybody.
    let result = try box.sluice(["render", "p.json5", "-o", "/proc/out.mp4", "--progress", "none"])
    #expect(result.status == 73)
    box.expectOneLine(result.errors, ["/proc/out.mp4"])
    box.expectNothingLeft()
  }

  @Test func aClipShorterThanItsPlaceIsHeldAndTold() throws {
    let box = try Sandbox()
    try box.write("p.json5", CutListTests.project([.init(source: Clips.bframes, at: 0, from: 1, duration: 2)]))
    let result = try box.sluice(["render", "p.json5", "-o", "out.y4m", "--progress", "none"])
    #expect(result.status == 0)
    box.expectOneLine(result.errors, [Clips.bframes, "held"])
    let frames = Y4M(try box.data("out.y4m")).frames
    let reference = try Reference(Clips.bframes).frames
    #expect(frames.count == 48)
    #expect(Array(frames.prefix(24)) == Array(reference.suffix(24)) && frames.suffix(24).allSatisfy { $0 == reference.last })
  }

  /// Bits turned in the middle of a good file: the picture goes on, and the damage is counted and told once.
  @Test func aDamagedFrame() throws {
    let box = try Sandbox()
    var data = try Data(contentsOf: URL(fileURLWithPath: Clips.bframes))
    let media = try #require(data.range(of: Data("mdat".utf8))).upperBound
    let middle = media + (data.endIndex - media) / 2
    for i in stride(from: middle, to: middle + 520, by: 13) { data[i] = data[i] ^ 0x5a }
    try data.write(to: URL(fileURLWithPath: box.path("damaged.mp4")))
    try box.write("p.json5", CutListTests.project([.init(source: "damaged.mp4", at: 0, from: 0, duration: 2)]))
    let result = try box.sluice(["render", "p.json5", "-o", "out.y4m", "--stats", "stats.json", "--progress", "none"])
    #expect(result.status == 0, "\(result.errors)")
    box.expectOneLine(result.errors, ["damaged.mp4"])
    #expect(Y4M(try box.data("out.y4m")).frames.count == 48)
    let statistics = try Statistics(box.data("stats.json"))
    #expect(statistics["stages", "decode", "damagedFrames"] >= 1)
    #expect(statistics["frames"] == 48)
  }

  /// A file that is gone when its turn comes: the run fails, or goes on with --on-error hold.
  @Test func aSourceThatFailsInTheMiddle() throws {
    let box = try Sandbox()
    let copy = box.path("later.mp4")
    try FileManager.default.copyItem(atPath: Clips.bframes, toPath: copy)
    try box.write(
      "p.json5",
      CutListTests.project([
        .init(source: Clips.long, at: 0, from: 0, duration: 10), .init(source: "later.mp4", at: 10, from: 0, duration: 1),
        .init(source: Clips.mandelbrot, at: 11, from: 0, duration: 1),
      ]))
    for hold in [false, true] {
      let arguments =
        ["render", "p.json5", "-o", "-", "--format", "y4m", "--progress", "none"] + (hold ? ["--on-error", "hold"] : [])
      let run = try box.start(arguments, output: .pipe)
      _ = run.read(100_000)
      try Data("nothing that could be played".utf8).write(to: URL(fileURLWithPath: copy))
      let rest = run.readAll()
      if hold {
        #expect(run.wait() == 0, "\(run.errors)")
        // The frames of 12 seconds less what was read above.
        let whole = 288 * (320 * 180 * 3 / 2 + 6)
        #expect(rest.count > whole - 100_000 && rest.count < whole)
      } else {
        #expect(run.wait() == 65, "\(run.errors)")
      }
      box.expectOneLine(run.errors, ["later.mp4"])
      box.expectNothingLeft()
      try FileManager.default.removeItem(atPath: copy)
      try FileManager.default.copyItem(atPath: Clips.bframes, toPath: copy)
    }
  }

  /// In a mount namespace of its own, where the machine lets us make one.
  private func withMounts(_ box: Sandbox, _ script: String) throws -> Sandbox.Result? {
    let child = try Spawned(
      "unshare", ["-m", "sh", "-c", "set -e; \(script)"], environment: box.environment, directory: box.directory)
    let status = child.wait()
    if child.errors.contains("unshare:") || child.errors.contains("mount:") { return nil }
    return .init(status: status, out: child.output, errors: child.errors)
  }

  @Test func aFullDisk() throws {
    let box = try Sandbox()
    try box.write("p.json5", CutListTests.project([.init(source: Clips.long, at: 0, from: 0, duration: 20)]))
    try FileManager.default.createDirectory(atPath: box.path("small"), withIntermediateDirectories: true)
    for name in ["out.y4m", "out.mkv"] {
      let command =
        "'\(Sandbox.program)' render p.json5 -o small/\(name) --codec \(name == "out.mkv" ? "ffv1" : "rawvideo") --progress none"
      let result = try withMounts(box, "mount -t tmpfs -o size=300k none small; set +e; \(command); c=$?; ls -A small; exit $c")
      guard let result else { return }
      #expect(result.status == 73, "\(result.errors)")
      box.expectOneLine(result.errors, [name, "no space left"])
      #expect(result.out.isEmpty, "files are left: \(String(decoding: result.out, as: UTF8.self))")
      box.expectNothingLeft()
    }
  }

  @Test func aSharedMemoryFileSystemThatIsTooSmallDoesNotMatter() throws {
    let box = try Sandbox()
    try project(box)
    let command = "'\(Sandbox.program)' render p.json5 -o out.y4m --stats stats.json --progress none"
    let result = try withMounts(
      box, "mount -t tmpfs -o size=64k none /dev/shm; set +e; \(command); c=$?; ls -A /dev/shm; exit $c")
    guard let result else { return }
    // Regions are anonymous memory.
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    #expect(result.out.isEmpty)
    #expect(Y4M(try box.data("out.y4m")).frames.count == 24)
    box.expectNothingLeft()
  }
}
