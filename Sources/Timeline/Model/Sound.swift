import FrameModel
import Plan

extension Project {
  public enum Channels: String, Sendable, CaseIterable {
    case mono, stereo
    /// L R C LFE Ls Rs.
    case surround = "5.1"

    public var count: Int {
      switch self {
      case .mono: 1
      case .stereo: 2
      case .surround: 6
      }
    }
  }

  /// How loud a sound begins or ends.
  public struct Fade: Hashable, Sendable {
    public var duration: TimeValue
    public var curve: SoundPlan.Curve
    public init(_ duration: TimeValue, curve: SoundPlan.Curve = .linear) {
      self.duration = duration
      self.curve = curve
    }
  }

  /// What is done to the sound of a clip. In this order: effects, gain with fades, pan.
  public struct ClipSound: Hashable, Sendable {
    /// Decibels.
    public var gain = Animatable.zero
    /// -1 left to 1 right.
    public var pan = Animatable.zero
    public var fadeIn: Fade? = nil
    public var fadeOut: Fade? = nil
    public var effects: [SoundPlan.Effect] = []
    /// Number of the stream among the source's streams of sound, from 0; nil: the first.
    public var stream: Int? = nil
    /// Whether the pitch stays the same at speeds other than 1.
    public var preservesPitch = true
    public var isMuted = false
    public init() {}
  }

  /// What is done to the sound of a track. In this order: effects, gain, pan.
  public struct TrackSound: Hashable, Sendable {
    /// Decibels; keys count seconds of the timeline.
    public var gain = Animatable.zero
    public var pan = Animatable.zero
    public var effects: [SoundPlan.Effect] = []
    public var isMuted = false
    /// When any track of the timeline is solo, only solo tracks are heard.
    public var isSolo = false
    public init() {}
  }

  /// Indices of the tracks that are heard: those that are enabled and not muted, and solo if any enabled track is (even a muted one).
  public var heardTracks: [Int] {
    let sounding = tracks.indices.filter { tracks[$0].kind != .subtitles && tracks[$0].enabled }
    let isSolo = sounding.contains { tracks[$0].sound.isSolo }
    return sounding.filter { !tracks[$0].sound.isMuted && (!isSolo || tracks[$0].sound.isSolo) }
  }
}

extension Project.Clip {
  /// Whether the clip may be heard, as far as its own properties tell.
  var isAudible: Bool { enabled && speed != .zero && number == nil && sound.map { !$0.isMuted } ?? false }
}

extension SoundPlan.Curve {
  /// The curves with their names in project files.
  static let named: [(name: String, curve: SoundPlan.Curve)] = [
    ("linear", .linear), ("equalPower", .equalPower), ("exponential", .exponential), ("sCurve", .sCurve),
  ]
}
