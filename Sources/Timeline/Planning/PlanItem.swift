import FrameModel

/// Something that is drawn for a while: what the compiler makes of a clip, or of a part of one.
struct PlanItem {
  indirect enum Content {
    case fill(RGBA)
    case picture(Picture)
    /// Its items lie on a canvas of their own.
    case group(width: Int, height: Int, background: RGBA, items: [PlanItem])
  }

  /// A source as it is decoded.
  struct Picture: Hashable {
    /// Key of its `MediaInfo`.
    var key: String
    /// Source time at output time T; for a still it does not matter, and is zero.
    var time: TimeMap
    /// The frame wanted by number, or -1.
    var number: Int64
    /// Effects as the decoder reads them, and their options that change, with the time of their keys.
    var effects = ""
    var parameters: [StreamParameter] = []
    var keys = TimeMap(offset: .zero, speed: .zero)
    /// Workers that it goes through then.
    var workers: [WorkerEffect] = []
    /// A picture that never changes: of a still source, or of a clip that stands.
    var isStill: Bool
  }

  /// Where it lies and how it is laid over what is below.
  enum Geometry: Hashable {
    /// On whole pixels, upright, cut to the canvas. A fill has no source.
    case resting(source: Rect, destination: Rect)
    /// By a motion of the plan.
    case moving(Int)
    /// Resting, and turned around its middle by so many degrees.
    case turned(source: Rect, destination: Rect, degrees: Double)
  }

  var content: Content
  /// Absolute output frames.
  var frames: Range<Int64>
  var geometry: Geometry
  var opacity = 1.0
  var blend = BlendMode.normal
  /// Transitions at its start and its end; indices into the plan's.
  var entering: (index: Int, frames: Range<Int64>)? = nil
  var leaving: (index: Int, frames: Range<Int64>)? = nil
  /// Nothing shows through it where it lies.
  var isOpaque: Bool
  /// Place in the project file, for errors.
  var place: String

  /// The frames in which it is as it is, without a transition.
  var settled: Range<Int64> {
    let first = max(frames.lowerBound, entering?.frames.upperBound ?? frames.lowerBound)
    return first..<max(first, min(frames.upperBound, leaving?.frames.lowerBound ?? frames.upperBound))
  }

  func cut(to range: Range<Int64>) -> PlanItem? {
    var item = self
    item.frames = frames.clamped(to: range)
    return item.frames.isEmpty ? nil : item
  }
}

extension BlendMode {
  init(_ blend: Project.Blend) {
    switch blend {
    case .normal: self = .normal
    case .add: self = .add
    case .multiply: self = .multiply
    case .screen: self = .screen
    case .overlay: self = .overlay
    case .darken: self = .darken
    case .lighten: self = .lighten
    case .difference: self = .difference
    }
  }
}
