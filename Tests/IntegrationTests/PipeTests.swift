import Foundation
import Testing

/// Raw frames into other programs.
struct PipeTests {
  private func box() throws -> (Sandbox, frames: Data) {
    let box = try Sandbox()
    let pieces = [
      CutListTests.Piece(source: Clips.bframes, at: 0, from: 0.5, duration: 0.75),
      CutListTests.Piece(source: Clips.mandelbrot, at: 0.75, from: 0, duration: 0.75),
    ]
    try box.write("cut.json5", CutListTests.project(pieces))
    try box.render(["render", "cut.json5", "-o", "cut.y4m"])
    return (box, Y4M(try box.data("cut.y4m")).frames.reduce(Data(), +))
  }

  /// What ffmpeg reads from `sluice … -o -`.
  private func throughFFmpeg(_ box: Sandbox, _ format: String, _ input: [String]) throws -> Data {
    let words = input.joined(separator: " ")
    let script = """
      set -o pipefail
      '\(Sandbox.program)' render cut.json5 -o - --format \(format) --progress none |
      ffmpeg -v error -nostdin \(words) -i - -vsync passthrough -f rawvideo -pix_fmt yuv420p -
      """
    let child = try Spawned("bash", ["-c", script], environment: box.environment, directory: box.directory)
    #expect(child.wait() == 0, "\(child.errors)")
    #expect(child.errors == "")
    return child.output
  }

  @Test func ffmpegReadsY4M() throws {
    let (box, frames) = try box()
    #expect(try throughFFmpeg(box, "y4m", []) == frames)
    box.expectNothingLeft()
  }

  @Test func ffmpegReadsNUT() throws {
    let (box, frames) = try box()
    #expect(try throughFFmpeg(box, "nut", []) == frames)
  }

  @Test func ffmpegReadsRawVideo() throws {
    let (box, frames) = try box()
    let input = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "320x180", "-r", "24"]
    #expect(try throughFFmpeg(box, "rawvideo", input) == frames)
  }

  @Test func filesOfEveryRawFormat() throws {
    let (box, frames) = try box()
    try box.render(["render", "cut.json5", "-o", "cut.yuv"])
    #expect(try box.data("cut.yuv") == frames)
    try box.render(["render", "cut.json5", "-o", "cut.nut"])
    let nut = try Clips.ffmpeg(["-i", box.path("cut.nut"), "-f", "rawvideo", "-"])
    #expect(nut == frames)
  }

  /// A FIFO is a pipe with a name: the same bytes, and what cannot go through one is refused before anything is rendered.
  @Test func aPipeWithAName() throws {
    let (box, _) = try box()
    let fast = ["--codec", "libx264", "--preset", "ultrafast", "--progress", "none"]
    mkfifo(box.path("named.mkv"), 0o600)
    let reader = try Spawned("cat", [box.path("named.mkv")], environment: box.environment, directory: box.directory)
    let run = try box.sluice(["render", "cut.json5", "-o", "named.mkv"] + fast)
    #expect(run.status == 0 && reader.wait(within: 5) == 0, "\(run.errors)")
    let plain = try box.sluice(["render", "cut.json5", "-o", "-", "--format", "matroska"] + fast)
    #expect(!plain.out.isEmpty && reader.output == plain.out)
    mkfifo(box.path("named.mp4"), 0o600)
    let other = try Spawned("cat", [box.path("named.mp4")], environment: box.environment, directory: box.directory)
    let refused = try box.sluice(["render", "cut.json5", "-o", "named.mp4"] + fast)
    #expect(refused.status == 2)
    box.expectOneLine(refused.errors, ["named.mp4: mp4 cannot be written to a pipe"])
    #expect(other.wait(within: 5) == 0 && other.output.isEmpty)
    box.expectNothingLeft()
  }

  /// The file that a link names is replaced, not the link.
  @Test func anOutputBehindALink() throws {
    let (box, frames) = try box()
    try box.write("real.yuv", "old")
    try FileManager.default.createSymbolicLink(atPath: box.path("link.yuv"), withDestinationPath: "real.yuv")
    try box.render(["render", "cut.json5", "-o", "link.yuv", "-y"])
    #expect(try box.data("real.yuv") == frames)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: box.path("link.yuv")) == "real.yuv")
    // One that names nothing yet.
    try FileManager.default.createDirectory(atPath: box.path("other"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: box.path("new.yuv"), withDestinationPath: "other/new.yuv")
    try box.render(["render", "cut.json5", "-o", "new.yuv"])
    #expect(try box.data("other/new.yuv") == frames)
    box.expectNothingLeft()
  }

  @Test func anExternalEncoder() throws {
    let (box, frames) = try box()
    let command = "ffmpeg -v error -y -i - -f rawvideo out.yuv"
    let result = try box.sluice(["render", "cut.json5", "--encoder-command", command, "--progress", "none"])
    #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    #expect(try box.data("out.yuv") == frames)
    box.expectNothingLeft()
  }

  @Test func anExternalEncoderThatFails() throws {
    let (box, _) = try box()
    try box.refuses(
      ["render", "cut.json5", "--encoder-command", "cat > /dev/null; exit 3", "--progress", "none"], 73, "encoder",
      "exit status 3")
    try box.refuses(["render", "cut.json5", "--encoder-command", "exit 3", "--progress", "none"], 73, "--encoder-command")
    let missing = try box.sluice(["render", "cut.json5", "--encoder-command", "no-such-program", "--progress", "none"])
    #expect(missing.status == 73)
    #expect(missing.errors.contains("no-such-program"))
    box.expectNothingLeft()
  }

  @Test func aReaderThatClosesEarly() throws {
    for format in ["y4m", "nut", "rawvideo"] {
      let box = try Sandbox()
      try box.write("long.json5", CutListTests.project([.init(source: Clips.long, at: 0, from: 0, duration: 20)]))
      let child = try box.start(["render", "long.json5", "-o", "-", "--format", format, "--progress", "none"], output: .pipe)
      #expect(child.read(1000).count == 1000)
      child.closeReader()
      #expect(child.wait(within: 20) == 73)
      box.expectOneLine(child.errors, ["standard output", "closed"])
      box.expectNothingLeft()
    }
  }
}
