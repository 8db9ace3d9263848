/// How much of the time that a quantum lasts its rendering takes, over an update interval: Web Audio's AudioRenderCapacityEvent, not rounded.
public struct RenderCapacity: Sendable, Equatable {
  /// First frame of the interval.
  public var timestamp: Int64 = 0
  /// Mean and largest rendering time of a quantum divided by its duration; above 1 it cannot keep up.
  public var averageLoad = 0.0
  public var peakLoad = 0.0
  /// Under-runs divided by quanta.
  public var underrunRatio = 0.0
  public init() {}
}

/// What the listener got since the beginning: Web Audio's AudioPlaybackStats. Durations and latencies in seconds.
public struct AudioPlaybackStats: Sendable, Equatable {
  /// Times that the device ran out of sound, and for how long altogether.
  public var underrunEvents = 0
  public var underrunDuration = 0.0
  /// Of all sound played, under-runs included.
  public var totalFramesDuration = 0.0
  /// From the rendering of a frame to its sound.
  public var averageLatency = 0.0
  public var minimumLatency = 0.0
  public var maximumLatency = 0.0
  public init() {}
}

/// Everything the profiler knows.
public struct RenderProfile: Sendable, Equatable {
  /// Of the last whole update interval.
  public var capacity = RenderCapacity()
  /// Since the beginning.
  public var averageLoad = 0.0
  public var peakLoad = 0.0
  public var quanta = 0
  public var playback = AudioPlaybackStats()
  /// Allocations while quanta were rendered, where somebody counts them: all, and those after the first second.
  public var allocations = 0
  public var allocationsAfterFirstSecond = 0
  public var poolPressure = PoolPressure.low
  public init() {}
}
