import Foundation
import Testing

/// Clips and photographs side by side, against ffmpeg's scale and xstack.
struct GridTests {
  private func reference(_ inputs: [String], filter: String, frames: Int) throws -> [Data] {
    let graph =
      inputs.indices.map {
        "[\($0)]scale=160:90:flags=bicubic+accurate_rnd+full_chroma_int:\(filter),format=yuv420p,settb=1/24,setpts=N[v\($0)]"
      }.joined(separator: ";") + ";" + inputs.indices.map { "[v\($0)]" }.joined()
      + "xstack=inputs=\(inputs.count):layout=0_0|w0_0|0_h0|w0_h0"
    let raw = try Clips.ffmpeg(
      inputs.flatMap { ["-i", $0] } + ["-filter_complex", graph, "-frames:v", "\(frames)", "-f", "rawvideo", "-"])
    let bytes = 320 * 180 * 3 / 2
    return stride(from: 0, to: raw.count, by: bytes).map { raw[$0..<$0 + bytes] }
  }

  @Test func fourClips() throws {
    let box = try Sandbox()
    let clips = [Clips.bframes, Clips.mandelbrot, Clips.openGOP, Clips.bframes]
    let statistics = try box.render(["grid"] + clips + ["-o", "grid.y4m", "--canvas", "320x180", "--fps", "24"])
    let video = Y4M(try box.data("grid.y4m"))
    #expect(video.frames.count == 48)
    let quality = psnr(video.frames, try reference(clips, filter: "out_range=tv", frames: 48))
    #expect(quality > 40, "PSNR \(quality)")
    #expect(statistics["stages", "render", "frames"] == 48)
    #expect(statistics["stages", "render", "bypassedFrames"] == 0)
  }

  @Test func photographsAreDrawnOnce() throws {
    let box = try Sandbox()
    let photographs = [Clips.png, Clips.jpeg, Clips.jpeg, Clips.png]
    let statistics = try box.render(
      ["grid"] + photographs + ["-o", "grid.y4m", "--canvas", "320x180", "--fps", "25", "--duration", "2"])
    let video = Y4M(try box.data("grid.y4m"))
    #expect(video.frames.count == 50)
    #expect(Set(video.frames).count == 1)
    #expect(statistics["stages", "render", "frames"] == 1)
    #expect(statistics["stages", "render", "reusedFrames"] == 49)
    #expect(statistics["stages", "decode", "frames"] == 2)
    let wanted = try reference(photographs, filter: "out_color_matrix=bt709:out_range=tv", frames: 1)
    let quality = psnr([video.frames[0]], wanted)
    #expect(quality > 35, "PSNR \(quality)")
  }

  @Test func theProjectThatAGridPrintsRendersTheSame() throws {
    let box = try Sandbox()
    let arguments = ["grid", Clips.bframes, Clips.png, "--canvas", "320x180", "--gap", "4", "--fps", "24"]
    let printed = try box.sluice(arguments + ["--print-project"])
    #expect(printed.status == 0, "\(printed.errors)")
    try printed.out.write(to: URL(fileURLWithPath: box.path("grid.json")))
    try box.render(arguments + ["-o", "a.y4m"])
    try box.render(["render", "grid.json", "-o", "b.y4m"])
    #expect(try box.data("a.y4m") == box.data("b.y4m"))
    #expect(try box.sluice(["validate", "grid.json"]).status == 0)
  }

  @Test func theSameBytesWhateverTheWorkers() throws {
    let box = try Sandbox()
    let clips = [Clips.bframes, Clips.variableRate, Clips.openGOP, Clips.png]
    var outputs: [Data] = []
    for (renderers, decoders) in [(1, 1), (2, 1), (3, 2), (1, 2)] {
      try box.render(
        ["grid"] + clips + [
          "-o", "grid.y4m", "-y", "--canvas", "320x180", "--fps", "25", "--renderers", "\(renderers)", "--decoders",
          "\(decoders)",
        ])
      outputs.append(try box.data("grid.y4m"))
    }
    #expect(Set(outputs).count == 1)
  }

  /// Photographs one after the other, some of which reach over the border between the parts that encoders share out. Their
  /// times are sums of binary fractions, as programs write them.
  @Test func aSlideShowWithSeveralEncoders() throws {
    let box = try Sandbox()
    let clips = (0..<20).map { i in
      "{ \"source\": \"\(i % 2 == 0 ? "a" : "b")\", \"at\": \((0..<i).reduce(0.0) { sum, _ in sum + 2.7 }), \"duration\": 2.7 }"
    }
    try box.write(
      "slides.json",
      """
      { "canvas": { "width": 320, "height": 180, "fps": 24 }, "sources": { "a": "\(Clips.png)", "b": "\(Clips.jpeg)" },
        "tracks": [ { "kind": "video", "clips": [ \(clips.joined(separator: ",\n")) ] } ] }
      """)
    var outputs: [Data] = []
    for encoders in [1, 2, 4] {
      let arguments = ["render", "slides.json", "-o", "slides.mp4", "-y", "--preset", "ultrafast", "--encoders", "\(encoders)"]
      #expect(try box.render(arguments)["frames"] == 1296)
      outputs.append(try box.data("slides.mp4"))
    }
    #expect(Set(outputs).count == 1)
  }
}
