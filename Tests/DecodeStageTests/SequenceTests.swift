import AVBinding
import DecodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing

@Suite struct SequenceTests {
  /// Pictures 8 to 31, without 11, 12 and 20.
  private static func make(_ folder: String) throws -> String {
    let url = Media.folder.appending(path: folder)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try Media.run(
      "ffmpeg",
      [
        "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=24:d=1", "-start_number", "8", "-pix_fmt", "rgb24",
        url.appending(path: "p%%%03d.png").path,
      ])
    for number in ["011", "012", "020"] { try FileManager.default.removeItem(at: url.appending(path: "p%\(number).png")) }
    try Data().write(to: url.appending(path: "p%9.png"))  // another pattern's
    return url.appending(path: "p%%%03d.png").path
  }

  private static func digests(_ pattern: String) throws -> [Int64: UInt64] {
    var found: [Int64: UInt64] = [:]
    for number in 8...31 as ClosedRange<Int64> where ![11, 12, 20].contains(number) {
      let path = pattern.replacingOccurrences(of: "%%%03d", with: "%0\(number < 10 ? "0" : "")\(number)")
      let request = DecodeRequest(source: .file(path), step: 1, endFrame: 1)
      found[number] = try deliver(request, slotBytes: 1 << 14, slots: 3).digests[0]
    }
    return found
  }

  @Test func filesAreCountedAndThoseMissingAreNamed() throws {
    let pattern = try Self.make("count")
    let key = "{\"sequence\": {\"pattern\": \(json(pattern)), \"first\": 8, \"fps\": \"24000/1001\"}}"
    let info = try MediaProbe.probe(path: key)
    let video = try #require(info.video)
    #expect(info.kind == .video && video.frames == 24 && info.duration == Rational(24 * 1001, 24000))
    #expect(video.averageRate == Rational(24000, 1001) && video.format == PixelFormat(.rgb, depth: 8) && info.fileBytes > 0)
    #expect(info.notes.count == 1 && info.notes[0].contains("p%011.png and 2 more are missing"), "\(info.notes)")
    #expect(MediaInfo(json: info.json) == info)
    for (wrong, words) in [
      ("/nowhere/a%d.png", "/nowhere"), (pattern + "%d", "not exactly one number"), ("/tmp/none%04d.x", "none0008.x"),
    ] {
      let error = #expect(throws: SluiceError.self) {
        try MediaProbe.probe(path: "{\"sequence\": {\"pattern\": \(json(wrong)), \"first\": 8, \"fps\": \"25/1\"}}")
      }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
  }

  @Test func everyPlaceIsReachedInBothDirections() throws {
    let pattern = try Self.make("reach")
    let digests = try Self.digests(pattern)
    func shown(_ number: Int64) -> UInt64? {
      digests[[11, 12].contains(number) ? 10 : number == 20 ? 19 : min(max(number, 8), 31)]
    }
    let source = SourceKey.sequence(SequenceKey(pattern: pattern, first: 8, rate: 24))
    for (from, step) in [(0, 1), (5, 1), (3, 2), (23, -1), (14, -3), (30, -1)] as [(Int64, Int64)] {
      let request = DecodeRequest(
        source: source, start: Rational(from, 24), step: Rational(step, 24), firstFrame: 50, endFrame: 62)
      let result = try deliver(request, slotBytes: 1 << 14, slots: 4, warnings: true)
      for frame in 0..<12 as Range<Int64> {
        #expect(result.digests[50 + frame] == shown(8 + from + frame * step), "\(from) \(step) \(frame)")
      }
    }
    var request = DecodeRequest(source: source, step: Rational(1, 24), endFrame: 3)
    request.number = 13
    #expect(try deliver(request, slotBytes: 1 << 14).digests[0] == digests[21])
  }

  @Test func effectsSeeThePicturesInOrder() throws {
    let pattern = try Self.make("effects")
    let source = SourceKey.sequence(SequenceKey(pattern: pattern, first: 8, rate: 24))
    var whole = DecodeRequest(source: source, step: Rational(1, 24), endFrame: 24)
    whole.effects = chain("tmix=frames=3")
    let all = try deliver(whole, slotBytes: 1 << 14).digests
    var part = whole
    part.start = Rational(15, 24)
    part.warmUp = 2
    part.endFrame = 9
    let some = try deliver(part, slotBytes: 1 << 14).digests
    for frame in 0..<9 as Range<Int64> { #expect(some[frame] == all[15 + frame]) }
  }
}

/// Sources with alpha: the slots carry it.
@Suite struct AlphaTests {
  private static let graph = "testsrc2=s=64x48:r=25:d=1,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='min(255,4*X+N)'"
  private static let files: [(name: String, arguments: [String], format: String, decoder: [String])] = [
    ("alpha.png", ["-pix_fmt", "rgba", "-frames:v", "1"], "gbrap", []),
    ("alpha16.png", ["-pix_fmt", "rgba64be", "-frames:v", "1"], "gbrap16le", []),
    ("prores4444.mov", ["-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le"], "yuva444p10le", []),
    (
      "alpha-vp9.webm", ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-cpu-used", "8", "-g", "8"], "yuva420p",
      ["-c:v", "libvpx-vp9"]
    ),
    (
      "alpha-vp8.webm", ["-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-g", "8"], "yuva420p",
      ["-c:v", "libvpx"]
    ),
    ("animation.mov", ["-c:v", "qtrle", "-pix_fmt", "argb"], "gbrap", []),
    ("alpha.mkv", ["-c:v", "ffv1", "-pix_fmt", "yuva422p"], "yuva422p", []),
  ]

  /// What ffmpeg decodes. RGB is taken apart here, since libswscale itself loses on the way to planes.
  private static func planes(_ path: String, _ decoder: [String], _ format: PixelFormat) throws -> [UInt8] {
    let packed = format.depth > 8 ? "rgba64le" : "rgba"
    let name = format.family == .rgb ? packed : format.description
    let raw = [UInt8](
      try Media.run("ffmpeg", ["-v", "error"] + decoder + ["-i", path, "-pix_fmt", name, "-f", "rawvideo", "-"]))
    guard format.family == .rgb else { return raw }
    let sample = format.bytesPerSample, size = 64 * 48 * 4 * sample
    var planes: [UInt8] = []
    for start in stride(from: 0, to: raw.count, by: size) {
      for component in [1, 2, 0, 3] {
        for pixel in stride(from: start + component * sample, to: start + size, by: 4 * sample) {
          planes += raw[pixel..<(pixel + sample)]
        }
      }
    }
    return planes
  }

  @Test(arguments: files.map(\.name))
  func alphaIsDecodedAsFFmpegDoes(_ name: String) throws {
    let file = try #require(Self.files.first { $0.name == name })
    let path = try Media.make(name, ["-f", "lavfi", "-i", Self.graph] + file.arguments)
    let video = try #require(try MediaProbe.probe(path: path).video)
    #expect(video.format.hasAlpha, "\(video.format)")
    let isStill = name.hasSuffix("png")
    if !name.hasPrefix("prores") { #expect(video.format.description == file.format) }
    let raw = try Self.planes(path, file.decoder, video.format)
    let count = isStill ? 1 : 25
    let size = raw.count / count
    for from in isStill ? [0] : [0, 7, 8, 20] {
      let request = DecodeRequest(source: .file(path), start: Rational(Int64(from), 25), step: Rational(1, 25), endFrame: 5)
      let result = try deliver(request, slotBytes: video.slotBytes, slots: video.pictureBuffers + 4, keepsBytes: true)
      for frame in 0..<(isStill ? 1 : 5) {
        let expected = raw[((from + frame) * size)..<((from + frame + 1) * size)]
        let picture = try #require(result.picture(Int64(frame)))
        let isSame = picture.bytes == Array(expected)
        #expect(isSame, "\(from)+\(frame)")
      }
    }
    // It is no plain surface.
    let bytes = video.format.bytesPerSample
    #expect(Set(raw[(size - 64 * 48 * bytes)..<size]).count > 8)
  }
}
