import AVBinding
import DecodeStage
import FrameModel
import SluiceBase
import Testing

@Suite struct StillTests {
  /// What the ffmpeg program makes of the file in the planar format that holds it without loss.
  private static let files: [(name: String, arguments: [String], planar: String, packed: String)] = [
    ("rgb24.png", ["-pix_fmt", "rgb24"], "gbrp", "rgb24"),
    ("rgba.png", ["-vf", "format=rgba,geq=r='X':g='Y':b='X+Y':a='255-X'", "-pix_fmt", "rgba"], "gbrap", "rgba"),
    ("gray.png", ["-pix_fmt", "gray"], "gray", "gray"),
    ("ya8.png", ["-vf", "format=rgba,geq=r='X':g='X':b='X':a='255-X'", "-pix_fmt", "ya8"], "gbrap", "rgba"),
    ("pal8.png", ["-vf", "palettegen", "-pix_fmt", "pal8"], "gbrap", "rgba"),
    ("rgb48.png", ["-pix_fmt", "rgb48be"], "gbrp16le", "rgb48le"),
    ("picture.jpg", ["-pix_fmt", "yuvj422p"], "yuv422p", "yuvj422p"),
    ("picture.webp", ["-c:v", "libwebp", "-pix_fmt", "yuv420p"], "yuv420p", "yuv420p"),
    ("picture.bmp", [], "gbrp", "rgb24"),
    ("picture.ppm", [], "gbrp", "rgb24"),
    ("picture.tga", [], "gbrp", "rgb24"),
  ]

  @Test(arguments: files.map(\.name))
  func imagesAreDecodedOnceWithoutLoss(_ name: String) throws {
    let file = try #require(Self.files.first { $0.name == name })
    let path = try Media.make(
      name, ["-f", "lavfi", "-i", "testsrc2=s=101x67:r=1:d=1", "-frames:v", "1"] + file.arguments)
    let info = try MediaProbe.probe(path: path)
    #expect(info.kind == .image)
    let video = try #require(info.video)
    #expect(video.format.description == file.planar)
    #expect(info.duration == nil && video.frames == 1)

    let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + 4, keepsBytes: true)
    let request = DecodeRequest(
      source: .file(path), start: 3, step: Rational(1, 25), firstFrame: 10, endFrame: 500, startFrame: 20)
    try DecodeStream(request: request, provider: provider).run()
    let picture = try #require(provider.published.first)
    #expect(provider.published.count == 1 && picture.first == 20 && picture.count == 480)
    #expect(provider.warnings.isEmpty)
    #expect(provider.drain() && provider.mistakes.isEmpty)

    // Taken apart from the packed picture here, since libswscale itself may lose on the way to planes.
    let packed = [UInt8](
      try Media.run("ffmpeg", ["-v", "error", "-i", path, "-pix_fmt", file.packed, "-frames:v", "1", "-f", "rawvideo", "-"]))
    let components = video.format.family == .rgb ? video.format.planeCount : 1
    let bytes = video.format.bytesPerSample
    var planes = [[UInt8]](repeating: [], count: components)
    if components == 1 {
      planes[0] = packed
    } else {
      for at in stride(from: 0, to: packed.count, by: bytes) { planes[at / bytes % components] += packed[at..<(at + bytes)] }
      planes = [1, 2, 0, 3].prefix(components).map { planes[$0] }
    }
    #expect(picture.bytes == planes.flatMap { $0 })
  }

  @Test func aFilterGraphDeliversItsPictures() throws {
    let info = try MediaProbe.probe(path: "lavfi:testsrc2=s=64x48:r=10,settb=1/1000")
    let video = try #require(info.video)
    #expect(info.kind == .video && info.duration == nil && video.averageRate == 10 && video.width == 64)
    let provider = FakeProvider(slotBytes: video.slotBytes, slots: 4)
    let request = DecodeRequest(
      source: .filterGraph("testsrc2=s=64x48:r=10,settb=1/1000"), start: 1, step: Rational(1, 20), endFrame: 10)
    try DecodeStream(request: request, provider: provider).run()
    #expect(provider.published.map(\.count) == [2, 2, 2, 2, 2])
    #expect(provider.published.first?.description.pts == 1)
    #expect(Set(provider.published.map(\.digest)).count == 5)
    #expect(provider.count(.fallbackFrames) == 5 && provider.drain() && provider.mistakes.isEmpty)
  }

  @Test func aBadFilterGraphIsReportedInItsOwnWords() {
    for (graph, words) in [("nosuchfilter=3", "nosuchfilter"), ("hflip", "input")] {
      let error = #expect(throws: SluiceError.self) { try MediaProbe.probe(path: "lavfi:\(graph)") }
      #expect(error?.code == .badInput && error?.description.contains(words) == true, "\(String(describing: error))")
    }
  }
}
