import FrameModel
import Plan

extension Rect {
  public init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) { self.init(x: x, y: y, width: width, height: height) }
}

extension Canvas {
  public static func test(
    _ width: Int, _ height: Int, format: PixelFormat = .yuv420p, color: ColorDescription = .bt709, background: RGBA = .black
  ) -> Canvas {
    var canvas = Canvas(width: width, height: height, format: format)
    canvas.color = color
    canvas.background = background
    return canvas
  }
}

extension Layer {
  /// A picture of a stream, or (stream -1) a fill, as it is.
  public init(stream: Int, fill: RGBA = .clear, source: Rect, destination: Rect, opacity: Double = 1) {
    let content: Content = stream < 0 ? .fill(fill) : .picture(stream: stream)
    self.init(content, source: source, destination: destination, opacity: opacity)
  }
}
