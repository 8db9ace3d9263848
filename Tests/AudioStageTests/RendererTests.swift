import AudioEngine
import Foundation
import FrameModel
import Plan
import SluiceBase
import Testing

@testable import AudioStage

/// The mix of a plan.
@Suite struct RendererTests {
  static let left = noise(48000, seed: 21)
  static let right = noise(48000, seed: 22)
  static let stereo = try? Media.wave([left, right], rate: 48000)
  static let mono = try? Media.wave([left], rate: 48000)

  private func source(_ path: String?) throws -> SourceKey { .file(try #require(path)) }

  @Test func aClipBeginsAndEndsOnAnyFrame() throws {
    var draft = Draft(frames: 30001)
    draft.add(try source(Self.stereo), at: 1001, frames: 7003) { $0.start = Rational(500, 48000) }
    draft.add(try source(Self.stereo), at: 8004, frames: 300)
    let out = try draft.render()
    #expect(out[0].count == 30001)
    for (channel, samples) in [Self.left, Self.right].enumerated() {
      #expect(out[channel][0..<1001].allSatisfy { $0 == 0 })
      #expect(Array(out[channel][1001..<8004]) == Array(samples[500..<7503]))
      #expect(Array(out[channel][8004..<8304]) == Array(samples[0..<300]))
      #expect(out[channel][8304...].allSatisfy { $0 == 0 })
    }
  }

  /// A cut through a clip leaves no trace, at another rate and speed either.
  @Test(arguments: [Rational.one, Rational(3, 2), Rational(-1)]) func aCutIsNotHeard(_ speed: Rational) throws {
    let path = try Media.wave([noise(44100 * 2, seed: 4)], rate: 44100)
    func render(_ cuts: [Int64]) throws -> [[Float]] {
      var draft = Draft(frames: 40000, channels: 1)
      for (from, to) in zip([0] + cuts, cuts + [40000]) {
        draft.add(.file(path), at: from, frames: to - from) {
          ($0.speed, $0.preservesPitch) = (speed, false)
          $0.start = (speed < .zero ? Rational(2) : .zero) + Rational(from, 48000) * speed
        }
      }
      return try draft.render()
    }
    #expect(try render([1, 777, 20000, 33333]) == render([]))
  }

  @Test func anyBlockHasTheSameBits() throws {
    var draft = Draft(frames: 60000, tracks: 2)
    draft.add(try source(Self.stereo), at: 100, frames: 47000) {
      $0.effects = [
        .init(.biquad(.lowpass), parameters: [.init("frequency", Animatable.constant(Rational(900)))]),
        .init(
          .delay, parameters: [.init("delayTime", .constant(Rational(1, 10))), .init("feedback", .constant(Rational(1, 2)))]),
        .init(.avfilter("aecho=0.8:0.6:30:0.4")),
      ]
    }
    draft.add(try source(Self.mono), track: 1, at: 5000, frames: 40000) { $0.speed = Rational(4, 5) }
    let all = try draft.render()
    // Whether somebody decodes ahead, too.
    let renderer = SoundRenderer(draft.plan, sources: draft.sources, threads: 3)
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 2 * SoundBlock.frames)
    defer { memory.deallocate() }
    for block in [5, 6, 2, 2, 0, 7] as [Int64] {
      let count = try renderer.render(block: block, into: memory, stride: SoundBlock.frames)
      let from = Int(block) * SoundBlock.frames
      for channel in 0..<2 {
        let part = UnsafeBufferPointer(start: memory + channel * SoundBlock.frames, count: count)
        #expect(Array(part) == Array(all[channel][from..<from + count]))
      }
    }
  }

  @Test func gainsAreDecibelsAndKeysMoveEvenlyInThem() throws {
    var draft = Draft(frames: 48000)
    draft.plan.tracks[0].gain = .constant(Rational(-6))
    draft.add(try source(Self.stereo), at: 0, frames: 48000) {
      // Half a second of the clip lies before the output.
      $0.head = 24000
      $0.gain = .keys([
        .init(time: Rational(1, 2), value: Rational(0)), .init(time: Rational(1), value: Rational(-20)),
        .init(time: Rational(5, 4), value: Rational(-20), ease: .hold),
        .init(time: Rational(3, 2), value: Rational(6), ease: .hold),
      ])
    }
    let out = try draft.render()
    let track = pow(10, -6 / 20.0)
    for (frame, decibels) in [(0, 0.0), (12000, -10), (18000, -15), (30000, -20), (47000, -20)] {
      #expect((Double(out[0][frame]) - Double(Self.left[frame]) * track * pow(10, decibels / 20)).magnitude < 1e-6)
    }
  }

  @Test(arguments: SoundPlan.Curve.allCases) func fadesHaveTheirCurve(_ curve: SoundPlan.Curve) throws {
    let path = try Media.wave([[Float](repeating: 0.5, count: 48000)], rate: 48000)
    var draft = Draft(frames: 40000, channels: 1)
    draft.add(.file(path), at: 1000, frames: 20000) {
      $0.fadeIn = .init(frames: 8000, curve: curve)
      ($0.fadeOut, $0.tail) = (.init(frames: 10000, curve: curve), 5000)
    }
    let out = try draft.render()[0]
    let shape = FadeCurve.allCases[Int(curve.rawValue)]
    for frame in stride(from: 0, to: 20000, by: 500) {
      // The last 5000 frames of the clip are cut off, not moved.
      let gain = shape.fadeIn(Double(frame) / 8000) * shape.fadeOut((Double(frame) - 15000) / 10000)
      #expect((Double(out[1000 + frame]) - 0.5 * gain).magnitude < 1e-6, "\(curve) at \(frame)")
    }
  }

  @Test func aCrossFadeKeepsItsPower() throws {
    let a = try Media.wave([noise(48000, seed: 31)], rate: 48000), b = try Media.wave([noise(48000, seed: 32)], rate: 48000)
    var draft = Draft(frames: 60000, channels: 1)
    draft.add(.file(a), at: 0, frames: 40000) { $0.crossOut = .init(frames: 20000, curve: .equalPower) }
    draft.add(.file(b), at: 20000, frames: 40000) { $0.crossIn = .init(frames: 20000, curve: .equalPower) }
    let out = try draft.render()[0]
    let level = root(out[0..<20000])
    for from in stride(from: 20000, to: 40000, by: 4000) { #expect((root(out[from..<from + 4000]) / level - 1).magnitude < 0.05) }
  }

  @Test func panIsEqualPower() throws {
    for pan in [-1.0, -0.5, 0.25, 1] {
      var draft = Draft(frames: 4000)
      draft.add(try source(Self.mono), at: 0, frames: 4000) { $0.pan = .constant(Rational(Int64(pan * 4), 4)) }
      let out = try draft.render()
      let angle = (pan + 1) / 2 * Double.pi / 2
      for frame in [10, 2000] {
        #expect((Double(out[0][frame]) - Double(Self.left[frame]) * cos(angle)).magnitude < 1e-6)
        #expect((Double(out[1][frame]) - Double(Self.left[frame]) * sin(angle)).magnitude < 1e-6)
      }
    }
    // In the middle a mono source is in both channels as it is.
    var draft = Draft(frames: 4000)
    draft.add(try source(Self.mono), at: 0, frames: 4000)
    #expect(try draft.render() == [Array(Self.left[..<4000]), Array(Self.left[..<4000])])
  }

  @Test func channelsMixByWebAudiosRules() throws {
    let planes = (0..<6).map { noise(4000, seed: UInt64(40 + $0), level: 0.1) }
    let raw = try Media.wave(planes, rate: 48000)
    let path = try Media.make("six.wav", ["-channel_layout", "5.1", "-i", raw, "-c:a", "pcm_f32le"])
    var draft = Draft(frames: 4000)
    draft.add(.file(path), at: 0, frames: 4000)
    let down = try draft.render()
    let half = 0.5.squareRoot()
    for frame in [0, 1234, 3999] {
      let p = planes.map { Double($0[frame]) }
      #expect((Double(down[0][frame]) - (p[0] + half * (p[2] + p[4]))).magnitude < 1e-6)
      #expect((Double(down[1][frame]) - (p[1] + half * (p[2] + p[5]))).magnitude < 1e-6)
    }
    draft.plan.channels = 6
    #expect(try draft.render() == planes)
    var up = Draft(frames: 4000, channels: 6)
    up.add(try source(Self.mono), at: 0, frames: 4000)
    let front = try up.render()
    #expect(front[2] == Array(Self.left[..<4000]) && root(front[0]) == 0)
  }

  /// What looks ahead makes nothing late: a clip through a limiter and a compressor stands where another does.
  @Test func latencyIsMadeUpFor() throws {
    func limited(_ change: (inout Draft) -> Void) throws -> [[Float]] {
      var draft = Draft(frames: 20000, tracks: 2)
      draft.add(try source(Self.stereo), at: 0, frames: 9000)
      change(&draft)
      return try draft.render()
    }
    let quiet: SoundPlan.Effect = .init(.limiter, parameters: [.init("ceiling", .constant(.zero))])
    let plain = try limited { _ in }
    #expect(Array(plain[0][..<9000]) == Array(Self.left[..<9000]))
    #expect(try limited { $0.plan.clips[0].effects = [quiet, quiet] } == plain)
    #expect(try limited { $0.plan.tracks[0].effects = [quiet] } == plain)
    #expect(try limited { $0.plan.tracks[1].effects = [quiet] } == plain)
    // A compressor that does nothing but delay.
    let idle: SoundPlan.Effect = .init(
      .compressor,
      parameters: [.init("ratio", .constant(.one)), .init("threshold", .constant(.zero)), .init("knee", .constant(.zero))])
    let compressed = try limited { $0.plan.clips[0].effects = [idle, quiet] }
    #expect(root(zip(compressed[0], plain[0]).map { $0 - $1 }) < 1e-6)
    // Keys of effects stand where those of others do: the dry share ends at frame 4000, the wet one comes later than this.
    let duck = Animatable.keys([.init(time: .zero, value: .zero), .init(time: Rational(4000, 48000), value: .one, ease: .hold)])
    let late: SoundPlan.Effect = .init(.delay, parameters: [.init("delayTime", .constant(.one)), .init("mix", duck)])
    let ducked = try limited { $0.plan.clips[0].effects = [idle, late, quiet] }
    #expect(root(zip(ducked[0][..<4000], plain[0]).map { $0 - $1 }) < 1e-6)
    #expect(ducked[0][4000...].allSatisfy { $0 == 0 })
  }

  @Test func anEchoRingsOnBehindItsClip() throws {
    var draft = Draft(frames: 40000, channels: 1)
    draft.add(try source(Self.mono), at: 0, frames: 1000) {
      $0.effects = [
        .init(
          .delay,
          parameters: [
            .init("delayTime", .constant(Rational(1, 10))), .init("feedback", .constant(Rational(1, 2))),
            .init("mix", .constant(Rational(1, 4))),
          ])
      ]
    }
    let out = try draft.render()[0]
    for frame in [0, 500, 999] {
      #expect((out[frame] - Self.left[frame] * 0.75).magnitude < 1e-6)
      #expect((out[4800 + frame] - Self.left[frame] * 0.25).magnitude < 1e-6)
      #expect((out[9600 + frame] - Self.left[frame] * 0.125).magnitude < 1e-6)
    }
    #expect(root(out[1000..<4800]) == 0)
    // With a fade-out there is nothing left to be heard.
    draft.plan.clips[0].fadeOut = .init(frames: 100)
    let faded = try draft.render()[0]
    #expect(faded[1000...].allSatisfy { $0 == 0 })
  }

  @Test func aChainOfLibavfilterIsAnEffect() throws {
    func filtered(_ text: String, track: Bool = false) throws -> [[Float]] {
      var draft = Draft(frames: 30000)
      draft.add(try source(Self.stereo), at: 1001, frames: 20000) { if !track { $0.effects = [.init(.avfilter(text))] } }
      if track { draft.plan.tracks[0].effects = [.init(.avfilter(text))] }
      return try draft.render()
    }
    for track in [false, true] {
      let half = try filtered("volume=0.5", track: track)
      #expect(Array(half[1][1001..<21001]) == Self.right[..<20000].map { $0 * 0.5 })
      #expect(half[0][..<1001].allSatisfy { $0 == 0 } && half[0][21001...].allSatisfy { $0 == 0 })
      // What it delays rings on; what it needs to look ahead for is no later.
      let late = try filtered("adelay=100:all=1", track: track)
      #expect(Array(late[0][5801..<25801]) == Array(Self.left[..<20000]))
      // As ffmpeg has it, whatever it needs to look ahead for.
      // (Of a track it sees what is before the clip, too.)
      for text in track ? [] : ["afftdn=nr=20", "dynaudnorm=f=50:g=5", "aecho=0.8:0.6:30:0.4"] {
        let path = try Media.make(
          "f.wav", ["-i", try #require(Self.stereo), "-af", "atrim=end_sample=20000,\(text)", "-c:a", "pcm_f32le"])
        let theirs = try ReaderTests.read(path, count: 19000)[0]
        let ours = try filtered(text, track: track)[0]
        #expect(root(zip(ours[1001..<18001], theirs).map { $0 - $1 }) < 1e-5, "\(text)")
      }
    }
    let error = try #require(throws: SluiceError.self) { try filtered("nosuchfilter") }
    #expect(error.code == .badInput && error.what.contains("nosuchfilter"))
    #expect(throws: SluiceError.self) { try filtered("asplit") }
  }

  /// Every kind, one after another, keyed and not, on clip and track.
  @Test func aChainOfEverything() throws {
    let keyed = Animatable.keys([
      .init(time: .zero, value: Rational(200)), .init(time: Rational(1, 2), value: Rational(4000), ease: .easeInOut),
    ])
    var effects: [SoundPlan.Effect] = SoundPlan.Biquad.allCases.map {
      .init(
        .biquad($0),
        parameters: [
          .init("frequency", keyed), .init("Q", .constant(Rational(1))), .init("gain", .constant(Rational(3))),
          .init("detune", .constant(Rational(50))),
        ])
    }
    effects += [
      .init(.compressor), .init(.avfilter("highpass=f=40")),
      .init(.limiter, parameters: [.init("release", .constant(Rational(1, 20)))]),
      .init(.delay, parameters: [.init("delayTime", .constant(Rational(1, 100))), .init("mix", keyed)]),
      .init(.avfilter("volume=-6dB")),
    ]
    var draft = Draft(frames: 40000)
    draft.plan.tracks[0].effects = effects
    draft.add(try source(Self.stereo), at: 300, frames: 30000) { $0.effects = effects }
    let out = try draft.render()
    #expect(try draft.render() == out)
    let isFinite = out.joined().allSatisfy { $0.isFinite }
    #expect(isFinite)
    #expect(root(out[0][2000..<30000]) > 0)
  }

  @Test func aGroupIsAMixWithinAClip() throws {
    var draft = Draft(frames: 30000, tracks: 3)
    draft.add(try source(Self.mono), at: 2000, frames: 5000) { $0.isGroup = true }
    draft.plan.tracks[1].into = 0
    draft.plan.tracks[2].into = 0
    draft.plan.tracks[2].gain = .constant(Rational(-6))
    draft.add(try source(Self.stereo), track: 1, at: 2000, frames: 3000)
    draft.add(try source(Self.stereo), track: 2, at: 3000, frames: 4000)
    let group = try #require(draft.plan.clips.firstIndex { $0.isGroup })
    draft.plan.tracks[1].into = group
    draft.plan.tracks[2].into = group
    draft.plan.clips[group].gain = .constant(Rational(-20))
    draft.plan.clips[group].effects = [.init(.limiter)]
    let six = pow(10, -6 / 20.0)
    let out = try draft.render()[0]
    for frame in [2000, 2999, 3000, 4500, 4999, 5000, 6999] {
      let first = frame < 5000 ? Double(Self.left[frame - 2000]) : 0
      let second = frame >= 3000 ? Double(Self.left[frame - 3000]) * six : 0
      #expect((Double(out[frame]) - (first + second) * 0.1).magnitude < 1e-6, "frame \(frame)")
    }
    #expect(out[7000...].allSatisfy { $0 == 0 })
    draft.plan.clips[group].effects = [.init(.avfilter("volume=0.5"))]
    let half = try draft.render()[0]
    #expect(zip(half, out).allSatisfy { ($0 - $1 / 2).magnitude < 1e-6 })
  }

  /// Whatever the number of clips: as many readers and buffers as sound together.
  @Test func memoryDependsOnWhatSoundsTogether() throws {
    func statistics(_ clips: Int64) throws -> (open: Int, bytes: Int, pools: [PoolStatistics]) {
      var draft = Draft(frames: clips * 2000, tracks: 2)
      for index in 0..<clips {
        draft.add(try source(Self.stereo), track: Int(index % 2), at: index * 2000, frames: 2100 - (index == clips - 1 ? 100 : 0))
        {
          $0.start = Rational(index % 40, 48)
          $0.effects = [.init(.biquad(.peaking))]
          ($0.speed, $0.preservesPitch) = (Rational(3, 2), false)
        }
      }
      let renderer = SoundRenderer(draft.plan, sources: draft.sources)
      _ = try renderer.renderAll()
      return (renderer.readerStatistics.peakOpen, renderer.readerStatistics.bufferBytes, renderer.poolStatistics)
    }
    let few = try statistics(20), many = try statistics(400)
    #expect(few.open == many.open && many.open <= 3)
    #expect(few.bytes == many.bytes)
    #expect(few.pools.map(\.created) == many.pools.map(\.created))
    #expect(many.pools.filter { $0.name != "mixer" && $0.name != "buffer" }.allSatisfy { $0.inUse == 0 || $0.inUse <= 3 })
  }

  /// The same mix by ffmpeg's filters, at the same rate and at another.
  @Test func aMixIsWhatFfmpegMakesOfIt() throws {
    let other = try Media.wave([noise(88200, seed: 61), noise(88200, seed: 62)], rate: 44100)
    var draft = Draft(frames: 60000, tracks: 2)
    for (index, path) in [try #require(Self.stereo), other].enumerated() {
      draft.add(.file(path), track: index, at: Int64(index) * 4800, frames: 48000) {
        $0.gain = .constant(Rational(-12))
        $0.effects = [
          .init(
            .biquad(.peaking),
            parameters: [
              .init("frequency", .constant(Rational(Int64(500 + 900 * index)))), .init("Q", .constant(Rational(2))),
              .init("gain", .constant(Rational(6))),
            ])
        ]
      }
    }
    let chains = [500, 1400].enumerated().map { index, frequency in
      "[\(index):a]aresample=48000,atrim=end_sample=48000,volume=-12dB:precision=double,"
        + "equalizer=f=\(frequency):t=q:w=2:g=6:precision=f64,adelay=\(index * 100):all=1[a\(index)];"
    }
    let graph = chains.joined() + "[a0][a1]amix=inputs=2:normalize=0,apad=whole_len=60000[o]"
    let theirs = try Media.make(
      "mix.wav", ["-i", try #require(Self.stereo), "-i", other, "-filter_complex", graph, "-map", "[o]", "-c:a", "pcm_f32le"])
    let known = try ReaderTests.read(theirs, count: 60000)
    let out = try draft.render()
    for channel in 0..<2 {
      // What rings behind a clip's end ends there in ffmpeg's graph, and before a file's start its resampler sees a mirror, not silence.
      let quiet = [48000..<49000, 52800..<54000, 4800..<5800]
      let largest =
        out[channel].indices.filter { index in !quiet.contains { $0.contains(index) } }
        .map { (out[channel][$0] - known[channel][$0]).magnitude }.max() ?? 1
      #expect(20 * log10(largest) < -90)
    }
  }

  /// What cannot be reached is said, with what is.
  @Test func aLoudnessThatCannotBeReachedIsTold() throws {
    for (samples, word) in [
      (noise(48000 * 3).map { $0 * 0.5 }, "not -3.0"), (sine(440, 4800, rate: 48000), "shorter than 0.4 s"),
    ] {
      let path = try Media.wave([samples], rate: 48000)
      var draft = Draft(frames: Int64(samples.count), channels: 1)
      draft.add(.file(path), at: 0, frames: Int64(samples.count))
      draft.plan.loudness = -3
      var told: [String] = []
      let renderer = SoundRenderer(draft.plan, sources: draft.sources, warn: { told.append($0) })
      let out = try renderer.renderAll()[0]
      #expect(told.count == 1 && told.first?.contains(word) == true, "\(told)")
      #expect(out.allSatisfy { $0.magnitude <= 1 })
    }
  }

  @Test(arguments: [-14.0, -23.0]) func loudnessIsBroughtToATarget(_ wanted: Double) throws {
    // Loud and soft parts, with peaks that -14 LUFS would push above full scale.
    var samples = noise(48000 * 12, seed: 50, level: 0.05)
    for index in stride(from: 0, to: samples.count, by: 9000) { samples[index] = 0.5 }
    let path = try Media.wave([samples, samples], rate: 48000)
    var draft = Draft(frames: 48000 * 12)
    draft.plan.loudness = wanted
    draft.add(.file(path), at: 0, frames: 48000 * 12)
    let out = try draft.render()
    let said = try Media.run(
      "ffmpeg",
      [
        "-hide_banner", "-i", try Media.wave(out, rate: 48000), "-af", "ebur128=metadata=1:peak=true,ametadata=print", "-f",
        "null", "-",
      ])
    func last(_ key: String) throws -> Double {
      let rest = try #require(said.range(of: key, options: .backwards)?.upperBound)
      return try #require(Double(said[rest...].drop { $0 == " " }.prefix { !$0.isWhitespace }))
    }
    let (loudness, peak) = (try last("lavfi.r128.I="), try last("Peak:"))
    #expect((loudness - wanted).magnitude < 0.1)
    #expect(peak <= -1)
    var silent = Draft(frames: 10000)
    silent.plan.loudness = wanted
    let nothing = try silent.render()[0]
    #expect(nothing.allSatisfy { $0 == 0 })
  }
}
