import FrameModel

extension Project {
  public enum Fit: String, Sendable, CaseIterable { case contain, cover, stretch, none }

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

  /// A box in pixels.
  public struct Box: Hashable, Sendable {
    public var x: Animatable
    public var y: Animatable
    public var width: Animatable
    public var height: Animatable
    public init(x: Animatable, y: Animatable, width: Animatable, height: Animatable) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }

    /// nil while a side moves.
    var constant: Rect? {
      guard let x = x.constant, let y = y.constant, let width = width.constant, let height = height.constant else { return nil }
      return Rect(x: x.double, y: y.double, width: width.double, height: height.double)
    }
  }

  /// Where on the canvas a clip lies; nil sides: the canvas's.
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
    case avfilter(String, parameters: [Parameter])
    /// Absolute path of a `.cube` file.
    case lut(String)
    /// A filter of the user's, in a worker. Nothing else follows one, except for others.
    case worker(WorkerEffect)
  }

  /// An option of a filter that is set for every frame: `sigma`, or `gblur.sigma` in a chain of several filters.
  public struct Parameter: Hashable, Sendable {
    public var name: String
    public var value: Animatable
    public init(_ name: String, _ value: Animatable) {
      self.name = name
      self.value = value
    }
  }

  public enum Direction: String, Sendable, CaseIterable { case left, right, up, down }

  /// From the clip before on the same track into this one, in the first `duration` of this clip. The clip before plays on
  /// (its last picture is held where its media ends). Where none touches this clip it comes out of nothing.
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
    /// On the timeline. nil: the rest of the source at the clip's speed.
    public var duration: TimeValue? = nil
    /// Source seconds a second: negative plays backwards from `in`, 0 freezes the picture at `in`.
    public var speed = Rational.one
    public var beyond = Beyond.hold
    /// In pixels of the upright picture; nil: all of it.
    public var crop: Box? = nil
    public var place = Place()
    /// Degrees clockwise around the middle of the placed picture.
    public var rotate = Animatable.zero
    /// 0...1.
    public var opacity = Animatable.one
    public var blend = Blend.normal
    /// In order; on the source's own picture, before it is cropped and placed.
    public var effects: [Effect] = []
    public var transition: Transition? = nil
    /// Of the source, where it has sound; nil: none of it. A clip of an audio track has no more than this, and its times and transition.
    public var sound: ClipSound? = ClipSound()
    public var enabled = true
    /// The frame of the source that is shown, counted from 0 (`sluice frame --number`); nil: by time.
    public var number: Int64? = nil
    public init(source: Int) { self.source = source }
  }
}
