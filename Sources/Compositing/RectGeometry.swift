import FrameModel
import Plan

extension Rect {
  /// The smallest box around it.
  public var outside: Box {
    Box(x0: Int(x.rounded(.down)), y0: Int(y.rounded(.down)), x1: Int(maxX.rounded(.up)), y1: Int(maxY.rounded(.up)))
  }

  /// The samples of a canvas that it covers completely, in canvas pixels on the chroma grid. The edge of an odd canvas counts as
  /// covered.
  public func covered(in canvas: Canvas) -> Box {
    func inner(_ low: Double, _ high: Double, _ size: Int, _ log2: Int) -> (Int, Int) {
      (Int(low.rounded(.up)).aligned(up: log2), high == Double(size) ? size : Int(high.rounded(.down)).aligned(down: log2))
    }
    let (x0, x1) = inner(x, maxX, canvas.width, canvas.format.log2ChromaWidth)
    let (y0, y1) = inner(y, maxY, canvas.height, canvas.format.log2ChromaHeight)
    return Box(x0: x0, y0: y0, x1: x1, y1: y1)
  }

  /// Its edges moved onto whole numbers where rounding errors of a plan's arithmetic left them beside one.
  public var snapped: Rect {
    Rect(x: x.snapped, y: y.snapped, width: maxX.snapped - x.snapped, height: maxY.snapped - y.snapped)
  }

  /// Turned clockwise by quarters around its centre.
  public func turned(_ quarters: Int) -> Rect {
    quarters & 1 == 0 ? self : Rect(x: x + (width - height) / 2, y: y + (height - width) / 2, width: height, height: width)
  }

  /// The same part of a picture of `size` after that was turned clockwise by quarters.
  public func turned(_ quarters: Int, within size: (width: Double, height: Double)) -> Rect {
    switch quarters & 3 {
    case 1: Rect(x: size.height - maxY, y: x, width: height, height: width)
    case 2: Rect(x: size.width - maxX, y: size.height - maxY, width: width, height: height)
    case 3: Rect(x: y, y: size.width - maxX, width: height, height: width)
    default: self
    }
  }
}

extension Double {
  /// The nearest whole number, if rounding errors of a plan's arithmetic left it beside one.
  public var snapped: Double { abs(self - rounded()) < 1e-6 ? rounded() : self }
}
