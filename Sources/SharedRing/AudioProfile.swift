/// How an audio engine fares; names after Web Audio's render capacity and playback statistics. Loads are shares of real time.
public struct AudioProfile: Equatable, Sendable {
  /// Quanta of 128 sample frames rendered.
  public var quanta: UInt64 = 0
  /// Time that a quantum took by the time that it lasts.
  public var averageLoad = 0.0
  public var peakLoad = 0.0
  /// Times that the device had nothing to play, and for how long: in real time only.
  public var underruns: UInt64 = 0
  public var underrunSeconds = 0.0
  public var latencySeconds = 0.0
  /// In quanta of an unchanged graph.
  public var allocations: UInt64 = 0
  /// Of the fullest pool: 0 low, 1 medium, 2 high.
  public var poolPressure = 0
  /// LUFS and dBTP of the whole before it was brought to another loudness; nil: not measured.
  public var loudness: Double? = nil
  public var truePeak: Double? = nil
  public init() {}

  /// A count that fits, whatever the number.
  static func whole(_ value: Double) -> UInt64 { value.isFinite ? UInt64(max(0, min(value, 1e18))) : 0 }
}
