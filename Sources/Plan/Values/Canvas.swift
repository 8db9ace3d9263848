import FrameModel

/// The picture that a timeline is composed on: size, samples, rate, and what lies behind all layers.
public struct Canvas: Hashable, Sendable {
  /// Pixels. Even numbers in a project file; `sluice frame` takes any size.
  public var width: Int
  public var height: Int
  public var format: PixelFormat
  /// Frames a second.
  public var rate: Rational
  public var background: RGBA
  public var color: ColorDescription
  /// Shape of a canvas pixel. 1:1 except when a single source frame is taken as it is.
  public var sampleAspect: Rational

  public init(
    width: Int, height: Int, format: PixelFormat = .yuv420p, rate: Rational = Rational(30), background: RGBA = .black,
    color: ColorDescription = .bt709, sampleAspect: Rational = .one
  ) {
    self.width = width
    self.height = height
    self.format = format
    self.rate = rate
    self.background = background
    self.color = color
    self.sampleAspect = sampleAspect
  }

  /// The whole canvas as a rectangle.
  public var bounds: Rect { Rect(x: 0, y: 0, width: Double(width), height: Double(height)) }
}
