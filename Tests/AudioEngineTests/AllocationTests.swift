import CAllocationCounter
import SluiceBase
import Testing

@testable import AudioEngine

#if canImport(Glibc)
import Glibc
#endif

/// A provider that allocates, as one that somebody spoils would.
private final class AllocatingProvider: SampleProvider {
  override func read(at position: Int64, into destination: SampleDestination) -> Int {
    let array = [Float](repeating: 0.5, count: Int(position % 7) + destination.count)
    for channel in 0..<channels { _ = destination[channel].update(fromContentsOf: array.prefix(destination.count)) }
    return destination.count
  }
}

@Suite struct AllocationTests {
  @Test func theCounterCountsEveryKindOfAllocation() throws {
    try #require(sluice_allocations_are_counted())
    func counted(_ body: () -> UnsafeMutableRawPointer?) -> UInt64 {
      let before = sluice_allocation_count()
      let memory = body()
      let after = sluice_allocation_count()
      free(memory)
      return after - before
    }
    #expect(counted { malloc(100) } == 1)
    #expect(counted { calloc(3, 100) } == 1)
    #expect(counted { realloc(nil, 100) } == 1)
    #expect(counted { aligned_alloc(64, 128) } == 1)
    #expect(
      counted {
        var out: UnsafeMutableRawPointer?
        posix_memalign(&out, 64, 100)
        return out
      } == 1)
  }

  @Test func noQuantumAllocatesAfterTheFirstSecond() throws {
    let probe = try #require(allocationProbe)
    var bench = AudioBench()
    bench.tracks = 8
    bench.seconds = 0
    bench.offlineSeconds = 3
    bench.allocations = probe
    let report = try bench.run()
    #expect(report.offline.quanta > 1000)
    #expect(report.allocationsAfterFirstSecond == 0)
  }

  @Test func noKindOfNodeAllocates() throws {
    let probe = try #require(allocationProbe)
    let graph = try makeGraph(channels: 6)
    let profiler = RenderProfiler(sampleRate: 48000, allocations: probe)
    let driver = OfflineDriver(graph, profiler: profiler)
    let queue = SampleQueue(channels: 2, capacity: 200_000)
    #expect(queue.write(PlanarBuffer(noise(channels: 2, frames: 150_000))) == 150_000)
    let source = try graph.makeSource(queue)
    source.start(77)
    let panner = try graph.makeStereoPanner()
    try panner.pan.setTargetAtTime(1, .frame(60_000), timeConstant: 0.2)
    let filter = try graph.makeBiquadFilter(.peaking, frequency: 300, q: 2, gain: 9)
    try filter.frequency.exponentialRampToValueAtTime(3000, .seconds(3))
    let delay = try graph.makeDelay(0.01, feedback: 0.5)
    try delay.delayTime.setValueCurveAtTime([0.01, 0.3, 0.02], .frame(48_500), duration: .seconds(1))
    let gain = try graph.makeGain()
    try gain.gain.setCurve(
      ParameterCurve([
        .init(.frame(0), 1), .init(.seconds(1.5), 0.3, .easeInOut), .init(.seconds(2), 0.9, .fade(.equalPower)),
        .init(.seconds(2.5), 0.1, .exponential),
      ]))
    let compressor = try graph.makeDynamicsCompressor()
    let limiter = try graph.makeLimiter()
    let meter = try graph.makeMeter()
    let mixer = try graph.makeMixer()
    let constant = try graph.makeConstantSource(offset: 0.01)
    constant.start(50_001)
    try source.connect(filter).connect(panner).connect(delay).connect(gain).connect(compressor).connect(limiter).connect(mixer)
    try constant.connect(mixer)
    try mixer.connect(meter).connect(graph.destination)
    let block = PlanarBuffer(channels: 6, frames: 1000)
    for _ in 0..<140 { try driver.render(into: block) }
    #expect(profiler.current.quanta > 1000)
    #expect(profiler.current.allocationsAfterFirstSecond == 0)
    #expect(graph.compilations == 1)
  }

  @Test func anAllocationInAQuantumIsNoticed() throws {
    let probe = try #require(allocationProbe)
    let graph = try makeGraph()
    let profiler = RenderProfiler(sampleRate: 48000, allocations: probe)
    let source = try graph.makeSource(AllocatingProvider(channels: 2))
    source.start(0)
    try source.connect(graph.destination)
    let driver = OfflineDriver(graph, profiler: profiler)
    try driver.render(into: PlanarBuffer(channels: 2, frames: 96_000))
    #expect(profiler.current.allocationsAfterFirstSecond >= 300)
  }
}
