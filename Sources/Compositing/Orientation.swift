import FrameModel
import Plan

/// How a picture as decoded is turned to stand upright. Subsampled pictures of odd size count one pixel more, so that
/// their chroma samples stay on the grid when an axis is reversed; that pixel repeats its neighbour.
public struct Orientation {
  /// Rows become columns.
  public let swapsAxes: Bool
  public let reversesX: Bool
  public let reversesY: Bool
  /// The upright picture's format and size without the extra pixels, and with them.
  public let format: PixelFormat
  public let width: Int
  public let height: Int
  public let paddedWidth: Int
  public let paddedHeight: Int

  public init(_ frame: FrameDescription) {
    let mirrored = frame.mirrored
    swapsAxes = frame.rotation & 1 == 1
    (reversesX, reversesY) =
      switch frame.rotation & 3 {
      case 0: (mirrored, false)
      case 1: (true, mirrored)
      case 2: (!mirrored, true)
      default: (false, !mirrored)
      }
    let f = frame.format
    format =
      swapsAxes && f.family == .yuv
      ? PixelFormat(
        .yuv, depth: f.depth, log2ChromaWidth: f.log2ChromaHeight, log2ChromaHeight: f.log2ChromaWidth, alpha: f.hasAlpha)
      : f
    width = swapsAxes ? frame.height : frame.width
    height = swapsAxes ? frame.width : frame.height
    paddedWidth = width.aligned(up: format.log2ChromaWidth)
    paddedHeight = height.aligned(up: format.log2ChromaHeight)
  }

  public var bounds: Rect { Rect(x: 0, y: 0, width: Double(width), height: Double(height)) }
  /// Where the upright picture begins in the padded one.
  public var originX: Int { reversesX ? paddedWidth - width : 0 }
  public var originY: Int { reversesY ? paddedHeight - height : 0 }
}
