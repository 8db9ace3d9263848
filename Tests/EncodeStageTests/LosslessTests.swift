import Foundation
import FrameModel
import SluiceBase
import Testing

@Suite struct LosslessTests {
  static let formats: [PixelFormat] = [8, 10].flatMap { depth in
    [(1, 1), (1, 0), (0, 0)].map { PixelFormat(.yuv, depth: depth, log2ChromaWidth: $0.0, log2ChromaHeight: $0.1) }
  }

  @Test(arguments: formats, ["yuv4mpegpipe", "rawvideo", "nut"])
  func rawOutputsHoldTheSlotsBytes(format: PixelFormat, muxer: String) throws {
    let folder = TemporaryFolder()
    // 150 is no multiple of 64: rows are padded in the slot. Odd sizes: chroma rounds up.
    for (width, height) in [(150, 98), (151, 99), (128, 64)] {
      let path = folder.path + "/\(width)"
      let done = try encode(
        settings("rawvideo", muxer, width, height, rate: Rational(30000, 1001)), input: format, count: 3, to: path)
      let input = muxer == "rawvideo" ? ["-f", "rawvideo", "-s", "\(width)x\(height)", "-pix_fmt", format.description] : []
      let expected = done.slots.reduce(into: Data()) { $0.append($1.packed()) }
      #expect(try decode(path, pixelFormat: format.description, input: input) == expected)
      #expect(done.releases.areOnce(3))
      #expect(done.counters[.fallbackFrames] == 0)
      #expect(done.counters[.directFrames] == 3)
      let mustPack = muxer == "nut" && width != 128
      #expect(done.counters[.copiedBytes] == (mustPack ? UInt64(expected.count) : 0))
    }
  }

  @Test func y4mHeaderSaysRateAspectSitingAndRange() throws {
    let folder = TemporaryFolder()
    var wanted = settings("rawvideo", "yuv4mpegpipe", rate: Rational(24000, 1001))
    wanted.sampleAspect = Rational(16, 15)
    wanted.color.fullRange = true
    wanted.color.chromaLocation = 1
    let path = folder.path + "/a.y4m"
    _ = try encode(wanted, count: 2, to: path)
    let line = try Data(contentsOf: URL(fileURLWithPath: path)).prefix { $0 != 10 }
    #expect(
      String(decoding: line, as: UTF8.self) == "YUV4MPEG2 W160 H96 F24000:1001 Ip A16:15 C420jpeg XYSCSS=420JPEG XCOLORRANGE=FULL"
    )
    let fields = try probe(path, "color_range,chroma_location,sample_aspect_ratio,r_frame_rate,pix_fmt")
    #expect(fields["color_range"] == "pc")
    #expect(fields["chroma_location"] == "center")
    #expect(fields["sample_aspect_ratio"] == "16:15")
    #expect(fields["r_frame_rate"] == "24000/1001")
  }

  @Test func losslessCodecsGiveTheSlotsBack() throws {
    let folder = TemporaryFolder()
    let gbrp10 = PixelFormat(.rgb, depth: 10)
    let cases: [(String, PixelFormat, [(String, String)], [Int]?)] = [
      ("libx264", .yuv420p, [("qp", "0"), ("preset", "ultrafast")], nil), ("libx264", .yuv420p10, [("qp", "0")], nil),
      ("ffv1", .yuv420p, [], nil), ("ffv1", .yuv420p10, [], nil), ("ffv1", gbrp10, [], [1, 2, 0]),
    ]
    for (codec, format, options, order) in cases {
      let path = folder.path + "/\(codec)\(format).mkv"
      let done = try encode(settings(codec, "matroska", options: options), input: format, count: 8, to: path)
      let expected = done.slots.reduce(into: Data()) { $0.append($1.packed(order: order)) }
      #expect(try decode(path, pixelFormat: format.description) == expected, "\(codec) \(format)")
      #expect(done.counters[.fallbackFrames] == 0)
      #expect(done.counters[.copiedBytes] == 0)
    }
  }

  /// png and its like take other formats; the ffmpeg program converts the same picture for comparison.
  @Test(arguments: [
    (PixelFormat.yuv420p, "rgb24"), (PixelFormat(.rgb, depth: 8), "rgb24"), (PixelFormat(.gray, depth: 8), "gray"),
    (PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1, log2ChromaHeight: 1, alpha: true), "rgba"),
    (PixelFormat(.yuv, depth: 8), "rgb24"), (PixelFormat.yuv420p10, "rgb48be"),
  ])
  func pngLooksLikeTheConversionOfFFmpeg(format: PixelFormat, stored: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a.png"
    let done = try encode(settings("png", "image2pipe"), input: format, count: 1, to: path, smooth: true)
    #expect(try probe(path, "pix_fmt")["pix_fmt"] == stored)
    let raw = folder.path + "/raw"
    try done.slots[0].packed(order: format.family == .rgb ? [1, 2, 0] : nil).write(to: URL(fileURLWithPath: raw))
    let input = ["-f", "rawvideo", "-s", "160x96", "-pix_fmt", format.description]
    let scale =
      "scale=in_color_matrix=bt709:in_h_chr_pos=\(format.log2ChromaWidth == 0 ? -513 : 0):in_v_chr_pos=\(format.log2ChromaHeight == 0 ? -513 : 128):flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
    let theirs = try decode(
      raw, pixelFormat: stored.replacingOccurrences(of: "48be", with: "24"), input: input,
      filter: format.family == .yuv ? scale : nil)
    let ours = try decode(path, pixelFormat: stored.replacingOccurrences(of: "48be", with: "24"))
    #expect(ours.count == theirs.count)
    let worst = zip(ours, theirs).map { abs(Int($0) - Int($1)) }.max()
    #expect((worst ?? 255) <= 2, "\(format): \(worst ?? -1)")
    #expect(done.releases.areOnce(1))
    #expect(done.counters[.copiedBytes] == 0)
  }
}
