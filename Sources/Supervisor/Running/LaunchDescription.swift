import CSluice
import SluiceBase

/// A launch file: which workers a run starts and how (launch/schema.json). nil counts follow the machine.
public struct LaunchDescription: Sendable, Equatable {
  public var decoders: Int? = nil
  public var renderers: Int? = nil
  public var encoders: Int? = nil
  public var renderCredit = 2
  public var encodeCredit = 4
  /// Threads of each decode stream.
  public var decodeThreads = 1
  /// Restarts that each worker may have.
  public var restarts = 3
  /// Longest silence of a heart before a worker counts as hung.
  public var deadlineSeconds = 10.0

  public init() {}
}
