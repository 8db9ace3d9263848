import FrameModel
import Plan

/// Something that is drawn during a range of frames. The compiler makes one or several from each clip.
struct PlanItem {
  indirect enum Content {
    case fill(RGBA)
    case picture(Picture)
    /// Items on a canvas of their own.
    case group(width: Int, height: Int, background: RGBA, items: [PlanItem])
  }

  /// How a source is decoded.
  struct Picture: Hashable {
    /// The source's probe key.
    var key: String
    /// Source time at output time T; zero for a still.
    var time: TimeMap
    /// The number of the source's frame that is wanted, or -1.
    var number: Int64
    /// Effects as the decoder reads them; their options that change over time; and the time that the options' keys count.
    var effects = ""
    var parameters: [StreamParameter] = []
    var keys = TimeMap(offset: .zero, speed: .zero)
    /// Filters in workers, which the picture goes through after the effects.
    var workers: [WorkerEffect] = []
    /// Whether the picture never changes: that of a still, or of a clip with speed 0.
    var isStill: Bool
  }

  /// Where an item lies.
  enum Geometry: Hashable {
    /// On whole pixels, upright, and cut to the canvas. A fill has no source rectangle.
    case resting(source: Rect, destination: Rect)
    /// Placed by the motion of this index.
    case moving(Int)
    /// Not moving, and rotated around its middle.
    case turned(source: Rect, destination: Rect, degrees: Double)
  }

  var content: Content
  /// Frames of the timeline.
  var frames: Range<Int64>
  var geometry: Geometry
  var opacity = 1.0
  var blend = BlendMode.normal
  /// The transitions at its start and at its end, as indices into the plan's transitions.
  var entering: (index: Int, frames: Range<Int64>)? = nil
  var leaving: (index: Int, frames: Range<Int64>)? = nil
  /// Whether nothing shows through the item where it lies.
  var isOpaque: Bool
  /// Its place in the project file, for errors.
  var place: String

  /// The frames in which no transition changes the item.
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
