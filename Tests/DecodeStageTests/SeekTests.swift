import AVBinding
import DecodeStage
import FrameModel
import SystemBase
import Testing

/// A kind of file whose every place must be reached exactly.
struct Sample: Sendable, CustomTestStringConvertible {
  var name: String
  var arguments: [String]
  var pixelFormat = "yuv420p"
  /// Set where the container has no presentation times.
  var rate: Rational?
  /// Made of another sample by stream copy.
  var copyOf: (name: String, arguments: [String])?
  var isDirect = true
  var testDescription: String { name }

  static let moving = ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=6,noise=alls=12:allf=t"]
  static let x264 = ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1"]

  static let all: [Sample] = [
    Sample(name: "h264-closed.mp4", arguments: moving + x264 + ["-x264-params", "keyint=30:bframes=3:b-pyramid=normal:ref=4"]),
    Sample(
      name: "h264-open.mp4",
      arguments: moving + x264 + ["-x264-params", "keyint=20:min-keyint=20:scenecut=0:open-gop=1:bframes=3"]),
    Sample(
      name: "h264-open.mkv",
      arguments: moving + x264 + ["-x264-params", "keyint=20:min-keyint=20:scenecut=0:open-gop=1:bframes=3"]),
    Sample(
      name: "h264-open.ts",
      arguments: moving + x264 + ["-x264-params", "keyint=20:min-keyint=20:scenecut=0:open-gop=1:bframes=3"]),
    Sample(name: "h264-refresh.mp4", arguments: moving + x264 + ["-x264-params", "keyint=30:intra-refresh=1:bframes=0"]),
    Sample(
      name: "h264-vfr.mp4",
      arguments: [
        "-f", "lavfi", "-i", "testsrc2=s=176x144:r=30:d=8,select='not(mod(n*n,7))+lt(mod(n,11),4)'", "-fps_mode", "vfr",
      ] + x264 + ["-g", "24", "-bf", "2"]),
    Sample(
      name: "h264-2997.mkv",
      arguments: ["-f", "lavfi", "-i", "testsrc2=s=176x144:r=30000/1001:d=8"] + x264 + ["-g", "24", "-bf", "2"]),
    Sample(
      name: "h264-edit.mp4", arguments: ["-ss", "2.3"],
      copyOf: ("h264-edit-source.mp4", moving + x264 + ["-g", "50", "-bf", "2"])),
    Sample(
      name: "hevc-open.mp4",
      arguments: moving + [
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
        "log-level=error:keyint=20:min-keyint=20:scenecut=0:open-gop=1:bframes=3:pools=1:frame-threads=1",
      ]),
    Sample(
      name: "hevc-open.ts",
      arguments: moving + [
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
        "log-level=error:keyint=20:min-keyint=20:scenecut=0:open-gop=1:bframes=3:pools=1:frame-threads=1",
      ]),
    Sample(name: "mpeg2.mpg", arguments: moving + ["-c:v", "mpeg2video", "-g", "15", "-bf", "2", "-q:v", "4"]),
    Sample(name: "mpeg2.ts", arguments: moving + ["-c:v", "mpeg2video", "-g", "15", "-bf", "2", "-q:v", "4"]),
    Sample(
      name: "vp9.webm",
      arguments: moving + [
        "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-g", "30",
        "-b:v", "300k",
      ]),
    Sample(
      name: "vp8.webm",
      arguments: moving + [
        "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-g", "30",
        "-b:v", "300k",
      ]),
    Sample(name: "theora.ogg", arguments: moving + ["-c:v", "libtheora", "-g", "16", "-q:v", "5"]),
    Sample(name: "h264.avi", arguments: moving + x264 + ["-g", "30", "-bf", "2"], rate: 25),
    Sample(name: "mpeg4.avi", arguments: moving + ["-c:v", "mpeg4", "-g", "20", "-q:v", "4"]),
    Sample(name: "h264.h264", arguments: moving + x264 + ["-g", "30", "-bf", "2"], rate: 25),
    Sample(name: "mjpeg.mov", arguments: moving + ["-c:v", "mjpeg", "-q:v", "3"], pixelFormat: "yuvj420p"),
    Sample(name: "prores.mov", arguments: moving + ["-c:v", "prores_ks", "-profile:v", "1"], pixelFormat: "yuv422p10le"),
    Sample(name: "ffv1.mkv", arguments: moving + ["-c:v", "ffv1", "-g", "10"]),
    Sample(name: "rgb.mov", arguments: moving + ["-c:v", "qtrle", "-pix_fmt", "rgb24"], pixelFormat: "gbrp", isDirect: false),
    Sample(name: "av1.mkv", arguments: moving + ["-c:v", "libsvtav1", "-preset", "12", "-g", "30"], isDirect: false),
  ]

  private static let ready = Monitor<[String: (String, Media.Reference)]>([:])

  /// The file and what is in it, made once.
  func prepared() throws -> (path: String, reference: Media.Reference) {
    try Self.ready.with { ready in
      if let made = ready[name] { return made }
      let path = try make()
      let made = (path, try Media.reference(path, pixelFormat: pixelFormat, rate: rate))
      ready[name] = made
      return made
    }
  }

  private func make() throws -> String {
    guard let copyOf else { return try Media.make(name, arguments) }
    let source = try Media.make(copyOf.name, copyOf.arguments)
    return try Media.make(name, arguments + ["-i", source, "-c", "copy"])
  }
}

extension Rational: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self.init(value) }
}

/// Positions that are the same in every run.
struct Dice: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 33
  }
}

@Suite struct SeekTests {
  @Test(arguments: Sample.all)
  func everyPlaceIsReachedExactly(_ sample: Sample) throws {
    let (path, reference) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    var dice = Dice(state: 7)
    let end = reference.times.last ?? .zero
    var wrong: [String] = []
    for round in 0..<80 {
      let threads = 1 + round % 2
      let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + threads + 3)
      var request = DecodeRequest(source: .file(path), step: 1, endFrame: 1, threads: threads)
      let expected: Int
      if round % 4 == 3 {
        expected = Int.random(in: 0..<reference.times.count, using: &dice)
        request.number = Int64(expected)
      } else {
        request.start = end * Rational(Int64.random(in: 0...10_000, using: &dice), 10_000)
        expected = reference.shown(at: request.start)
      }
      try DecodeStream(request: request, provider: provider).run()
      let digest = provider.published.last?.digest
      if digest != reference.digests[expected] {
        let found = digest.flatMap { reference.digests.firstIndex(of: $0) } ?? -1
        wrong.append("\(request.number >= 0 ? "number" : "time \(request.start)"): \(found) instead of \(expected)")
      }
      #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
      if sample.isDirect { #expect(provider.count(.fallbackFrames) == 0) }
    }
    #expect(wrong.isEmpty, "\(wrong.count) wrong: \(wrong.prefix(8))")
  }

  @Test(arguments: Sample.all, [1, 2, 4])
  func aWholeFileIsDeliveredInOrder(_ sample: Sample, threads: Int) throws {
    let (path, reference) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + threads + 3)
    let step = Rational(1, 50)
    let frames = (reference.times.last ?? .zero) / step
    let request = DecodeRequest(source: .file(path), step: step, endFrame: frames.floor + 1, threads: threads)
    try DecodeStream(request: request, provider: provider).run()

    var expected: [Int] = []
    for frame in 0..<request.endFrame { expected.append(reference.shown(at: Rational(frame) * step)) }
    var next: Int64 = 0
    var wrong = 0
    for picture in provider.published {
      #expect(picture.first == next)
      next = picture.first + picture.count
      for frame in picture.first..<next where picture.digest != reference.digests[expected[Int(frame)]] { wrong += 1 }
    }
    #expect(wrong == 0)
    #expect(next == request.endFrame)
    #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
    #expect(provider.warnings.isEmpty, "\(provider.warnings)")
    #expect(provider.count(.damagedFrames) == 0)
    if sample.isDirect {
      #expect(provider.count(.fallbackFrames) == 0)
      #expect(provider.count(.copiedBytes) == 0)
      #expect(provider.count(.buffersCreated) == 0)
      #expect(provider.count(.directFrames) == UInt64(provider.published.count))
    } else {
      #expect(provider.count(.directFrames) == 0)
    }
  }
}
