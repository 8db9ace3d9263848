import CSluice
import SlotLedger

/// The roles' numbers in HELLO and in ring descriptors (ipc-schema/sluice_ipc.h).
extension WorkerRole {
  /// nil: no role of ours. An encoder of sound says that it is an encoder.
  public init?(wire: UInt32) {
    switch wire {
    case SLUICE_ROLE_DECODER.rawValue: self = .decoder
    case SLUICE_ROLE_RENDERER.rawValue: self = .renderer
    case SLUICE_ROLE_ENCODER.rawValue: self = .encoder
    case SLUICE_ROLE_AUDIO.rawValue: self = .audio
    case SLUICE_ROLE_FILTER.rawValue: self = .filter
    default: return nil
    }
  }

  public var wire: UInt32 {
    switch self {
    case .decoder: SLUICE_ROLE_DECODER.rawValue
    case .renderer: SLUICE_ROLE_RENDERER.rawValue
    case .encoder, .soundEncoder: SLUICE_ROLE_ENCODER.rawValue
    case .audio: SLUICE_ROLE_AUDIO.rawValue
    case .filter: SLUICE_ROLE_FILTER.rawValue
    }
  }
}
