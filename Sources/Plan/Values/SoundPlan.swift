import FrameModel

/// The sound of a plan as values: what `sluice_plan_sound` and its tables hold. `ipc-schema/sluice_plan.h` tells what each means.
/// Times of clips are output sample frames.
public struct SoundPlan: Hashable, Sendable {
  public var sampleRate = 48000
  /// 1, 2, or 6 for 5.1 (L R C LFE Ls Rs).
  public var channels = 2
  /// Sample frames of the output.
  public var frames: Int64 = 0
  /// Second of the timeline at output sample frame 0.
  public var start = Rational.zero
  public var tracks: [Track] = []
  /// By rising `first`.
  public var clips: [Clip] = []
  /// LUFS that the whole is brought to; nil: it is left as it is.
  public var loudness: Double? = nil
  public init() {}

  public struct Track: Hashable, Sendable {
    /// Decibels; keys count seconds of the timeline.
    public var gain = Animatable.zero
    /// -1 left to 1 right.
    public var pan = Animatable.zero
    public var effects: [Effect] = []
    /// For a track of a nested timeline: the group clip, on an earlier track, that it is part of. nil: it goes to the output.
    public var into: Int? = nil
    public init() {}
  }

  public enum Curve: UInt32, Sendable, CaseIterable { case linear = 0, equalPower = 1, exponential = 2, sCurve = 3 }

  public struct Fade: Hashable, Sendable {
    /// Output sample frames; 0: none.
    public var frames: Int64 = 0
    public var curve = Curve.linear
    public init(frames: Int64 = 0, curve: Curve = .linear) {
      self.frames = frames
      self.curve = curve
    }
  }

  public struct Clip: Hashable, Sendable {
    /// Index of its source in the plan, and of its track here.
    public var source: Int
    public var track: Int
    /// Within the output.
    public var first: Int64
    public var end: Int64
    /// Sample frames of the clip that the output's range cuts off: before `first`, and from `end` on.
    public var head: Int64 = 0
    public var tail: Int64 = 0
    /// Second of the source at `first`, and its growth in a second (not 0; negative when played backwards).
    public var start = Rational.zero
    public var speed = Rational.one
    /// Presentation time in the file, in seconds, at which the source's second 0 lies.
    public var zero = Rational.zero
    /// Length of the media in seconds, where it is known. This is the part that a looping clip repeats.
    public var length: Rational? = nil
    /// Among the file's audio streams.
    public var stream = 0
    public var preservesPitch = true
    public var loops = false
    /// A group has no source: its samples are the mix of the tracks that go into it, at output times. `source`, `start`, `speed`,
    /// `zero`, `length` and `stream` have no meaning then.
    public var isGroup = false
    public var fadeIn = Fade()
    public var fadeOut = Fade()
    /// The fades of transitions, which are applied as well.
    public var crossIn = Fade()
    public var crossOut = Fade()
    /// Decibels; keys count seconds from `head` frames before `first`.
    public var gain = Animatable.zero
    public var pan = Animatable.zero
    public var effects: [Effect] = []

    public init(source: Int, track: Int, first: Int64, end: Int64) {
      self.source = source
      self.track = track
      self.first = first
      self.end = end
    }
  }

  public enum Biquad: UInt32, Sendable, CaseIterable {
    case lowpass = 0, highpass, bandpass, lowshelf, highshelf, peaking, notch, allpass
  }

  public struct Effect: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      case biquad(Biquad), delay, compressor, limiter
      /// A chain of libavfilter with one input and one output of sound.
      case avfilter(String)
    }
    public var kind: Kind
    /// Names and units are Web Audio's. Parameters that are not here have their defaults. An avfilter has none.
    public var parameters: [EffectParameter]
    public init(_ kind: Kind, parameters: [EffectParameter] = []) {
      self.kind = kind
      self.parameters = parameters
    }
  }
}
