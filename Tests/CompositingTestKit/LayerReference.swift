import Compositing
import FrameModel
import Plan

/// Naive reference in Double for what layers do to one another: pixels in full resolution, chroma averaged over its cells.
public struct LayerReference {
  public static let formats = [
    PixelFormat.yuv420p, .yuv420p10, PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1), PixelFormat(.yuv, depth: 12),
    PixelFormat(.rgb, depth: 8), PixelFormat(.gray, depth: 8),
  ]

  public let format: PixelFormat
  public init(format: PixelFormat) { self.format = format }
  /// Limited range BT.709, or full range R'G'B'.
  private var scale: Double { Double(1 << (format.depth - 8)) }
  private var top: Double { Double(1 << format.depth) - 1 }

  public func rgb(_ code: [Double]) -> [Double] {
    switch format.family {
    case .rgb: return code.map { $0 / top }
    case .gray: return [Double](repeating: (code[0] / scale - 16) / 219, count: 3)
    default:
      let y = (code[0] / scale - 16) / 219
      let u = (code[1] / scale - 128) / 224
      let v = (code[2] / scale - 128) / 224
      return [y + 1.5748 * v, y - 0.0722 * 1.8556 / 0.7152 * u - 0.2126 * 1.5748 / 0.7152 * v, y + 1.8556 * u]
    }
  }

  /// Codes of a difference of R'G'B'.
  public func codes(_ rgb: [Double]) -> [Double] {
    if format.family == .rgb { return rgb.map { $0 * top } }
    let y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    if format.family == .gray { return [y * 219 * scale] }
    return [y * 219 * scale, (rgb[2] - y) / 1.8556 * 224 * scale, (rgb[0] - y) / 1.5748 * 224 * scale]
  }

  public static func function(_ mode: BlendMode, _ b: Double, _ s: Double) -> Double {
    switch mode {
    case .add: min(b + s, 1)
    case .multiply: b * s
    case .screen: b + s - b * s
    case .overlay: b <= 0.5 ? 2 * b * s : 1 - 2 * (1 - b) * (1 - s)
    case .darken: min(b, s)
    case .lighten: max(b, s)
    case .difference: abs(b - s)
    case .normal, .plus: s
    }
  }

  /// What a pixel becomes, in codes: normal blending in codes, other modes in R'G'B' of 0...1.
  public func change(_ mode: BlendMode, below: [Double], above: [Double], alpha: Double) -> [Double] {
    if mode == .normal { return zip(below, above).map { alpha * ($1 - $0) } }
    let b = rgb(below).map { min(max($0, 0), 1) }
    let s = rgb(above).map { min(max($0, 0), 1) }
    if mode == .plus { return codes(zip(b, s).map { min($0 + alpha * $1, 1) - $0 }) }
    return codes(zip(b, s).map { alpha * (LayerReference.function(mode, $0, $1) - $0) })
  }

  /// All planes of `below` with `above` of the same size over it.
  public func mixed(_ below: TestSlot, _ above: (Int, Int) -> [Double], mode: BlendMode, alpha: (Int, Int) -> Double)
    -> [[Double]]
  {
    var out = below.allSamples.map { $0.map(Double.init) }
    let (width, height) = below.size(0)
    for y in 0..<height {
      for x in 0..<width {
        let code = (0..<format.planeCount).map { plane in
          let (cw, ch) = format.subsampling(plane)
          return Double(below[plane, x >> cw, y >> ch])
        }
        let change = change(mode, below: code, above: above(x, y), alpha: alpha(x, y))
        for plane in 0..<format.planeCount {
          let (cw, ch) = format.subsampling(plane)
          let w = min(1 << cw, width - (x >> cw) << cw)
          let h = min(1 << ch, height - (y >> ch) << ch)
          out[plane][(y >> ch) * below.size(plane).width + (x >> cw)] += change[plane] / Double(w * h)
        }
      }
    }
    return out.map { $0.map { min(max($0, 0), top) } }
  }

  /// Codes of a picture in the canvas's own samples.
  public func pixel(_ slot: TestSlot, _ x: Int, _ y: Int) -> [Double] {
    (0..<format.planeCount).map { plane in
      let (cw, ch) = format.subsampling(plane)
      return Double(slot[plane, x >> cw, y >> ch])
    }
  }

  /// The part of pixel (x, y) that a rectangle covers.
  public static func cover(_ rect: Rect, _ x: Int, _ y: Int) -> Double {
    max(0, min(rect.maxX, Double(x + 1)) - max(rect.x, Double(x)))
      * max(0, min(rect.maxY, Double(y + 1)) - max(rect.y, Double(y)))
  }

  public static func worst(_ out: TestSlot, _ expected: [[Double]]) -> Double {
    var worst = 0.0
    for plane in expected.indices {
      for (got, want) in zip(out.samples(plane), expected[plane]) { worst = max(worst, abs(Double(got) - want)) }
    }
    return worst
  }
}
