import FrameModel

/// The sound of a plan as values: what `sluice_plan_sound` and its tables hold (ipc-schema/sluice_plan.h has the semantics of each).
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
    /// A track of a timeline within: the group clip (of a track before this one) that it is part of; nil: it goes to the output.
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
    /// Sample frames of the clip before `first` and from `end` on: cut off by the output's range.
    public var head: Int64 = 0
    public var tail: Int64 = 0
    /// Source second at `first`, and its growth a second (not 0; negative: backwards).
    public var start = Rational.zero
    public var speed = Rational.one
    /// Presentation time in the file, seconds, that is the source's 0.
    public var zero = Rational.zero
    /// Seconds of the media from its 0, where known: what loops.
    public var length: Rational? = nil
    /// Among the file's audio streams.
    public var stream = 0
    public var preservesPitch = true
    public var loops = false
    /// It has no source: its samples are the mix of the tracks that go into it, which are at output times. `source`, `start`, `speed`,
    /// `zero`, `length` and `stream` mean nothing then.
    public var isGroup = false
    public var fadeIn = Fade()
    public var fadeOut = Fade()
    /// A transition's, on top of them.
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
    /// Web Audio's names and units; those that are not here have their defaults. Of an avfilter none.
    public var parameters: [Project.Parameter]
    public init(_ kind: Kind, parameters: [Project.Parameter] = []) {
      self.kind = kind
      self.parameters = parameters
    }
  }
}
