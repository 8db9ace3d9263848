import AVBinding
import DecodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing

@Suite struct DamageTests {
  private static let clip = [
    "-f", "lavfi", "-i", "testsrc2=s=176x144:r=25:d=4,noise=alls=12:allf=t", "-c:v", "libx264", "-preset", "veryfast", "-g", "25",
  ]

  private func file(_ name: String, _ bytes: Data) throws -> String {
    let url = Media.folder.appending(path: name)
    try bytes.write(to: url)
    return url.path
  }
  private func failure(_ path: String) -> SluiceError? {
    do throws(SluiceError) {
      _ = try MediaProbe.probe(path: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func whatIsNoMediaFileIsRefusedInOneLine() throws {
    let whole = try Data(contentsOf: URL(filePath: try Media.make("damage-source.mp4", Self.clip)))
    let sound = try Media.make("sound.wav", ["-f", "lavfi", "-i", "sine=d=1"])
    let cases: [(path: String, code: ExitCode, text: String)] = [
      ("/nowhere/clip.mp4", .noInput, "/nowhere/clip.mp4: no such file"),
      (try file("empty.mp4", Data()), .badInput, "the file is empty"),
      (try file("text.mp4", Data("just some text, and no more\n".utf8)), .badInput, "not a readable media file"),
      (try file("head.mp4", whole.prefix(2000)), .badInput, "not a readable media file"),
      (Media.folder.path, .badInput, "is a directory"),
    ]
    for (path, code, text) in cases {
      let error = try #require(failure(path))
      #expect(error.code == code)
      #expect(error.description.contains(text), "\(error)")
      #expect(!error.description.contains("\n"))
    }
    #expect(try MediaProbe.probe(path: sound).kind == .audio)
    let provider = FakeProvider(slotBytes: 4096, slots: 1)
    #expect(throws: SluiceError.self) {
      try DecodeStream(request: DecodeRequest(source: .file(sound), step: 1, endFrame: 1), provider: provider).run()
    }
  }

  @Test func anAbsurdSizeIsRefused() throws {
    let path = try Media.make("huge.png", ["-f", "lavfi", "-i", "color=s=16x16:r=1:d=1", "-frames:v", "1"])
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes.replaceSubrange(16..<24, with: [0, 0, 0x60, 0, 0, 0, 0x60, 0])
    var crc: UInt32 = 0xffff_ffff  // of the IHDR chunk
    for byte in bytes[12..<29] {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    crc = ~crc
    bytes.replaceSubrange(29..<33, with: [UInt8(crc >> 24), UInt8(crc >> 16 & 255), UInt8(crc >> 8 & 255), UInt8(crc & 255)])
    let error = try #require(failure(try file("huge2.png", bytes)))
    #expect(error.code == .badInput, "\(error)")
  }

  @Test func aDamagedClipGoesOnWithOneWarning() throws {
    let path = try Media.make("damage-source.ts", Self.clip)
    var bytes = try Data(contentsOf: URL(filePath: path))
    for at in stride(from: bytes.count / 3, to: bytes.count / 3 + 4000, by: 97) { bytes[at] ^= 0x5a }
    let damaged = try file("damaged.ts", bytes)
    let video = try #require(try MediaProbe.probe(path: damaged).video)
    for threads in [1, 2] {
      let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + threads + 3)
      try DecodeStream(
        request: DecodeRequest(source: .file(damaged), step: Rational(1, 25), endFrame: 100, threads: threads), provider: provider
      ).run()
      #expect(provider.published.map(\.count).reduce(0, +) == 100)
      #expect(provider.count(.damagedFrames) > 0)
      #expect(provider.warnings.filter { $0.contains("damaged") }.count == 1)
      #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
    }
  }

  @Test(arguments: ["mp4", "mkv", "ts", "avi", "webm", "mpg", "ogg"])
  func flippedAndMissingBytesNeverCrashOrLeak(_ kind: String) throws {
    let codec = [
      "webm": ["-c:v", "libvpx", "-deadline", "realtime"], "mpg": ["-c:v", "mpeg2video"], "ogg": ["-c:v", "libtheora"],
    ]
    let path = try Media.make(
      "fuzz.\(kind)", ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=2"] + (codec[kind] ?? ["-c:v", "libx264", "-g", "12"]))
    let whole = try Data(contentsOf: URL(filePath: path))
    let slotBytes = (try MediaProbe.probe(path: path).video?.slotBytes ?? 0)
    var dice = Dice(state: 3)
    for round in 0..<25 {
      var bytes = whole
      if round % 2 == 0 { bytes = bytes.prefix(Int.random(in: 1..<whole.count, using: &dice)) }
      for _ in 0..<(round % 5 * 8) {
        bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      let broken = try file("fuzzed.\(kind)", bytes)
      let provider = FakeProvider(slotBytes: slotBytes, slots: 12)
      let request = DecodeRequest(
        source: .file(broken), start: round % 3 == 0 ? Rational(3, 2) : 0, step: Rational(1, 30), endFrame: 80,
        threads: 1 + round % 2)
      do throws(SluiceError) {
        _ = try MediaProbe.probe(path: broken)
        try DecodeStream(request: request, provider: provider).run()
        #expect(provider.published.map(\.count).reduce(0, +) == 80)
      } catch {
        #expect(error.code == .badInput || error.code == .unavailable, "\(error)")
      }
      #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
    }
  }

  @Test func cancellingInTheMiddleLeaksNothing() throws {
    let path = try Media.make("cancel.mp4", Self.clip)
    let video = try #require(try MediaProbe.probe(path: path).video)
    for threads in [1, 2, 4] {
      for after in [1, 5, 40] {
        let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + threads + 3, cancelAfter: after)
        try DecodeStream(
          request: DecodeRequest(source: .file(path), step: Rational(1, 25), endFrame: 100, threads: threads), provider: provider
        ).run()
        #expect(provider.published.count == after)
        #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
      }
    }
  }

  @Test func tooFewSlotsFallBackToPrivateMemory() throws {
    let path = try Media.make("few.mp4", Self.clip)
    let video = try #require(try MediaProbe.probe(path: path).video)
    let provider = FakeProvider(slotBytes: video.slotBytes, slots: 3, credit: 1)
    do throws(SluiceError) {
      try DecodeStream(
        request: DecodeRequest(source: .file(path), step: Rational(1, 25), endFrame: 100), provider: provider
      ).run()
      #expect(provider.published.map(\.count).reduce(0, +) == 100)
    } catch {
      #expect(error.code == .software)
    }
    #expect(provider.count(.buffersCreated) > 0)
    #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
  }

  @Test func aClipAskedBeyondItsEndHoldsItsLastPictureAndSaysSo() throws {
    let path = try Media.make("short.mp4", Self.clip)
    let video = try #require(try MediaProbe.probe(path: path).video)
    for (frames, warnings) in [(101, 0), (130, 1)] {
      let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + 4)
      try DecodeStream(
        request: DecodeRequest(source: .file(path), step: Rational(1, 25), endFrame: Int64(frames)), provider: provider
      ).run()
      #expect(provider.warnings.count == warnings, "\(provider.warnings)")
      #expect(provider.published.count == 100 && provider.published.last?.count == Int64(frames - 99))
    }
  }

  @Test func aSizeThatChangesInMidStreamIsBroughtIntoTheSlots() throws {
    let small = try Media.make("size-a.ts", ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1", "-c:v", "mpeg2video"])
    let large = try Media.make(
      "size-b.ts", ["-f", "lavfi", "-i", "testsrc2=s=192x128:r=25:d=1", "-c:v", "mpeg2video", "-output_ts_offset", "1"])
    let joined = try file("joined.ts", try Data(contentsOf: URL(filePath: small)) + Data(contentsOf: URL(filePath: large)))
    let video = try #require(try MediaProbe.probe(path: joined).video)
    let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + 4)
    try DecodeStream(
      request: DecodeRequest(source: .file(joined), step: Rational(1, 25), endFrame: 50), provider: provider
    ).run()
    #expect(provider.published.map(\.count).reduce(0, +) == 50)
    #expect(provider.published.allSatisfy { $0.description.width == 96 })
    #expect(provider.count(.fallbackFrames) > 20)
    #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
  }
}
