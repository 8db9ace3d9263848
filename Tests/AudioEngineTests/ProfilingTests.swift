import SluiceBase
import Testing

@testable import AudioEngine

@Suite struct ProfilingTests {
  @Test func loadsAreMeasuredPerQuantumAndInterval() {
    // A quantum of 128 frames at 12800 Hz is 10 ms; an interval of 40 ms has four.
    let profiler = RenderProfiler(sampleRate: 12800, updateInterval: 0.04)
    for milliseconds in [1, 2, 3, 6, 4, 4, 4, 4, 9] as [UInt64] {
      profiler.begin()
      profiler.end(nanoseconds: milliseconds * 1_000_000)
    }
    #expect(profiler.published.capacity.averageLoad == 0.4 && profiler.published.capacity.peakLoad == 0.4)
    #expect(profiler.published.capacity.timestamp == 512)
    #expect(profiler.published.quanta == 8)
    #expect((profiler.published.averageLoad - 0.35).magnitude < 1e-12)
    #expect(profiler.current.peakLoad == 0.9 && profiler.current.quanta == 9)
    #expect((profiler.current.playback.totalFramesDuration - 0.09).magnitude < 1e-12)
  }

  @Test func underrunsAndLatenciesAreCounted() {
    let profiler = RenderProfiler(sampleRate: 12800, updateInterval: 0.04)
    for (latency, underrun) in [(0.02, 0.0), (0, 0.005), (0, 0.007), (0.01, 0)] {
      profiler.begin()
      profiler.end(nanoseconds: 0, latency: latency, underrun: underrun)
    }
    let stats = profiler.published.playback
    #expect(stats.underrunEvents == 2 && (stats.underrunDuration - 0.012).magnitude < 1e-12)
    #expect((stats.totalFramesDuration - 0.052).magnitude < 1e-12)
    #expect(stats.minimumLatency == 0 && stats.maximumLatency == 0.02 && (stats.averageLatency - 0.0075).magnitude < 1e-12)
    #expect(profiler.published.capacity.underrunRatio == 0.5)
  }

  @Test func poolsUnderPressureSaySo() {
    #expect(PoolPressure(inUse: 0, of: 0) == .low)
    #expect(PoolPressure(inUse: 4, of: 10) == .low)
    #expect(PoolPressure(inUse: 5, of: 10) == .medium)
    #expect(PoolPressure(inUse: 8, of: 10) == .high)
  }

  @Test func theDevicePlaysOnTheClockAndNoticesWhatIsMissing() {
    // 1000 Hz... a frame is 1 ms: a quantum lasts 128 ms, the buffer holds two.
    var device = NullDevice(sampleRate: 1000, bufferFrames: 256, now: 5_000_000_000)
    #expect(device.nextRoom == 5_128_000_000)
    var (latency, underrun) = device.write(at: 5_130_000_000)
    #expect((latency - 0.126).magnitude < 1e-9 && underrun == 0)
    #expect(device.nextRoom == 5_256_000_000)
    // Due at 5.384, 16 ms late: everything behind it is later too.
    (latency, underrun) = device.write(at: 5_400_000_000)
    #expect(latency == 0 && (underrun - 0.016).magnitude < 1e-9)
    #expect(device.nextRoom == 5_400_000_000)
    (latency, underrun) = device.write(at: 5_400_000_000)
    #expect((latency - 0.128).magnitude < 1e-9 && underrun == 0)
  }

  @Test func realTimeFollowsTheClockAndFeelsRealUnderruns() throws {
    let graph = try makeGraph(channels: 1)
    let constant = try graph.makeConstantSource()
    constant.start(0)
    try constant.connect(graph.destination)
    let profiler = RenderProfiler(sampleRate: 48000, updateInterval: 0.05)
    let driver = RealtimeDriver(graph, profiler: profiler, bufferQuanta: 4)
    let began = MonotonicClock.now
    var heard = 0
    let scheduling = try driver.run(quanta: 100) { _ in
      heard += 1
      // Longer than the 10.7 ms of the buffer.
      if heard == 50 { MonotonicClock.sleep(until: MonotonicClock.now + 60_000_000) }
    }
    #expect(heard == 100 && graph.currentFrame == 12800)
    // 100 quanta last 266 ms, all but the buffer's four of them have been waited for.
    #expect(MonotonicClock.now - began >= 250_000_000)
    let stats = profiler.current.playback
    #expect(stats.underrunEvents >= 1 && stats.underrunDuration >= 0.045)
    #expect(stats.maximumLatency <= 4.0 * 128 / 48000 + 1e-6)
    #expect(profiler.current.peakLoad > 20)
    #expect(profiler.published.quanta > 0)
    if case .normal(let reason) = scheduling { #expect(reason.hasPrefix("SCHED_FIFO is not permitted: ")) }
  }

  @Test func aRunEndsWhenItIsToldTo() throws {
    let graph = try makeGraph(channels: 1)
    let stop = RealtimeDriver.StopSignal()
    let driver = RealtimeDriver(graph, profiler: RenderProfiler(sampleRate: 48000), stop: stop)
    var heard = 0
    try driver.run(quanta: 1_000_000) { _ in
      heard += 1
      if heard == 5 { stop.stop() }
    }
    #expect(heard == 5)
  }

  @Test func graphsMayChangeBetweenQuanta() throws {
    let graph = try makeGraph(channels: 1)
    let constant = try graph.makeConstantSource()
    constant.start(0)
    let driver = RealtimeDriver(graph, profiler: RenderProfiler(sampleRate: 48000))
    var loud = 0
    try driver.run(
      quanta: 6, sink: { if !$0.isSilent { loud += 1 } },
      change: { graph throws(SluiceError) in
        if graph.currentFrame == 256 { try constant.connect(graph.destination) }
        if graph.currentFrame == 512 { graph.disconnect(constant, graph.destination) }
      })
    #expect(loud == 2 && graph.compilations == 3)
  }
}
