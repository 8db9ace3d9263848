import AVBinding
import DecodeStage
import FrameModel
import SluiceBase
import Testing

/// Backwards, frozen and fast: the pictures are those of a decode from the start.
@Suite struct DirectionTests {
  private static let quick = Sample.all.filter { !["h264-edit.mp4", "hevc-open.ts", "h264-refresh.mp4"].contains($0.name) }

  @Test(arguments: Sample.all)
  func backwardsIsTheSameInReverse(_ sample: Sample) throws {
    let (path, reference) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    var dice = Dice(state: 3)
    let end = reference.times.last ?? .zero
    for round in 0..<10 {
      let step = [Rational(-1, 25), Rational(-1, 50), Rational(-3, 25), Rational(-7, 10)][round % 4]
      var request = DecodeRequest(source: .file(path), step: step, firstFrame: 5, endFrame: 45, threads: 1 + round % 2)
      // The last round goes on before the first picture, the first begins after the last.
      request.start = round == 0 ? end + 1 : end * Rational(Int64.random(in: 0...1000, using: &dice), 1000)
      if round == 9 { request.start = Rational(1, 2) }
      request.startFrame = round % 3 == 2 ? 15 : 5
      request.windowBytes = [4, 9, 1000][round % 3] * video.slotBytes
      let result = try deliver(request, slotBytes: video.slotBytes, slots: 5)
      for frame in request.startFrame..<request.endFrame {
        let time = request.start + Rational(frame - 5) * step
        let expected = reference.shown(at: time)
        if result.digests[frame] != reference.digests[expected] {
          let found = result.digests[frame].flatMap { reference.digests.firstIndex(of: $0) } ?? -1
          Issue.record("round \(round), frame \(frame) at \(time): \(found) instead of \(expected)")
          return
        }
      }
      #expect(result.provider.count(.directFrames) == 0)
    }
  }

  @Test func backwardsKeepsNoMoreThanItMay() throws {
    let sample = try #require(Sample.all.first { $0.name == "h264-closed.mp4" })
    let (path, _) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    var request = DecodeRequest(source: .file(path), start: 5, step: Rational(-1, 25), endFrame: 120)
    request.windowBytes = 6 * video.slotBytes
    let result = try deliver(request, slotBytes: video.slotBytes, slots: 5)
    // Six kept, what the codec holds, the one in work, and one on its way.
    #expect(result.provider.count(.buffersCreated) <= UInt64(6 + video.pictureBuffers + 2))
    #expect(result.published.count == 120)
  }

  @Test(arguments: quick, [Rational(4, 5), Rational(4), Rational(1, 3)])
  func greatStepsAreExact(_ sample: Sample, step: Rational) throws {
    let (path, reference) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    let frames = ((reference.times.last ?? .zero) / step).floor + 1
    let request = DecodeRequest(source: .file(path), start: Rational(1, 7), step: step, endFrame: frames, threads: 2)
    let result = try deliver(request, slotBytes: video.slotBytes, slots: video.pictureBuffers + 5, warnings: true)
    for frame in 0..<frames {
      let expected = reference.shown(at: request.start + Rational(frame) * step)
      #expect(result.digests[frame] == reference.digests[expected], "\(frame)")
    }
  }

  @Test func aFastStreamDoesNotDecodeWhatLiesBetween() throws {
    let sample = try #require(Sample.all.first { $0.name == "h264-closed.mp4" })
    let (path, reference) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    let request = DecodeRequest(source: .file(path), step: 2, endFrame: 3)
    let result = try deliver(request, slotBytes: video.slotBytes, slots: video.pictureBuffers + 5)
    #expect((0..<3).allSatisfy { result.digests[$0] == reference.digests[Int($0) * 50] })
    // Each acquires a slot: those of a group up to the one shown, not those of the whole file.
    #expect(result.provider.acquisitions < 90, "\(result.provider.acquisitions)")
  }

  @Test func zeroHoldsOnePicture() throws {
    let sample = try #require(Sample.all.first { $0.name == "h264-open.mkv" })
    let (path, reference) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    for index in [0, 1, 19, 20, 77, 149] {
      let request = DecodeRequest(source: .file(path), start: reference.times[index], step: 0, firstFrame: 7, endFrame: 500)
      let result = try deliver(request, slotBytes: video.slotBytes, slots: video.pictureBuffers + 4)
      #expect(result.published.map(\.count).reduce(0, +) == 493)
      #expect(Set(result.digests.values) == [reference.digests[index]])
    }
  }
}

@Suite struct DeinterlaceTests {
  private static let made = Result {
    try Media.make(
      "interlaced.mpg",
      [
        "-f", "lavfi", "-i", "testsrc2=s=128x96:r=50:d=4,noise=alls=12:allf=t,tinterlace=interleave_top", "-c:v", "mpeg2video",
        "-flags", "+ilme+ildct", "-top", "1", "-g", "12", "-bf", "2", "-q:v", "3",
      ])
  }
  private static func clip() throws -> String { try made.get() }

  @Test func deinterlacedPicturesAreTheSameWhereverTheStreamBegins() throws {
    let path = try Self.clip()
    let video = try #require(try MediaProbe.probe(path: path).video)
    #expect(video.interlaced)
    let expected = try filtered(path, "bwdif=mode=send_frame:parity=auto:deint=interlaced", size: (128, 96))
    let plain = try filtered(path, "null", size: (128, 96))
    #expect(expected.count == 100 && zip(expected, plain).allSatisfy { $0 != $1 })
    for (from, step) in [(0, 1), (1, 1), (2, 1), (11, 1), (12, 1), (13, 1), (50, 1), (90, 1), (99, -1), (60, -1), (7, -1)]
      as [(Int64, Int64)]
    {
      for window in [StreamMemory.windowBytes, 1] {
        var request = DecodeRequest(
          source: .file(path), start: Rational(from, 25), step: Rational(step, 25), firstFrame: 0, endFrame: 8)
        request.deinterlace = true
        request.windowBytes = window
        let result = try deliver(request, slotBytes: video.slotBytes)
        for frame in 0..<8 as Range<Int64> {
          #expect(result.digests[frame] == expected[Int(max(from + frame * step, 0))], "\(from) \(step) \(frame)")
        }
        #expect(result.published.allSatisfy { !$0.description.interlaced })
      }
    }
  }

  @Test func progressivePicturesPassUntouched() throws {
    let sample = try #require(Sample.all.first { $0.name == "mpeg2.mpg" })
    let (path, reference) = try sample.prepared()
    let video = try #require(try MediaProbe.probe(path: path).video)
    var request = DecodeRequest(source: .file(path), start: 2, step: Rational(1, 25), endFrame: 10)
    request.deinterlace = true
    let result = try deliver(request, slotBytes: video.slotBytes)
    for frame in 0..<10 as Range<Int64> {
      #expect(result.digests[frame] == reference.digests[reference.shown(at: Rational(2) + Rational(frame, 25))])
    }
  }

  @Test func effectsComeAfterDeinterlacing() throws {
    let path = try Self.clip()
    let video = try #require(try MediaProbe.probe(path: path).video)
    for text in ["gblur=sigma=2", "tmix=frames=2"] {
      let expected = try filtered(path, "bwdif=mode=send_frame:parity=auto:deint=interlaced,\(text)", size: (128, 96))
      var request = DecodeRequest(source: .file(path), start: Rational(40, 25), step: Rational(1, 25), endFrame: 6)
      request.deinterlace = true
      request.effects = chain(text)
      request.warmUp = 4
      let result = try deliver(request, slotBytes: video.slotBytes)
      for frame in 0..<6 as Range<Int64> { #expect(result.digests[frame] == expected[Int(40 + frame)], "\(text) \(frame)") }
    }
  }
}
