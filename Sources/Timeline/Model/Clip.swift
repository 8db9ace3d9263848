import FrameModel
import Plan

extension Project {
  /// What a clip that is longer than its media shows after the end (or before the start, when it plays backwards).
  public enum Beyond: String, Sendable, CaseIterable {
    /// The last picture.
    case hold
    /// Nothing: the clip is cut there.
    case cut
    /// The media again from the other end.
    case loop
  }

  /// The blend modes of the W3C's Compositing and Blending, on non-linear R'G'B' of the canvas. `add` clips at white.
  public enum Blend: String, Sendable, CaseIterable {
    case normal, add, multiply, screen, overlay, darken, lighten, difference
  }

  /// Where on the canvas a clip lies. A side that is nil has the canvas's length.
  public struct Place: Hashable, Sendable {
    public var x = Animatable.zero
    public var y = Animatable.zero
    public var width: Animatable? = nil
    public var height: Animatable? = nil
    public var fit = Fit.contain
    public init() {}
  }

  public enum Effect: Hashable, Sendable {
    /// A chain of libavfilter with one input and one output.
    case avfilter(String, parameters: [EffectParameter])
    /// Absolute path of a `.cube` file.
    case lut(String)
    /// A filter in a worker. Only other filters in workers may follow it.
    case worker(WorkerEffect)
  }

  /// How the clip before on the same track turns into this one, in the first `duration` of this clip. The clip before plays on
  /// during that time (after the end of its media its last picture is held). Without a clip that ends where this one starts, this
  /// one appears out of nothing.
  public struct Transition: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      case dissolve
      /// Through one colour: the first half to it, the second from it.
      case fade(RGBA)
      /// The edge between the two moves in this direction over the canvas.
      case wipe(Direction)
      /// The new clip moves in this direction over the old one.
      case slide(Direction)
      /// The new clip pushes the old one out in this direction.
      case push(Direction)
    }
    public var kind: Kind
    public var duration: TimeValue
    public init(_ kind: Kind, duration: TimeValue) {
      self.kind = kind
      self.duration = duration
    }
  }

  public struct Clip: Hashable, Sendable {
    public var name = ""
    /// Index into `Project.sources`.
    public var source: Int
    /// Start on the timeline, and in the source.
    public var at = TimeValue.zero
    public var `in` = TimeValue.zero
    /// Length on the timeline. nil: the rest of the source at the clip's speed.
    public var duration: TimeValue? = nil
    /// Seconds of the source in a second of the timeline. A negative speed plays backwards from `in`, 0 holds the picture at `in`.
    public var speed = Rational.one
    public var beyond = Beyond.hold
    /// The part of the picture that is shown, in pixels of the upright picture; nil: all of it.
    public var crop: AnimatableRect? = nil
    public var place = Place()
    /// Degrees clockwise around the middle of the placed picture.
    public var rotate = Animatable.zero
    /// 0...1.
    public var opacity = Animatable.one
    public var blend = Blend.normal
    /// Applied in this order to the source's own picture, before it is cropped and placed.
    public var effects: [Effect] = []
    public var transition: Transition? = nil
    /// The source's sound, if it has any; nil: it is not heard. Of the other properties a clip on an audio track uses only its times
    /// and its transition.
    public var sound: ClipSound? = ClipSound()
    public var enabled = true
    /// The number of the source's frame that is shown, from 0 (`sluice frame --number`); nil: the frame is found by its time.
    public var number: Int64? = nil
    public init(source: Int) { self.source = source }
  }
}

extension Project.Effect {
  var worker: WorkerEffect? { if case .worker(let worker) = self { worker } else { nil } }
}
