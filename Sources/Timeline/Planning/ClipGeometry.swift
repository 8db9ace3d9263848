import FrameModel
import Plan
import SluiceBase

/// Where the picture of one clip lies on a surface.
struct ClipGeometry {
  let clip: Project.Clip
  /// Canvas of the timeline that the clip is on.
  let canvas: Canvas
  let surface: Surface
  /// Seconds of the clip at output second T.
  let time: TimeMap
  let context: PlanContext
  /// Whether a transition moves the clip.
  let slides: Bool

  /// Returns nil when nothing of the clip is ever seen. Without `picture` the clip is a fill of its whole place.
  func resolve(_ picture: Fitting?) -> PlanItem.Geometry? {
    if let opacity = clip.opacity.constant, opacity == .zero { return nil }
    let fitting = picture ?? Fitting(width: Double(canvas.width), height: Double(canvas.height), aspect: 1)
    let fit = picture == nil ? Fit.stretch : clip.place.fit
    guard let rotation = clip.rotate.constant, clip.opacity.constant != nil, let box = box.constant,
      !surface.moves, !slides, rotation == .zero || surface.isSame
    else { return moving(fitting, fit) }
    let crop = clip.crop?.constant
    guard crop != nil || clip.crop == nil else { return moving(fitting, fit) }
    var placed = fitting.place(crop: crop, box: box, fit: fit).rounded
    if case .resting(let outer) = surface.lie { placed = outer.map(placed).rounded }
    if picture == nil { placed.source = Rect(x: 0, y: 0, width: 1, height: 1) }
    if rotation != .zero {
      let degrees = rotation.double.truncatingRemainder(dividingBy: 360)
      if degrees != 0 {
        guard fit != .none else { return moving(fitting, fit) }
        return .turned(source: placed.source, destination: placed.destination, degrees: degrees)
      }
    }
    guard let visible = placed.clipped(to: surface.bounds) else { return nil }
    let nothing = Rect(x: 0, y: 0, width: 0, height: 0)
    return .resting(source: picture == nil ? nothing : visible.source, destination: visible.destination)
  }

  private func moving(_ fitting: Fitting, _ fit: Fit) -> PlanItem.Geometry {
    .moving(
      context.add(
        Motion(
          time: time, width: fitting.width, height: fitting.height, aspect: fitting.aspect, fit: fit, crop: clip.crop,
          place: box,
          rotation: clip.rotate, opacity: clip.opacity,
          parent: surface.motion(context, width: canvas.width, height: canvas.height))))
  }

  /// The clip's place; sides that it does not give are the canvas's.
  private var box: AnimatableRect {
    AnimatableRect(
      x: clip.place.x, y: clip.place.y, width: clip.place.width ?? .constant(Rational(Int64(canvas.width))),
      height: clip.place.height ?? .constant(Rational(Int64(canvas.height))))
  }
}
