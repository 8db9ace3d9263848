import SluiceBase
import Testing

@testable import AudioEngine

#if canImport(Glibc)
import Glibc
#endif

@Suite struct PannerTests {
  func expected(_ input: [[Float]], _ pan: (Int) -> Double) -> [[Double]] {
    var out: [[Double]] = [[], []]
    for n in input[0].indices {
      let p = pan(n)
      if input.count == 1 {
        let x = (p + 1) / 2
        out[0].append(Double(input[0][n]) * Glibc.cos(x * Double.pi / 2))
        out[1].append(Double(input[0][n]) * Glibc.sin(x * Double.pi / 2))
        continue
      }
      let (l, r) = (Double(input[0][n]), Double(input[1][n]))
      let x = p <= 0 ? p + 1 : p
      let (gl, gr) = (Glibc.cos(x * Double.pi / 2), Glibc.sin(x * Double.pi / 2))
      out[0].append(p <= 0 ? l + r * gl : l * gl)
      out[1].append(p <= 0 ? r * gr : r + l * gr)
    }
    return out
  }

  @Test(arguments: [1, 2], [-1, -0.7, 0, 0.31, 1]) func panningIsEqualPower(_ channels: Int, _ pan: Double) throws {
    let graph = try makeGraph()
    let input = noise(channels: channels, frames: 700)
    try graph.play(input).connect(graph.makeStereoPanner(pan: pan)).connect(graph.destination)
    let output = try render(graph, 700)
    let reference = expected(input) { _ in pan }
    for channel in 0..<2 { #expect(difference(output[channel], reference[channel]) < 1e-6) }
  }

  @Test(arguments: [1, 2]) func movingPansAreExactToTheFrame(_ channels: Int) throws {
    let graph = try makeGraph()
    let input = noise(channels: channels, frames: 2000)
    let panner = try graph.makeStereoPanner(pan: -1.5)
    try panner.pan.linearRampToValueAtTime(1.5, .frame(1500))
    try graph.play(input).connect(panner).connect(graph.destination)
    let output = try render(graph, 2000)
    let reference = expected(input) { min(max(-1.5 + 3 * Double(min($0, 1500)) / 1500, -1), 1) }
    for channel in 0..<2 { #expect(difference(output[channel], reference[channel]) < 1e-6) }
  }

  @Test func moreThanTwoChannelsAreMixedDownFirst() throws {
    let graph = try makeGraph()
    let input = noise(channels: 4, frames: 300)
    try graph.play(input).connect(graph.makeStereoPanner(pan: 0.4)).connect(graph.destination)
    let output = try render(graph, 300)
    var down: [[Float]] = []
    for c in 0..<2 { down.append((0..<300).map { (n: Int) -> Float in 0.5 * (input[c][n] + input[c + 2][n]) }) }
    let reference = expected(down) { _ in 0.4 }
    for channel in 0..<2 { #expect(difference(output[channel], reference[channel]) < 1e-6) }
  }
}

@Suite struct DelayTests {
  /// line[n] = x[n] + feedback * y[n]; y[n] = line[n - delay], linear between frames.
  func expected(_ x: [Float], _ delay: (Int) -> Double, _ feedback: Double) -> [Double] {
    var line: [Double] = [], out: [Double] = []
    func at(_ n: Int) -> Double { n < 0 ? 0 : line[n] }
    for n in x.indices {
      let d = feedback == 0 ? delay(n) : max(1, delay(n))
      let whole = Int(d)
      line.append(Double(x[n]))
      let y = at(n - whole) * (1 - (d - Double(whole))) + at(n - whole - 1) * (d - Double(whole))
      line[n] += feedback * y
      out.append(y)
    }
    return out
  }

  @Test(arguments: [0, 0.25, 1, 1.5, 100.25, 127.9, 128, 129.5, 5000.75, 9600], [0, 0.6, -0.4])
  func delaysAreExact(_ frames: Double, _ feedback: Double) throws {
    let graph = try makeGraph(maximumDelay: 0.2)
    let input = noise(channels: 2, frames: 20000).map { $0.map { $0 * 0.4 } }
    try graph.play(input).connect(graph.makeDelay(frames / 48000, feedback: feedback)).connect(graph.destination)
    let output = try render(graph, 24000)
    for channel in 0..<2 {
      let reference = expected(input[channel] + [Float](repeating: 0, count: 4000), { _ in frames }, feedback)
      #expect(difference(output[channel], reference) < 1e-6)
    }
  }

  @Test func movingDelaysAreExactToTheFrame() throws {
    let graph = try makeGraph(channels: 1)
    let delay = try graph.makeDelay(0, feedback: 0.3)
    try delay.delayTime.linearRampToValueAtTime(0.5, .frame(20000))
    let input = noise(channels: 1, frames: 30000).map { $0.map { $0 * 0.5 } }
    try graph.play(input).connect(delay).connect(graph.destination)
    let reference = expected(input[0], { min(24000, 24000 * Double($0) / 20000) }, 0.3)
    #expect(difference(try render(graph, 30000)[0], reference) < 1e-6)
  }

  @Test func echoesOutliveTheirSourceAndEnd() throws {
    let graph = try makeGraph(channels: 1, maximumDelay: 0.1)
    try graph.play([[1]]).connect(graph.makeDelay(0.1, feedback: 0.5)).connect(graph.destination)
    let output = try render(graph, 48000 * 9)[0]
    for echo in 1...40 { #expect(output[echo * 4800] == Glibc.powf(0.5, Float(echo - 1))) }
    #expect(output.filter { $0 != 0 }.count < 80)
    try graph.renderQuantum { #expect($0.isSilent) }
  }

  @Test func delaysBeyondTheMaximumAreTheMaximum() throws {
    let graph = try makeGraph(channels: 1, maximumDelay: 0.01)
    try graph.play([[1]]).connect(graph.makeDelay(5)).connect(graph.destination)
    #expect(try render(graph, 1000)[0].firstIndex(of: 1) == 480)
    let long = try makeGraph(channels: 1, maximumDelay: 1)
    try long.play([[1]]).connect(long.makeDelay(0.5, maximumDelayTime: 0.01)).connect(long.destination)
    #expect(try render(long, 1000)[0].firstIndex(of: 1) == 480)
  }

  /// A short line in a long one's place holds nothing of what was there before.
  @Test func aLineThatIsUsedAgainIsSilent() throws {
    let graph = try makeGraph(channels: 1, each: 1, maximumDelay: 0.2)
    for quanta in [38, 7, 38] {
      let time = Double(quanta * Quantum.frames) / 48000
      let delay = try graph.makeDelay(time, feedback: 0.9, maximumDelayTime: time)
      let source = try graph.play(noise(channels: 1, frames: 3000), at: graph.currentFrame)
      try source.connect(delay).connect(graph.destination)
      let output = try render(graph, quanta * Quantum.frames)[0]
      #expect(!output.contains { $0 != 0 })
      #expect(try render(graph, 20 * Quantum.frames)[0].contains { $0 != 0 })
      graph.release(source)
      graph.release(delay)
    }
  }

  @Test func aDelayOfTwoChannelsMixesDownWhatHasMore() throws {
    let input = noise(channels: 6, frames: 2000).map { $0.map { $0 * 0.1 } }
    let small = try AudioGraph(
      AudioGraph.Configuration(nodes: [.source: 1, .delay: 2], maximumDelayTime: 0.01, delayChannels: 2))
    try small.play(input).connect(small.makeDelay(0.01)).connect(small.destination)
    let whole = try AudioGraph(AudioGraph.Configuration(nodes: [.source: 1, .delay: 1], maximumDelayTime: 0.01))
    try whole.play(input).connect(whole.makeDelay(0.01)).connect(whole.destination)
    let (mixed, later) = (try render(small, 3000), try render(whole, 3000))
    for channel in 0..<2 { #expect(difference(mixed[channel], later[channel].map(Double.init)) < 1e-6) }
    #expect(throws: SluiceError.self) { try small.makeDelay().setChannels(6, .explicit) }
  }
}

@Suite struct DynamicsTests {
  /// A square wave has one level.
  func square(_ level: Float, _ frames: Int) -> [Float] { (0..<frames).map { $0 / 20 % 2 == 0 ? level : -level } }

  /// The specification's curve and makeup gain, the knee a parabola.
  func shaped(_ level: Double, threshold: Double, knee: Double, ratio: Double) -> Double {
    if level < threshold { return level }
    if level > threshold + knee {
      return shaped(threshold + knee - 1e-12, threshold: threshold, knee: knee, ratio: ratio) + (level - threshold - knee) / ratio
    }
    return knee == 0 ? level : level + (1 / ratio - 1) * (level - threshold) * (level - threshold) / (2 * knee)
  }

  @Test(arguments: [(-24.0, 30.0, 12.0), (-20, 0, 4), (-40, 10, 20)])
  func steadyLevelsFollowTheCurve(_ threshold: Double, _ knee: Double, _ ratio: Double) throws {
    for level in stride(from: -50.0, through: 0, by: 5) {
      let graph = try makeGraph(channels: 1)
      let compressor = try graph.makeDynamicsCompressor()
      try compressor.threshold.setValue(threshold)
      try compressor.knee.setValue(knee)
      try compressor.ratio.setValue(ratio)
      try graph.play([square(Float(Glibc.pow(10, level / 20)), 48000)]).connect(compressor).connect(graph.destination)
      let output = try render(graph, 48000)[0]
      let makeup = -0.6 * shaped(0, threshold: threshold, knee: knee, ratio: ratio)
      let expected = shaped(level, threshold: threshold, knee: knee, ratio: ratio) + makeup
      #expect((20 * Glibc.log10(Double(output[47990].magnitude)) - expected).magnitude < 0.02, "\(level) dB")
      #expect((compressor.reduction - (expected - level)).magnitude < 0.02)
    }
  }

  @Test func compressorsAreSixMillisecondsLate() throws {
    let graph = try makeGraph(channels: 1)
    let compressor = try graph.makeDynamicsCompressor()
    try graph.play([[0.01]], at: 500).connect(compressor).connect(graph.destination)
    #expect(try render(graph, 2000)[0].firstIndex { $0 != 0 } == 500 + 288)
    #expect(compressor.latencyFrames == 288)
  }

  @Test func attackAndReleaseTakeTheirTimeForTenDecibels() throws {
    let graph = try makeGraph(channels: 1)
    let compressor = try graph.makeDynamicsCompressor()
    try compressor.knee.setValue(0)
    try compressor.ratio.setValue(20)
    try compressor.threshold.setValue(-60)
    try compressor.attack.setValue(0.05)
    try compressor.release.setValue(0.1)
    // Quiet, loud, quiet: only the gain changes the square's magnitude.
    let input = square(0.0005, 9600) + square(1, 48000) + square(0.0005, 48000)
    try graph.play([input]).connect(compressor).connect(graph.destination)
    let output = try render(graph, input.count)[0].map { 20 * Glibc.log10(Double($0.magnitude)) }
    let start = 9600 + 288
    // Attack: 10 dB of the way to almost nothing (-57 dB); the makeup is in both.
    #expect((output[start + 2400] - (output[start] - 10)).magnitude < 0.2)
    let end = 9600 + 48000 + 288
    // Once the detector is up (2.5 ms) the gain rises by 10 dB in the release time.
    #expect((output[end + 1200 + 4800] - output[end + 1200] - 10).magnitude < 0.05)
  }

  @Test func limitersHoldTheCeilingAndLetTheRestPass() throws {
    let graph = try makeGraph()
    let limiter = try graph.makeLimiter(ceiling: -3)
    var input = noise(channels: 2, frames: 96000)
    for n in 0..<96000 {
      let loud: Float = n < 20000 ? 0.5 : n < 60000 && n / 3000 % 2 == 0 ? 6 : 0.6
      for channel in 0..<2 { input[channel][n] *= loud }
    }
    try graph.play(input).connect(limiter).connect(graph.destination)
    let output = try render(graph, 96000)
    let ceiling = Float(Glibc.pow(10, -3.0 / 20))
    let late = limiter.latencyFrames
    #expect(late == 240)
    for channel in 0..<2 {
      #expect(output[channel].allSatisfy { $0.magnitude <= ceiling })
      // Until the first peak enters the look-ahead every bit is the same, and again when the last is released.
      #expect(Array(output[channel][late..<20000]) == Array(input[channel][..<(20000 - late)]))
    }
    // One gain for both channels, and it moves by less than its look-ahead allows.
    var before = 1.0
    for n in late..<96000 where input[0][n - late].magnitude > 0.1 && input[1][n - late].magnitude > 0.1 {
      let left = Double(output[0][n]) / Double(input[0][n - late])
      #expect((left - Double(output[1][n]) / Double(input[1][n - late])).magnitude < 1e-5)
      #expect(left <= 1.000001)
      before = left
    }
    #expect(before > 0.9)
  }

  @Test func aLonePeakIsMetByASmoothGain() throws {
    let graph = try makeGraph(channels: 1)
    var input = [Float](repeating: 0.25, count: 80000)
    input[5000] = 4
    let limiter = try graph.makeLimiter(ceiling: 0)
    try graph.play([input]).connect(limiter).connect(graph.destination)
    let output = try render(graph, 80000)[0]
    #expect((output[5240] - 1).magnitude < 1e-6)
    for n in 300..<80000 where n != 5240 && n != 5241 {
      #expect((output[n] - output[n - 1]).magnitude <= 0.25 / 240 + 1e-6)
    }
    #expect(output[4999] == 0.25 && output[79999] == 0.25)
  }
}

@Suite struct MeterTests {
  @Test func peaksAndMeansAreThoseOfTheSound() throws {
    let graph = try makeGraph()
    let meter = try graph.makeMeter()
    let tone = (0..<4800).map { Float(0.5 * Glibc.sin(2 * Double.pi * Double($0) / 48)) }
    try graph.play([tone, tone.map { $0 * -0.5 }]).connect(meter).connect(graph.destination)
    let output = try render(graph, 4736)
    #expect(output[0] == Array(tone[..<4736]))
    let reading = meter.reading
    #expect(reading.frames == 4736)
    #expect(reading.peaks == [0.5, 0.25])
    #expect((reading.rms[0] - 0.5 / 2.0.squareRoot()).magnitude < 1e-3)
    #expect((reading.rms[0] / reading.rms[1] - 2).magnitude < 1e-6)
    meter.reset()
    #expect(meter.reading.frames == 0)
  }
}
