/// How a picture fills the box that it is put into.
public enum Fit: String, Sendable, CaseIterable {
  /// All of the picture, centred; parts of the box stay empty.
  case contain
  /// All of the box; the picture's longer side is cut on both ends.
  case cover
  /// All of both; the picture's shape changes.
  case stretch
  /// Pixel for pixel, centred.
  case none
}

/// Where a wipe's edge, or a picture that slides, goes.
public enum Direction: String, Sendable, CaseIterable { case left, right, up, down }

/// A rectangle in pixels whose sides may change over time.
public struct AnimatableRect: Hashable, Sendable {
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

  /// The rectangle where no side changes; nil otherwise.
  package var constant: Rect? {
    guard let x = x.constant, let y = y.constant, let width = width.constant, let height = height.constant else { return nil }
    return Rect(x: x.double, y: y.double, width: width.double, height: height.double)
  }
}

/// An option of a filter that is set for every frame: `sigma`, or `gblur.sigma` in a chain of several filters.
public struct EffectParameter: Hashable, Sendable {
  public var name: String
  public var value: Animatable
  public init(_ name: String, _ value: Animatable) {
    self.name = name
    self.value = value
  }
}
