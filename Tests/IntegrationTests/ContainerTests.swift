import Foundation
import Testing

/// Encoded files: what other programs read from them.
struct ContainerTests {
  static func project(_ box: Sandbox, fps: String = "24", seconds: Double = 6) throws {
    try box.write("p.json5", CutListTests.project([.init(source: Clips.long, at: 0, from: 0.25, duration: seconds)], fps: fps))
  }

  private func probe(_ path: String) throws -> [String: Any] {
    let text = try Clips.run(
      "ffprobe",
      [
        "-v", "error", "-count_frames", "-select_streams", "v", "-show_streams", "-show_format", "-show_entries",
        "frame=pts,pict_type", "-of", "json", path,
      ])
    return try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
  }

  @Test(arguments: [
    ("out.mp4", "libx264"), ("out.mkv", "libx264"), ("out.mov", "libx264"), ("out.webm", "libvpx-vp9"), ("out.mp4", "libx265"),
    ("out.mkv", "ffv1"), ("out.mov", "mjpeg"), ("out.mkv", "mpeg4"),
  ])
  func aFileThatOthersRead(_ name: String, _ codec: String) throws {
    let box = try Sandbox()
    try Self.project(box)
    var arguments = ["render", "p.json5", "-o", name, "--codec", codec]
    if codec == "libvpx-vp9" { arguments += ["--encoder-option", "deadline=realtime", "--encoder-option", "cpu-used=8"] }
    if codec == "libx265" { arguments += ["--preset", "ultrafast", "--encoder-option", "x265-params=log-level=error"] }
    if codec == "mjpeg" || codec == "mpeg4" { arguments += ["--encoder-option", "b=2M"] }
    try box.render(arguments)
    let json = try probe(box.path(name))
    let stream = try #require((json["streams"] as? [[String: Any]])?.first)
    #expect(stream["nb_read_frames"] as? String == "144")
    #expect(stream["r_frame_rate"] as? String == "24/1")
    #expect(stream["avg_frame_rate"] as? String == "24/1")
    #expect(stream["width"] as? Int == 320 && stream["height"] as? Int == 180)
    if codec != "mjpeg" {
      for tag in ["color_space", "color_transfer", "color_primaries"] { #expect(stream[tag] as? String == "bt709", "\(tag)") }
      #expect(stream["color_range"] as? String == "tv")
    }
    let base = ((stream["time_base"] as? String) ?? "").split(separator: "/").compactMap { Double($0) }
    try #require(base.count == 2)
    let times = ((json["frames"] as? [[String: Any]]) ?? []).compactMap { $0["pts"] as? Int }.map {
      Double($0) * base[0] / base[1]
    }
    try #require(times.count == 144)
    let worst = times.enumerated().map { abs($0.element - Double($0.offset) / 24) }.max() ?? 1
    #expect(worst <= base[0] / base[1] / 2 + 1e-9, "a time is off by \(worst) s")
    let duration = Double(((json["format"] as? [String: Any])?["duration"] as? String) ?? "") ?? 0
    #expect(abs(duration - 6) < 0.045, "duration \(duration)")
    let quality = try self.quality(box, name)
    #expect(quality > 27, "PSNR \(quality)")
  }

  private func quality(_ box: Sandbox, _ name: String) throws -> Double {
    try box.render(["render", "p.json5", "-o", "p.y4m", "-y"])
    let raw = try Clips.ffmpeg([
      "-i", box.path(name), "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-vf", "scale=out_range=tv", "-",
    ])
    let bytes = 320 * 180 * 3 / 2
    let frames = stride(from: 0, to: raw.count, by: bytes).map { raw[$0..<min($0 + bytes, raw.count)] }
    let wanted = Y4M(try box.data("p.y4m")).frames
    #expect(frames.count == wanted.count)
    return zip(frames, wanted).map { psnr($0, $1) }.min() ?? 0
  }

  @Test func fractionalRates() throws {
    let box = try Sandbox()
    try Self.project(box, fps: "30000/1001", seconds: 3)
    for name in ["a.mp4", "a.mkv"] {
      try box.render(["render", "p.json5", "-o", name])
      let stream = try #require((try probe(box.path(name))["streams"] as? [[String: Any]])?.first)
      #expect(stream["r_frame_rate"] as? String == "30000/1001")
      #expect(stream["nb_read_frames"] as? String == "90")
    }
  }

  @Test(arguments: ["out.mp4", "out.mkv"]) func theSameBytesWhateverTheWorkers(_ name: String) throws {
    let box = try Sandbox()
    try Self.project(box, seconds: 16)
    var outputs: [Data] = []
    for (encoders, decoders) in [(1, 1), (2, 1), (2, 2), (1, 2)] {
      try box.render(["render", "p.json5", "-o", name, "-y", "--encoders", "\(encoders)", "--decoders", "\(decoders)"])
      outputs.append(try box.data(name))
    }
    #expect(Set(outputs).count == 1)
  }

  @Test func overwritingReplacesInOneStep() throws {
    let box = try Sandbox()
    try Self.project(box, seconds: 1)
    try box.write("out.mp4", "old")
    try box.refuses(["render", "p.json5", "-o", "out.mp4", "--progress", "none"], 73, "out.mp4", "-y")
    #expect(try box.data("out.mp4") == Data("old".utf8))
    try box.render(["render", "p.json5", "-o", "out.mp4", "-y"])
    #expect(try box.data("out.mp4").count > 1000)
  }
}
