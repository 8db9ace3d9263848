import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// `sluice bench audio`: many tracks, each a source, biquad, gain, panner and delay, in real time on one thread, and as fast as it goes.
public struct AudioBench: Sendable {
  public var tracks = 64
  public var sampleRate = 48000.0
  /// In real time.
  public var seconds = 60.0
  /// Rendered as fast as it goes; 0: not at all.
  public var offlineSeconds = 60.0
  public var bufferQuanta = 8
  public var allocations: AllocationProbe?

  public struct Report: Sendable {
    public var realtime = RenderProfile()
    public var scheduling = RealtimeDriver.Scheduling.normal(reason: "not run in real time")
    /// Of sound for each second of CPU time, and of the clock.
    public var secondsPerCPUSecond = 0.0
    public var secondsPerSecond = 0.0
    public var offline = RenderProfile()
    /// Largest resident memory of the process so far.
    public var peakResidentBytes = 0
    public var pools: [PoolStatistics] = []
    /// Nil where they are not counted.
    public var allocationsAfterFirstSecond: Int?
  }

  public init() {}

  /// Runs on the calling thread.
  public func run() throws(SluiceError) -> Report {
    var report = Report()
    if offlineSeconds > 0 { try runOffline(&report) }
    if seconds > 0 { try runRealtime(&report) }
    if allocations != nil {
      report.allocationsAfterFirstSecond =
        report.realtime.allocationsAfterFirstSecond + report.offline.allocationsAfterFirstSecond
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    report.peakResidentBytes = usage.ru_maxrss * 1024
    return report
  }

  private func runOffline(_ report: inout Report) throws(SluiceError) {
    let graph = try makeGraph()
    let profiler = RenderProfiler(sampleRate: sampleRate, allocations: allocations)
    let driver = OfflineDriver(graph, profiler: profiler)
    let block = PlanarBuffer(channels: 2, frames: 4096)
    let blocks = Int(offlineSeconds * sampleRate / 4096)
    let (cpu, clock) = (MonotonicClock.threadTime, MonotonicClock.now)
    for _ in 0..<blocks { try driver.render(into: block) }
    let rendered = Double(blocks * 4096) / sampleRate
    report.secondsPerCPUSecond = rendered / (Double(MonotonicClock.threadTime - cpu) / 1e9)
    report.secondsPerSecond = rendered / (Double(MonotonicClock.now - clock) / 1e9)
    report.offline = profiler.current
    report.pools = graph.poolStatistics
  }

  private func runRealtime(_ report: inout Report) throws(SluiceError) {
    let graph = try makeGraph()
    let profiler = RenderProfiler(sampleRate: sampleRate, allocations: allocations)
    let driver = RealtimeDriver(graph, profiler: profiler, bufferQuanta: bufferQuanta)
    report.scheduling = try driver.run(quanta: Int(seconds * sampleRate) / Quantum.frames)
    report.realtime = profiler.current
    report.pools = graph.poolStatistics
  }

  /// Gains move all the time, so that automation is measured too.
  func makeGraph() throws(SluiceError) -> AudioGraph {
    let graph = try AudioGraph(
      AudioGraph.Configuration(
        sampleRate: sampleRate, channels: 2, maximumChannels: 2, buffers: 8,
        nodes: [.source: tracks, .biquad: tracks, .gain: tracks + 1, .panner: tracks, .delay: tracks], maximumDelayTime: 0.5))
    let noise = MemoryProvider(Self.noise(frames: Int(sampleRate) * 2), loop: true)
    let master = try graph.makeGain(1 / Double(tracks).squareRoot())
    for track in 0..<tracks {
      let part = Double(track) / Double(tracks)
      let source = try graph.makeSource(noise)
      source.start(Int64(track * 100), offset: Int64(track * 1009))
      let type = BiquadFilterType.allCases[track % BiquadFilterType.allCases.count]
      let filter = try graph.makeBiquadFilter(type, frequency: 100 + 8000 * part, q: 1, gain: 6)
      let gain = try graph.makeGain(0.5)
      for step in 1...120 { try gain.gain.linearRampToValueAtTime(step % 2 == 0 ? 0.5 : 0.9, .seconds(Double(step))) }
      let panner = try graph.makeStereoPanner(pan: part * 2 - 1)
      let delay = try graph.makeDelay(0.05 + 0.4 * part, feedback: 0.4)
      try source.connect(filter).connect(gain).connect(panner).connect(delay).connect(master)
    }
    try master.connect(graph.destination)
    return graph
  }

  /// The same on every machine.
  private static func noise(frames: Int) -> PlanarBuffer {
    let buffer = PlanarBuffer(channels: 2, frames: frames)
    var state: UInt32 = 1
    for channel in 0..<2 {
      for i in 0..<frames {
        state = state &* 1_664_525 &+ 1_013_904_223
        buffer[channel][i] = Float(Int32(bitPattern: state)) / Float(1 << 31) * 0.5
      }
    }
    return buffer
  }
}
