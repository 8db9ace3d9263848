import AudioEngine
import Foundation
import FrameModel
import SluiceBase
import Testing

@testable import AudioStage

/// What a reader gives: the right samples at the right places, from wherever it begins.
@Suite struct ReaderTests {
  static func read(
    _ path: String, rate: Int = 48000, from second: Rational = .zero, count: Int,
    _ change: (inout SoundSelection) -> Void = { _ in }
  ) throws -> [[Float]] {
    var selection = SoundSelection(.file(path))
    change(&selection)
    let reader = try SoundReader(selection, rate: rate)
    try reader.start(at: second)
    return try read(reader, count)
  }

  static func read(_ reader: SoundReader, _ count: Int) throws -> [[Float]] {
    let buffer = PlanarBuffer(channels: reader.channels, frames: count)
    try reader.read(into: buffer, count: count)
    return (0..<reader.channels).map { buffer.array($0) }
  }

  @Test(arguments: [44100, 48000, 96000, 22050]) func clicksLandOnTheirSample(_ rate: Int) throws {
    var generator = SeededGenerator(UInt64(rate))
    var places: [Int] = []
    var at = 100
    for _ in 0..<1000 {
      at += Int.random(in: 300...1500, using: &generator)
      places.append(at)
    }
    var samples = [Float](repeating: 0, count: at + 1000)
    for place in places { samples[place] = 0.9 }
    let count = samples.count * 48000 / rate
    let out = try Self.read(try Media.wave([samples], rate: rate), count: count)[0]
    for place in places {
      let exact = Double(place) * 48000 / Double(rate)
      let near = Int(exact.rounded(.down))
      let window = (near - 60)...(near + 60)
      let peak = try #require(window.max { out[$0] < out[$1] })
      #expect((Double(peak) - exact).magnitude <= 0.5, "a click of \(rate) Hz at \(place)")
    }
  }

  struct Source: Sendable, CustomTestStringConvertible {
    var rate: Int
    var ending: String
    var arguments: [String] = []
    var speed = Rational.one
    var testDescription: String { "\(rate) Hz \(ending) at speed \(speed)" }
  }

  @Test(arguments: [
    Source(rate: 44100, ending: "flac"), Source(rate: 48000, ending: "flac"), Source(rate: 96000, ending: "wav"),
    Source(rate: 22050, ending: "flac"), Source(rate: 44100, ending: "mka", arguments: ["-c:a", "flac"]),
    Source(rate: 44100, ending: "mka", arguments: ["-c:a", "pcm_s16le"]), Source(rate: 44100, ending: "mp3"),
    Source(rate: 48000, ending: "m4a", arguments: ["-c:a", "alac"]), Source(rate: 44100, ending: "ogg"),
    Source(rate: 44100, ending: "flac", speed: Rational(2)), Source(rate: 48000, ending: "flac", speed: Rational(1, 2)),
    Source(rate: 48000, ending: "flac", speed: Rational(1001, 1000)), Source(rate: 44100, ending: "flac", speed: Rational(-1)),
    Source(rate: 44100, ending: "wav", speed: Rational(-5, 3)),
  ]) func anyPlaceHasTheSameBits(_ source: Source) throws {
    let samples = [noise(source.rate * 4, seed: 3), noise(source.rate * 4, seed: 4)]
    let plain = try Media.wave(samples, rate: source.rate)
    let path = source.ending == "wav" ? plain : try Media.make("n.\(source.ending)", ["-i", plain] + source.arguments)
    var selection = SoundSelection(.file(path))
    (selection.speed, selection.preservesPitch) = (source.speed, false)
    let whole = try SoundReader(selection, rate: 48000)
    let total = 150_000
    let first = source.speed < .zero ? -total : 0
    try whole.start(frame: Int64(first))
    let expected = try Self.read(whole, total)
    #expect(root(expected[0][40000..<60000]) > 0.05)
    var generator = SeededGenerator(9)
    for _ in 0..<12 {
      let at = Int.random(in: 0..<total - 3000, using: &generator)
      let fresh = Bool.random(using: &generator)
      let reader = fresh ? try SoundReader(selection, rate: 48000) : whole
      try reader.start(frame: Int64(first + at))
      let part = try Self.read(reader, 3000)
      #expect(part[0] == Array(expected[0][at..<at + 3000]), "left at \(at)")
      #expect(part[1] == Array(expected[1][at..<at + 3000]), "right at \(at)")
    }
  }

  /// Priming, padding and edit lists: what a lossy codec gives stands where it was.
  @Test(arguments: [
    ["m4a", "aac"], ["mp3", "libmp3lame"], ["ogg", "libvorbis"], ["opus", "libopus"], ["mka", "libopus"], ["mkv", "aac"],
    ["ts", "aac"], ["mka", "ac3"], ["mp4", "libmp3lame"], ["flac", "flac"],
  ]) func codedSoundStandsWhereItWas(_ pair: [String]) throws {
    var samples = [Float](repeating: 0, count: 48000 * 3)
    let burst = sine(1000, 6000, rate: 48000)
    let hum = noise(48000 * 3, seed: 8, level: 0.2)
    for index in samples.indices { samples[index] = hum[index] + (20000..<26000 ~= index ? burst[index - 20000] : 0) }
    let plain = try Media.wave([samples], rate: 48000)
    let path = try Media.make("c.\(pair[0])", ["-i", plain, "-c:a", pair[1], "-b:a", "128k"])
    // What ffmpeg hears: the first sample stands at the file's start.
    let zero = max(.zero, try Self.start(of: path))
    let known = try Self.read(try Media.make("known.wav", ["-i", path, "-c:a", "pcm_f32le"]), count: 100_000)[0]
    let out = try Self.read(path, count: 100_000) { $0.zero = zero }[0]
    #expect(root(zip(known, out).map { $0 - $1 }) < 1e-6)
    // Where the container tells of the encoder's delay, that is where it was.
    if pair != ["mkv", "aac"], pair[0] != "ts", pair[1] != "ac3" { #expect(lag(samples[19000..<24000], out, within: 1500) == 0) }
    // From the middle: what a codec substitutes by chance may differ, its place does not.
    let later = try Self.read(path, from: Rational(1), count: 40000) { $0.zero = zero }[0]
    #expect(lag(known[53000..<57000], Array(repeating: 0, count: 48000) + later, within: 1500) == 0)
    #expect(root(zip(later, known[48000...]).map { $0 - $1 }) < 0.02)
  }

  private static func start(of path: String) throws -> Rational {
    let said = try Media.run("ffmpeg", ["-hide_banner", "-i", path, "-f", "null", "-"])
    let text = try #require(said.split(separator: "start: ").dropFirst().first?.prefix { $0 != "," })
    return Rational(Int64((try #require(Double(text)) * 1_000_000).rounded()), 1_000_000)
  }

  @Test func aGapIsSilence() throws {
    let plain = try Media.wave([noise(48000 * 4)], rate: 48000)
    let path = try Media.make("gap.mka", ["-i", plain, "-af", "aselect='not(between(t,1,2))'", "-c:a", "pcm_f32le"])
    let expected = noise(48000 * 4)
    let out = try Self.read(path, count: 48000 * 4)[0]
    #expect(root(out[49200..<94000]) == 0)
    #expect(Array(out[0..<46000]) == Array(expected[0..<46000]))
    #expect(lag(expected[110_000..<114_000], out, within: 600).magnitude <= 48)
  }

  @Test func aLayoutMayChangeInTheMiddle() throws {
    let tone = sine(500, 48000, rate: 48000)
    let stereo = try Media.make("s.aac", ["-i", try Media.wave([tone, tone], rate: 48000), "-b:a", "192k"])
    let mono = try Media.make("m.aac", ["-i", try Media.wave([tone], rate: 48000), "-b:a", "128k"])
    let path = Media.path("both.aac")
    try (try Data(contentsOf: URL(filePath: stereo)) + (try Data(contentsOf: URL(filePath: mono)))).write(to: URL(filePath: path))
    let out = try Self.read(path, count: 96000)
    #expect(out.count == 2)
    for channel in out {
      #expect((root(channel[10000..<40000]) - 0.3535).magnitude < 0.02)
      #expect((root(channel[60000..<90000]) - 0.3535).magnitude < 0.02)
    }
  }

  @Test func speedWithoutPitchIsResampling() throws {
    let path = try Media.wave([sine(440, 48000 * 4, rate: 48000)], rate: 48000)
    for (speed, heard) in [(Rational(2), 880.0), (Rational(1, 2), 220.0), (Rational(3, 2), 660.0)] {
      let out = try Self.read(path, count: 60000) { ($0.speed, $0.preservesPitch) = (speed, false) }[0]
      #expect((pitch(out[2000..<58000], rate: 48000) - heard).magnitude < 0.01)
      #expect((root(out[2000..<58000]) - 0.35355).magnitude < 0.001)
    }
  }

  @Test(arguments: [Rational(2), Rational(1, 2), Rational(5, 4), Rational(-3, 2)]) func speedWithPitchKeepsIt(_ speed: Rational)
    throws
  {
    let length = 48000 * 6
    let path = try Media.wave([sine(440, length, rate: 48000)], rate: 48000)
    let start = speed < .zero ? Rational(6) : .zero
    let out = try Self.read(path, from: start, count: 96000) { $0.speed = speed }[0]
    #expect((pitch(out[10000..<90000], rate: 48000) - 440).magnitude < 1)
    #expect((root(out[10000..<90000]) - 0.35355).magnitude < 0.02)
    #expect(try Self.read(path, from: start, count: 96000) { $0.speed = speed }[0] == out)
  }

  /// A stretched burst begins where its place is.
  @Test(arguments: [Rational(2), Rational(1, 2), Rational(4, 5)]) func stretchedSoundStandsInItsPlace(_ speed: Rational) throws {
    var samples = [Float](repeating: 0, count: 48000 * 4)
    for (index, value) in noise(4800, seed: 5).enumerated() { samples[96000 + index] = value }
    let path = try Media.wave([samples], rate: 48000)
    let out = try Self.read(path, count: 48000 * 5) { $0.speed = speed }[0]
    let from = Int((Rational(96000) / speed).rounded), to = Int((Rational(100_800) / speed).rounded)
    let energy = out.map { Double($0) * Double($0) }
    let total = energy.reduce(0, +)
    let middle = energy.enumerated().reduce(0.0) { $0 + Double($1.offset) * $1.element } / total
    #expect((middle - Double(from + to) / 2).magnitude < 240, "within 5 ms")
    #expect(energy[max(0, from - 2400)..<to + 2400].reduce(0, +) > 0.97 * total)
  }

  @Test func backwardsIsTheSameReversed() throws {
    let samples = [noise(100_000, seed: 1), noise(100_000, seed: 2)]
    let path = try Media.make("back.flac", ["-i", try Media.wave(samples, rate: 48000), "-sample_fmt", "s16"])
    let forward = try Self.read(path, count: 100_000)
    let back = try Self.read(path, from: Rational(100_000, 48000), count: 100_000) { $0.speed = Rational(-1) }
    for channel in 0..<2 { #expect(back[channel] == forward[channel].reversed()) }
  }

  @Test func loopsBeginAnew() throws {
    let samples = noise(10000)
    let path = try Media.wave([samples], rate: 48000)
    for length in [Rational(10000, 48000), nil] {
      let out = try Self.read(path, count: 35000) { ($0.loops, $0.length) = (true, length) }[0]
      #expect(out == (0..<35000).map { samples[$0 % 10000] })
      let back = try Self.read(path, from: Rational(10000, 48000), count: 25000) {
        ($0.loops, $0.length, $0.speed) = (true, length, Rational(-1))
      }[0]
      #expect(back == (0..<25000).map { samples[9999 - $0 % 10000] })
    }
  }

  @Test func soundOfAFilterGraph() throws {
    let reader = try SoundReader(SoundSelection(.filterGraph("sine=frequency=1000:sample_rate=44100:duration=2")), rate: 48000)
    try reader.start(at: Rational(1, 2))
    let later = try Self.read(reader, 20000)[0]
    try reader.start(at: .zero)
    let out = try Self.read(reader, 60000)[0]
    #expect((pitch(out[1000..<50000], rate: 48000) - 1000).magnitude < 0.1)
    #expect(later == Array(out[24000..<44000]))
    #expect(throws: SluiceError.self) { try SoundReader(SoundSelection(.filterGraph("volume=2")), rate: 48000) }
    #expect(throws: SluiceError.self) { try SoundReader(SoundSelection(.filterGraph("testsrc")), rate: 48000) }
  }

  @Test func aDamagedFileIsToldOnceAndTheRestStandsInItsPlace() throws {
    let samples = sine(300, 48000 * 4, rate: 48000)
    let path = try Media.make("d.flac", ["-i", try Media.wave([samples], rate: 48000), "-sample_fmt", "s16"])
    var data = try Data(contentsOf: URL(filePath: path))
    for index in data.count / 2..<data.count / 2 + 2000 { data[index] = UInt8(truncatingIfNeeded: index &* 7) }
    try data.write(to: URL(filePath: path))
    var draft = Draft(frames: 48000 * 4, channels: 1)
    draft.add(.file(path), at: 0, frames: 48000 * 4)
    var told: [String] = []
    let out = try SoundRenderer(draft.plan, sources: draft.sources, warn: { told.append($0) }).renderAll()[0]
    #expect(told.count == 1)
    #expect(told.first?.hasPrefix("\(path): damaged near ") == true)
    let end = (150_000..<190_000).map { out[$0] - samples[$0] }
    #expect(root(end) < 1e-3)
  }

  @Test func whatCannotBeOpenedIsNamed() throws {
    let picture = try Media.make("p.png", ["-f", "lavfi", "-i", "color=s=16x16", "-frames:v", "1"])
    for (path, word) in [("/nowhere/at-all.wav", "no such file"), (picture, "no such sound stream")] {
      let error = try #require(throws: SluiceError.self) { try SoundReader(SoundSelection(.file(path)), rate: 48000) }
      #expect(error.place == path && error.what.contains(word))
    }
  }
}
