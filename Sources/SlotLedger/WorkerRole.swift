/// What a worker does in a run. The numbers that stand for roles between processes are `WorkerRole+Wire.swift`'s alone.
public enum WorkerRole: Sendable, Hashable, CaseIterable {
  case decoder
  case renderer
  /// Takes pictures, and sound where both go into one output.
  case encoder
  /// An encoder that takes the sound alone. Between processes it is an encoder; the supervisor knows what it was started for.
  case soundEncoder
  /// Mixes the sound.
  case audio
  case filter

  /// First part of a worker's name: "sound-encoder" of "sound-encoder-0".
  public var name: String { self == .soundEncoder ? "sound-encoder" : title }

  /// The role in launch files, statistics and messages, which know one kind of encoder.
  public var title: String {
    switch self {
    case .decoder: "decoder"
    case .renderer: "renderer"
    case .encoder, .soundEncoder: "encoder"
    case .audio: "audio"
    case .filter: "filter"
    }
  }

  /// One of the two that make a run's sound: there is one of each.
  public var isOfSound: Bool { self == .soundEncoder || self == .audio }
}
