import SluiceBase
import SystemBase
import Testing

@testable import AudioEngine

@Suite struct MixingTests {
  /// The specification's equations; nil: discrete.
  func speakers(_ i: [Double], _ to: Int) -> [Double]? {
    let h = 0.5.squareRoot()
    switch (i.count, to) {
    case (1, 2): return [i[0], i[0]]
    case (1, 4): return [i[0], i[0], 0, 0]
    case (1, 6): return [0, 0, i[0], 0, 0, 0]
    case (2, 4): return [i[0], i[1], 0, 0]
    case (2, 6): return [i[0], i[1], 0, 0, 0, 0]
    case (4, 6): return [i[0], i[1], 0, 0, i[2], i[3]]
    case (2, 1): return [0.5 * (i[0] + i[1])]
    case (4, 1): return [0.25 * (i[0] + i[1] + i[2] + i[3])]
    case (6, 1): return [h * (i[0] + i[1]) + i[2] + 0.5 * (i[4] + i[5])]
    case (4, 2): return [0.5 * (i[0] + i[2]), 0.5 * (i[1] + i[3])]
    case (6, 2): return [i[0] + h * (i[2] + i[4]), i[1] + h * (i[2] + i[5])]
    case (6, 4): return [i[0] + h * i[2], i[1] + h * i[2], i[4], i[5]]
    default: return nil
    }
  }

  @Test(arguments: 1...6, 1...6) func channelsAreMixedByTheSpecification(_ inputs: Int, _ outputs: Int) throws {
    for interpretation in [ChannelInterpretation.speakers, .discrete] {
      let graph = try makeGraph(channels: outputs)
      try graph.destination.setChannels(outputs, .explicit, interpretation)
      let input = noise(channels: inputs, frames: 200)
      try graph.play(input).connect(graph.destination)
      let output = try render(graph, 200)
      for n in 0..<200 {
        let frame = input.map { Double($0[n]) }
        let expected =
          (interpretation == .speakers ? speakers(frame, outputs) : nil)
          ?? Array((frame + [0, 0, 0, 0, 0]).prefix(outputs))
        for channel in 0..<outputs { #expect((Double(output[channel][n]) - expected[channel]).magnitude < 1e-6) }
      }
    }
  }

  @Test func modesDecideTheNumberOfChannels() throws {
    func peaks(_ mode: ChannelCountMode, _ count: Int) throws -> Int {
      let graph = try makeGraph(channels: 6)
      let mixer = try graph.makeMixer()
      try mixer.setChannels(count, mode, .discrete)
      let meter = try graph.makeMeter()
      try graph.play(noise(channels: 1, frames: 128)).connect(mixer)
      try graph.play(noise(channels: 4, frames: 128)).connect(mixer)
      try mixer.connect(meter).connect(graph.destination)
      _ = try render(graph, 128)
      return meter.reading.peaks.count
    }
    #expect(try peaks(.max, 2) == 4)
    #expect(try peaks(.clampedMax, 2) == 2)
    #expect(try peaks(.explicit, 6) == 6)
  }
}

@Suite struct GraphTests {
  @Test func branchesMeetAndSplitAgain() throws {
    let graph = try makeGraph(channels: 1, buffers: 6)
    let source = try graph.play([[Float](repeating: 1, count: 128)])
    let (a, b, c) = (try graph.makeGain(2), try graph.makeGain(3), try graph.makeGain(5))
    let mixer = try graph.makeMixer()
    try source.connect(a).connect(mixer)
    try source.connect(b).connect(mixer)
    try mixer.connect(c).connect(graph.destination)
    try a.connect(graph.destination)
    #expect(try render(graph, 128)[0].allSatisfy { $0 == 27 })
    graph.disconnect(a, mixer)
    #expect(try render(graph, 128)[0] == [Float](repeating: 0, count: 128))
    graph.reset()
    #expect(try render(graph, 128)[0].allSatisfy { $0 == 17 })
    graph.release(b)
    graph.reset()
    #expect(try render(graph, 128)[0].allSatisfy { $0 == 2 })
    #expect(graph.compilations == 3)
  }

  @Test func nothingConnectedIsSilence() throws {
    let graph = try makeGraph()
    try graph.renderQuantum { quantum in
      #expect(quantum.isSilent && quantum.channels == 2)
      #expect(quantum[1].allSatisfy { $0 == 0 })
    }
  }

  @Test func cyclesAndInputsOfSourcesAreRefused() throws {
    let graph = try makeGraph()
    let (a, b) = (try graph.makeGain(), try graph.makeDelay(0.1))
    try a.connect(b)
    func reason(_ body: () throws(SluiceError) -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return "accepted"
    }
    let cycle = "this connection would close a cycle in the audio graph; use the feedback of a delay node"
    #expect(reason { () throws(SluiceError) in try b.connect(a) } == cycle)
    #expect(reason { () throws(SluiceError) in try a.connect(a) } == cycle)
    let constant = try graph.makeConstantSource()
    #expect(reason { () throws(SluiceError) in try a.connect(constant) } == "a constant node has no input to connect to")
  }

  /// The same bits however it is pulled, after a seek, and on every machine: the number is a hash of them.
  @Test func outputHasTheSameBitsHoweverItIsPulled() throws {
    func make() throws -> AudioGraph {
      let graph = try makeGraph(channels: 6, each: 20)
      let input = noise(channels: 2, frames: 9000, seed: 7)
      for track in 0..<8 {
        let source = try graph.play(input, at: Int64(track * 333))
        let filter = try graph.makeBiquadFilter(
          BiquadFilterType.allCases[track], frequency: 300 + 900 * Double(track), q: 3, gain: 5)
        if track % 2 == 0 { try filter.frequency.exponentialRampToValueAtTime(5000, .frame(7001)) }
        let gain = try graph.makeGain(0.3)
        try gain.gain.setTargetAtTime(0.1, .frame(3000), timeConstant: 0.02)
        let panner = try graph.makeStereoPanner()
        try panner.pan.setCurve(ParameterCurve([.init(.frame(100), -1), .init(.frame(6000), 1, .easeInOut)]))
        let delay = try graph.makeDelay(0.001 * Double(track * track) + 0.0007, feedback: 0.5)
        try source.connect(filter).connect(gain).connect(panner).connect(delay).connect(graph.destination)
      }
      let (compressor, limiter) = (try graph.makeDynamicsCompressor(), try graph.makeLimiter(ceiling: -6))
      try graph.play(noise(channels: 6, frames: 9000, seed: 8)).connect(compressor).connect(limiter).connect(graph.destination)
      return graph
    }
    let graph = try make()
    let whole = try render(graph, 12000)
    graph.reset()
    #expect(try render(graph, 12000) == whole)
    for block in [1, 37, 128, 1000] { #expect(try render(make(), 12000, block: block) == whole) }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for plane in whole { for sample in plane { hash = (hash ^ UInt64(sample.bitPattern)) &* 0x100_0000_01b3 } }
    #expect(hash == 7_766_679_018_946_604_679)
  }
}

@Suite struct SourceTests {
  @Test func soundStartsAndStopsOnTheExactFrame() throws {
    var g = SeededGenerator(3)
    for _ in 0..<200 {
      let graph = try makeGraph(channels: 1)
      let input = noise(channels: 1, frames: 3000)
      let start = Int.random(in: 0...2000, using: &g), length = Int.random(in: 1...2500, using: &g)
      let offset = Int.random(in: 0...400, using: &g)
      let source = try graph.makeSource(MemoryProvider(PlanarBuffer(input)))
      source.start(Int64(start), offset: Int64(offset))
      source.stop(Int64(start + length))
      try source.connect(graph.destination)
      let output = try render(graph, 5000)[0]
      let expected = (0..<5000).map { n in
        n >= start && n < start + length && n - start + offset < 3000 ? input[0][n - start + offset] : 0
      }
      #expect(output == expected, "from \(start), \(length) frames")
      #expect(source.starvedFrames == 0)
    }
  }

  @Test func aThousandClicksLandOnTheirFrames() throws {
    var g = SeededGenerator(4)
    let graph = try makeGraph(channels: 1, each: 1000)
    let click = MemoryProvider(PlanarBuffer([[1]]))
    var expected = [Float](repeating: 0, count: 480_000)
    for _ in 0..<1000 {
      let frame = Int.random(in: 0..<480_000, using: &g)
      expected[frame] += 1
      let source = try graph.makeSource(click)
      source.start(Int64(frame))
      try source.connect(graph.destination)
    }
    #expect(try render(graph, 480_000)[0] == expected)
  }

  @Test func constantsStartAndStopToo() throws {
    let graph = try makeGraph(channels: 1)
    let source = try graph.makeConstantSource(offset: 0.5)
    source.start(200)
    source.stop(301)
    try source.connect(graph.destination)
    #expect(try render(graph, 600)[0] == (0..<600).map { $0 >= 200 && $0 < 301 ? 0.5 : 0 })
  }

  @Test func loopsGoRoundWithoutAGap() throws {
    let graph = try makeGraph(channels: 1)
    let source = try graph.makeSource(MemoryProvider(PlanarBuffer([(0..<50).map(Float.init)]), loop: true))
    source.start(10, offset: 1_000_003)
    try source.connect(graph.destination)
    #expect(try render(graph, 1000)[0] == (0..<1000).map { $0 < 10 ? 0 : Float(($0 - 10 + 1_000_003) % 50) })
  }

  @Test func queuesHandOverBetweenThreadsInOrder() throws {
    let graph = try makeGraph(channels: 2)
    let queue = SampleQueue(channels: 2, capacity: 1000)
    let total = 100_000
    let writer = WorkThread("queue-writer") {
      let samples = PlanarBuffer([(0..<total).map(Float.init), (0..<total).map { -Float($0) }])
      var done = 0
      while done < total { done += queue.write(samples, from: done, count: min(777, total - done)) }
      queue.finish()
    }
    let source = try graph.makeSource(queue)
    source.start(64)
    try source.connect(graph.destination)
    var heard: [Float] = []
    // The reader waits for what it is about to need, as an offline render does.
    while heard.count < total + 64 {
      while queue.frames == nil && queue.capacity - queue.room < 128 {}
      try graph.renderQuantum { heard += $0[0] }
    }
    writer.join()
    #expect(Array(heard[64..<(64 + total)]) == (0..<total).map(Float.init))
    #expect(source.starvedFrames == 0)
  }

  @Test func whatIsNotThereInTimeIsSilentAndCounted() throws {
    let graph = try makeGraph(channels: 1)
    let queue = SampleQueue(channels: 1, capacity: 1000)
    _ = queue.write(PlanarBuffer([[Float](repeating: 1, count: 100)]))
    let source = try graph.makeSource(queue)
    source.start(0)
    try source.connect(graph.destination)
    #expect(try render(graph, 256)[0].reduce(0, +) == 100)
    #expect(source.starvedFrames == 156)
    // Late samples are of frames that have passed: what is written next is heard where it belongs.
    _ = queue.write(PlanarBuffer([[Float](repeating: 2, count: 300)]))
    #expect(try render(graph, 128)[0].allSatisfy { $0 == 2 })
    #expect(source.starvedFrames == 156)
    queue.finish()
    _ = try render(graph, 256)
    #expect(source.starvedFrames == 156)
  }
}

@Suite struct PoolTests {
  @Test func poolsNeverCreateBeyondTheirSize() throws {
    var g = SeededGenerator(5)
    let graph = try makeGraph(each: 5)
    let before = graph.poolStatistics
    var gains: [GainNode] = []
    var refused = 0
    for _ in 0..<2000 {
      if Bool.random(using: &g) {
        do {
          let node = try graph.makeGain(0.5)
          try node.connect(graph.destination)
          gains.append(node)
        } catch {
          #expect(gains.count == 5)
          refused += 1
        }
      } else if let index = gains.indices.randomElement(using: &g) {
        graph.release(gains.remove(at: index))
      }
      try graph.renderQuantum { _ in }
      let pool = graph.poolStatistics.first { $0.name == "gain" }
      #expect(pool?.created == 5 && pool?.inUse == gains.count && pool?.pooled == 5 - gains.count)
    }
    #expect(refused > 50)
    for (a, b) in zip(before, graph.poolStatistics) { #expect(a.name == b.name && a.created == b.created && a.bytes == b.bytes) }
  }

  @Test func emptyPoolsSayWhatIsMissing() throws {
    let graph = try AudioGraph(AudioGraph.Configuration(buffers: 1, nodes: [.gain: 2]))
    let first = try graph.makeGain()
    try first.connect(graph.makeGain()).connect(graph.destination)
    do {
      _ = try graph.makeGain()
      Issue.record("a third node of two")
    } catch { #expect("\(error)" == "all 2 gain nodes of the audio graph are in use; configure more") }
    do {
      try graph.prepare()
      Issue.record("a chain in one buffer")
    } catch {
      #expect("\(error)" == "the audio graph needs more than its 1 buffers; configure more, or connect less in parallel")
    }
    #expect(graph.poolStatistics[0].inUse == 0)
  }

  /// A sum takes its inputs one after the other.
  @Test func manyTracksShareFewBuffers() throws {
    var bench = AudioBench()
    bench.tracks = 64
    bench.sampleRate = 8000
    let graph = try bench.makeGraph()
    try graph.prepare()
    #expect(graph.poolStatistics[0].peakInUse <= 4)
  }

  @Test func reusedNodesRememberNothing() throws {
    let graph = try makeGraph(channels: 1, each: 1)
    let input = noise(channels: 1, frames: 128)
    var outputs: [[Float]] = []
    for round in 0..<3 {
      graph.reset()
      let delay = try graph.makeDelay(0.001, feedback: 0.9)
      let filter = try graph.makeBiquadFilter(.lowpass, frequency: 100, q: 20)
      let source = try graph.play(input)
      try source.connect(filter).connect(delay).connect(graph.destination)
      if round == 1 { try filter.frequency.linearRampToValueAtTime(1000, .frame(500)) }
      outputs.append(try render(graph, 1280)[0])
      graph.release(source)
      graph.release(filter)
      graph.release(delay)
    }
    #expect(outputs[0] == outputs[2])
    #expect(outputs[0] != outputs[1])
  }
}
