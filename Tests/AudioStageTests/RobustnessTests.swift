import AudioEngine
import Foundation
import FrameModel
import Plan
import SluiceBase
import Testing

@testable import AudioStage

/// What no source should be, and some are: absurd speeds, samples that are no numbers, files cut off.
@Suite struct RobustnessTests {
  @Test(arguments: [Rational(1, 20), Rational(1, 256), Rational(1, 100_000), Rational(20), Rational(256)])
  func outsideOfItsRangeThePitchMovesWithTheSpeed(_ speed: Rational) throws {
    let tone = 480 / speed.double
    let isTone = tone >= 10 && tone <= 20000
    let path = try Media.wave([sine(isTone ? tone : 1000, 48000 * 4, rate: 48000)], rate: 48000)
    var selection = SoundSelection(.file(path))
    (selection.speed, selection.loops) = (speed, true)
    let pool = BlockPool()
    let reader = try SoundReader(selection, rate: 48000, pool: pool)
    try reader.start(at: Rational(1))
    let out = try ReaderTests.read(reader, 24000)[0]
    #expect(!out.contains { !$0.isFinite })
    if isTone { #expect((pitch(out[1000..<20000], rate: 48000) - 480).magnitude < 1) }
    // 2048 in, 32 in for the slowest with its output: not what a second of it would take.
    #expect(pool.samples < 2_000_000)
  }

  @Test(arguments: [Rational(1, 16), Rational(16), Rational(-16)]) func atTheEndsOfItsRangeThePitchIsKept(_ speed: Rational)
    throws
  {
    let path = try Media.wave([sine(1000, 48000 * 20, rate: 48000)], rate: 48000)
    var selection = SoundSelection(.file(path))
    (selection.speed, selection.loops) = (speed, true)
    let reader = try SoundReader(selection, rate: 48000)
    try reader.start(at: Rational(2))
    let out = try ReaderTests.read(reader, 48000)[0]
    #expect((pitch(out[10000..<40000], rate: 48000) - 1000).magnitude < 25)
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    var value: Float
    var effect: SoundPlan.Effect.Kind?
    var testDescription: String { "\(value) \(effect.map { "\($0)" } ?? "plain")" }
  }

  @Test(
    arguments: [Float.nan, .infinity, -3e38, 100], [nil, .biquad(.lowpass), .delay, .compressor] as [SoundPlan.Effect.Kind?])
  func aSampleThatIsNoNumberSpoilsNothing(_ value: Float, _ effect: SoundPlan.Effect.Kind?) throws {
    let tone = sine(440, 48000, rate: 48000, level: 0.1)
    var samples = tone
    samples[12000] = value
    func render(_ samples: [Float], _ told: inout [String]) throws -> (sound: [Float], damaged: UInt64) {
      let path = try Media.wave([samples], rate: 48000)
      var draft = Draft(frames: 48000, channels: 1)
      draft.add(.file(path), at: 0, frames: 48000) { if let effect { $0.effects = [SoundPlan.Effect(effect)] } }
      var lines: [String] = []
      let renderer = SoundRenderer(draft.plan, sources: draft.sources, warn: { lines.append($0) })
      let out = try renderer.renderAll()[0]
      told += lines.map { $0.replacing(path, with: "FILE") }
      return (out, renderer.damaged)
    }
    var told: [String] = []
    let clean = try render(tone, &told)
    #expect(told.isEmpty && clean.damaged == 0)
    let out = try render(samples, &told)
    #expect(out.damaged == 1 && told.count == 1)
    #expect(told.first?.hasPrefix("FILE: damaged near 0.") == true && told.first?.contains("1 sample that is not finite") == true)
    // The bound, and what a compressor adds to make up for its work.
    #expect(out.sound.allSatisfy { $0.magnitude <= 64 * 8 })
    #expect(root(zip(clean.sound, out.sound).map { $0 - $1 }[40000...]) < 2e-3)
  }

  @Test func aFilterThatGivesNoNumbersIsNamed() throws {
    let path = try Media.wave([sine(440, 48000, rate: 48000)], rate: 48000)
    var draft = Draft(frames: 48000, channels: 1)
    draft.add(.file(path), at: 0, frames: 48000) { $0.effects = [SoundPlan.Effect(.avfilter("aeval=val(0)/0"))] }
    var told: [String] = []
    let renderer = SoundRenderer(draft.plan, sources: draft.sources, warn: { told.append($0) })
    #expect(try renderer.renderAll()[0].allSatisfy { $0 == 0 })
    #expect(told.count == 1 && told.first?.contains("aeval=val(0)/0") == true && renderer.damaged > 0)
  }

  @Test(arguments: [["wav", "pcm_s16le"], ["mp3", "libmp3lame"], ["flac", "flac"], ["m4a", "aac"], ["mka", "libopus"]])
  func soundThatEndsTooEarlyIsTold(_ kind: [String]) throws {
    let plain = try Media.wave([noise(48000 * 8)], rate: 48000)
    let path = try Media.make("e.\(kind[0])", ["-i", plain, "-c:a", kind[1], "-movflags", "+faststart"])
    let data = try Data(contentsOf: URL(filePath: path))
    for cut in [false, true] {
      if cut { try data.prefix(data.count / 2).write(to: URL(filePath: path)) }
      var draft = Draft(frames: 48000 * 9, channels: 1)
      draft.add(.file(path), at: 0, frames: 48000 * 9)
      var told: [String] = []
      let renderer = SoundRenderer(draft.plan, sources: draft.sources, warn: { told.append($0) })
      _ = try renderer.renderAll()
      #expect(told.count == (cut ? 1 : 0), "\(told)")
      #expect((renderer.damaged > 0) == cut)
      if cut { #expect(told.first?.contains(": ends by ") == true || told.first?.contains(": damaged near ") == true) }
    }
  }
}
