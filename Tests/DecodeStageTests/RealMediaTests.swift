import AVBinding
import DecodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing

/// Runs over a folder of real files when SLUICE_MEDIA names one with `video` and `damaged` in it.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SLUICE_MEDIA"] != nil)) struct RealMediaTests {
  private static func files(_ folder: String) -> [String] {
    let root = (ProcessInfo.processInfo.environment["SLUICE_MEDIA"] ?? "") + "/" + folder
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.sorted().map { root + "/" + $0 }
  }

  @Test(arguments: files("video"))
  func realFilesAreReachedExactly(_ path: String) throws {
    let video = try #require(try MediaProbe.probe(path: path).video)
    let frameBytes = video.width * video.height * 3 / 2
    guard (video.frames ?? 300) * Int64(frameBytes) < 900_000_000 else { return }  // it is held in memory here
    let reference = try Media.reference(path, pixelFormat: video.sourceFormat)
    guard Set(reference.times).count == reference.times.count else { return }  // AVI without presentation times
    var dice = Dice(state: 11)
    var wrong: [String] = []
    for round in 0..<24 {
      let threads = 1 + round % 2
      let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + threads + 3)
      var request = DecodeRequest(source: .file(path), step: Rational(1, 30), endFrame: round < 4 ? 12 : 1, threads: threads)
      request.start = (reference.times.last ?? .zero) * Rational(Int64.random(in: 0...1000, using: &dice), 1000)
      try DecodeStream(request: request, provider: provider).run()
      var shown: [Int64: UInt64] = [:]
      for picture in provider.published {
        for frame in picture.first..<(picture.first + picture.count) { shown[frame] = picture.digest }
      }
      for frame in 0..<request.endFrame {
        let time = request.start + Rational(frame) * request.step
        let expected = reference.shown(at: time)
        guard shown[frame] != reference.digests[expected] else { continue }
        let found = shown[frame].flatMap { reference.digests.firstIndex(of: $0) } ?? -1
        wrong.append("\(time.double): \(found) instead of \(expected)")
      }
      #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
      if video.pictureBuffers > 1 { #expect(provider.count(.fallbackFrames) == 0) }
    }
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(6))")
  }

  @Test(arguments: files("damaged") + files("images"))
  func damagedFilesEndCleanly(_ path: String) throws {
    do throws(SluiceError) {
      let info = try MediaProbe.probe(path: path)
      guard let video = info.video else { return }
      for threads in [1, 2] {
        let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + threads + 3)
        let request = DecodeRequest(
          source: .file(path), start: Rational(1, 2), step: Rational(1, 30), endFrame: 120, threads: threads)
        defer { #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)") }
        try DecodeStream(request: request, provider: provider).run()
        #expect(provider.published.map(\.count).reduce(0, +) == 120)
        print(
          path, info.kind, video.width, video.height, video.rotation, video.mirrored, provider.count(.damagedFrames),
          provider.warnings)
      }
    } catch {
      print("refused:", error)
      #expect(error.code != .software)
    }
  }
}
