import Foundation
import Testing

/// `sluice frame`: any frame, by time or number, is the one that decoding from the beginning gives.
struct FrameTests {
  /// Numbers that differ from run to run would hide what fails: a generator with a seed.
  struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 33)
    }
  }

  private func picture(_ box: Sandbox, _ file: String, _ arguments: [String], location: SourceLocation) throws -> Data {
    let result = try box.sluice(["frame", file, "-o", "f.ppm", "-y"] + arguments)
    #expect(result.status == 0 && result.errors == "", "\(arguments): \(result.errors)", sourceLocation: location)
    let data = try box.data("f.ppm")
    return data.suffix(Clips.width * Clips.height * 3)
  }

  /// R'G'B' coded clips, so that the picture file holds exactly what the codec delivered.
  private func check(_ path: String, seed: UInt64, location: SourceLocation = #_sourceLocation) throws {
    let box = try Sandbox()
    let reference = try Reference(path, format: "rgb24", bytes: Clips.width * Clips.height * 3)
    #expect(reference.frames.count > 20 && reference.times.count == reference.frames.count, sourceLocation: location)
    var random = Random(state: seed)
    for position in 0..<10 {
      let number = Int.random(in: 0..<reference.frames.count, using: &random)
      let got: Data
      let wanted: Int
      if position % 2 == 0 {
        wanted = number
        got = try picture(box, path, ["--number", "\(number)"], location: location)
      } else {
        let time = (Double.random(in: 0..<(reference.times.last ?? 0), using: &random) * 1000).rounded() / 1000
        wanted = reference.index(at: time)
        got = try picture(box, path, ["--at", "\(time)"], location: location)
      }
      if got != reference.frames[wanted] {
        Issue.record(
          "position \(position) of \(path): frame \(String(describing: reference.frames.firstIndex(of: got))), wanted \(wanted)",
          sourceLocation: location)
      }
    }
  }

  @Test func bframes() throws { try check(Clips.rgb("b.mp4", ["-g", "12", "-bf", "3"]), seed: 1) }
  @Test func openGOP() throws {
    try check(Clips.rgb("open.mkv", ["-x264-params", "open-gop=1:keyint=12:bframes=3"]), seed: 2)
  }
  @Test func variableRate() throws {
    try check(
      Clips.rgb("vfr.mp4", ["-vsync", "vfr", "-bf", "2"], filter: "select='not(eq(mod(n,5),2))*not(eq(mod(n,7),3))'"), seed: 3)
  }
  @Test func editList() throws {
    let whole = Clips.rgb("whole.mp4", ["-g", "12", "-bf", "2"])
    let path = whole.replacingOccurrences(of: "whole", with: "edit")
    try Clips.ffmpeg(["-ss", "0.4", "-i", whole, "-c", "copy", path])
    try check(path, seed: 4)
  }

  @Test func aFrameOfAProject() throws {
    let box = try Sandbox()
    try box.write("cut.json5", CutListTests.project([.init(source: Clips.bframes, at: 1, from: 0.5, duration: 1)]))
    let reference = try Reference(Clips.bframes)
    for (arguments, number) in [(["--at", "1.5"], 24), (["--number", "30"], 18), (["--at", "36f"], 24)] {
      let result = try box.sluice(["frame", "cut.json5", "-o", "f.png", "-y"] + arguments)
      #expect(result.status == 0 && result.errors == "", "\(result.errors)")
      let got = try Clips.ffmpeg(["-i", box.path("f.png"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
      try reference.frames[number].write(to: URL(fileURLWithPath: box.path("f.yuv")))
      let wanted = try Clips.ffmpeg([
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "320x180", "-i", box.path("f.yuv"), "-vf",
        "scale=in_color_matrix=bt709:in_range=tv:in_h_chr_pos=0:in_v_chr_pos=128:flags=bicubic+accurate_rnd+full_chroma_int",
        "-f", "rawvideo", "-pix_fmt",
        "rgb24", "-",
      ])
      let quality = psnr(got, wanted)
      #expect(quality > 30, "PSNR \(quality)")
    }
    box.expectNothingLeft()
  }

  @Test func pictureFormats() throws {
    let box = try Sandbox()
    for name in ["f.png", "f.jpg", "f.bmp", "f.tiff", "f.ppm", "f.webp"] {
      let result = try box.sluice(["frame", Clips.bframes, "--number", "3", "-o", name])
      #expect(result.status == 0 && result.errors == "", "\(name): \(result.errors)")
      let size = try Clips.run(
        "ffprobe", ["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", box.path(name)])
      #expect(String(decoding: size, as: UTF8.self).hasPrefix("320,180"), "\(name)")
    }
  }

  @Test func outsideOfTheClip() throws {
    let box = try Sandbox()
    try box.refuses(["frame", Clips.bframes, "--number", "48", "-o", "f.png"], 2, "--number 48", "0 to 47", Clips.bframes)
    try box.refuses(["frame", Clips.bframes, "--at", "2", "-o", "f.png"], 2, "--at", "2", Clips.bframes)
    try box.refuses(["frame", Clips.bframes, "--at", "-1", "-o", "f.png"], 2, "--at")
    try box.refuses(["frame", Clips.sound, "--at", "0", "-o", "f.png"], 65, Clips.sound)
    try box.refuses(["frame", Clips.bframes, "--at", "1", "-o", "f.txt"], 2, "f.txt")
    try box.refuses(["frame", Clips.bframes, "-o", "f.png"], 2, "--at")
  }
}
