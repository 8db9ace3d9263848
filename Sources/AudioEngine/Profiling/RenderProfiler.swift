/// Measures quanta. Fed by a driver on the rendering thread, without allocation or lock; `published` may be read from any thread.
public final class RenderProfiler: @unchecked Sendable {
  // Sendable: `profile`, `interval` and `latencySum` belong to the rendering thread; other threads read the atomic words only.
  private let quantumNanoseconds: Double
  private let intervalQuanta: Int
  private let firstSecond: Int
  private let allocations: AllocationProbe?
  private var profile = RenderProfile()
  private var interval = Interval()
  private var loadSum = 0.0
  private var latencySum = 0.0
  private var latencies = 0
  private var allocationsBefore: UInt64 = 0
  private let live = PublishedProfile()

  private struct Interval {
    var quanta = 0
    var loadSum = 0.0
    var peak = 0.0
    var underruns = 0
  }

  /// - Parameters:
  ///   - updateInterval: seconds between publications.
  ///   - allocations: nil where nobody counts them.
  public init(sampleRate: Double, updateInterval: Double = 1, allocations: AllocationProbe? = nil) {
    quantumNanoseconds = Double(Quantum.frames) / sampleRate * 1e9
    intervalQuanta = max(1, Int((updateInterval * sampleRate / Double(Quantum.frames)).rounded()))
    firstSecond = Int((sampleRate / Double(Quantum.frames)).rounded(.up))
    self.allocations = allocations
  }

  /// A quantum is rendered from here on.
  public func begin() { if let allocations { allocationsBefore = allocations.count() } }

  /// It is there.
  /// - Parameters:
  ///   - nanoseconds: that rendering took.
  ///   - latency: seconds until its first frame is heard; nil without a device.
  ///   - underrun: seconds that the device had waited for it.
  public func end(nanoseconds: UInt64, latency: Double? = nil, underrun: Double = 0) {
    if let allocations {
      let made = Int(allocations.count() - allocationsBefore)
      profile.allocations += made
      if profile.quanta >= firstSecond { profile.allocationsAfterFirstSecond += made }
    }
    let load = Double(nanoseconds) / quantumNanoseconds
    profile.quanta += 1
    loadSum += load
    profile.averageLoad = loadSum / Double(profile.quanta)
    profile.peakLoad = max(profile.peakLoad, load)
    interval.quanta += 1
    interval.loadSum += load
    interval.peak = max(interval.peak, load)
    if underrun > 0 {
      interval.underruns += 1
      profile.playback.underrunEvents += 1
      profile.playback.underrunDuration += underrun
    }
    if let latency { add(latency) }
    profile.playback.totalFramesDuration = Double(profile.quanta) * quantumNanoseconds / 1e9 + profile.playback.underrunDuration
    if interval.quanta == intervalQuanta { finishInterval() }
  }

  private func add(_ latency: Double) {
    profile.playback.minimumLatency = latencies == 0 ? latency : min(profile.playback.minimumLatency, latency)
    profile.playback.maximumLatency = max(profile.playback.maximumLatency, latency)
    latencies += 1
    latencySum += latency
    profile.playback.averageLatency = latencySum / Double(latencies)
  }

  private func finishInterval() {
    let quanta = Double(interval.quanta)
    profile.capacity.timestamp = Int64(profile.quanta - interval.quanta) * Int64(Quantum.frames)
    profile.capacity.averageLoad = interval.loadSum / quanta
    profile.capacity.peakLoad = interval.peak
    profile.capacity.underrunRatio = Double(interval.underruns) / quanta
    interval = Interval()
    live.store(profile)
  }

  /// Of the graph's pools; told by the driver when the graph has changed.
  public func setPoolPressure(_ pressure: PoolPressure) { profile.poolPressure = pressure }

  /// Up to the last quantum. Rendering thread, or after it has ended.
  public var current: RenderProfile { profile }
  /// As of the last whole update interval. Any thread; each number is right, together they may be of two intervals.
  public var published: RenderProfile { live.load() }
}
