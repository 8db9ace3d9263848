import Foundation

/// Independent reference in Double: separable bicubic (b = 0, c = 0.6), widened for downscaling, edges mirrored.
public enum Reference {
  public static func kernel(_ distance: Double) -> Double {
    let x = abs(distance)
    let c = 0.6
    if x < 1 { return (2 - c) * x * x * x + (c - 3) * x * x + 1 }
    if x < 2 { return -c * x * x * x + 5 * c * x * x - 8 * c * x + 4 * c }
    return 0
  }

  /// Resamples `count` values whose window `start ..< start + length` becomes `target` samples.
  public static func taps(_ count: Int, start: Double, length: Double, target: Int) -> [[(Int, Double)]] {
    let scale = length / Double(target)
    let stretch = max(scale, 1)
    return (0..<target).map { index in
      let center = start + (Double(index) + 0.5) * scale - 0.5
      var taps: [(Int, Double)] = []
      var sum = 0.0
      for position in Int((center - 2 * stretch).rounded(.down))...Int((center + 2 * stretch).rounded(.up)) {
        let weight = kernel((Double(position) - center) / stretch)
        guard weight != 0 else { continue }
        var at = position < 0 ? -1 - position : position
        if at >= count { at = 2 * count - 1 - at }
        taps.append((min(max(at, 0), count - 1), weight))
        sum += weight
      }
      return taps.map { ($0.0, $0.1 / sum) }
    }
  }

  public static func scale(
    _ samples: [Int], width: Int, height: Int, x: Double, y: Double, w: Double, h: Double, toWidth: Int, toHeight: Int
  ) -> [Double] {
    let across = taps(width, start: x, length: w, target: toWidth)
    let down = taps(height, start: y, length: h, target: toHeight)
    var rows = [Double](repeating: 0, count: toWidth * height)
    for row in 0..<height {
      for column in 0..<toWidth {
        rows[row * toWidth + column] = across[column].reduce(0) { $0 + Double(samples[row * width + $1.0]) * $1.1 }
      }
    }
    var out = [Double](repeating: 0, count: toWidth * toHeight)
    for row in 0..<toHeight {
      for column in 0..<toWidth {
        out[row * toWidth + column] = min(max(down[row].reduce(0) { $0 + rows[$1.0 * toWidth + column] * $1.1 }, 0), 255)
      }
    }
    return out
  }

  /// Non-linear R'G'B' of code values, and back. Limited or full range, 8 bits.
  public static func rgb(_ y: Int, _ u: Int, _ v: Int, kr: Double, kb: Double, full: Bool) -> (Double, Double, Double) {
    let l = full ? Double(y) / 255 : Double(y - 16) / 219
    let cb = full ? Double(u - 128) / 255 : Double(u - 128) / 224
    let cr = full ? Double(v - 128) / 255 : Double(v - 128) / 224
    let r = l + 2 * (1 - kr) * cr
    let b = l + 2 * (1 - kb) * cb
    return (r, (l - kr * r - kb * b) / (1 - kr - kb), b)
  }
  public static func yuv(_ r: Double, _ g: Double, _ b: Double, kr: Double, kb: Double, full: Bool = false) -> [Double] {
    let y = kr * r + (1 - kr - kb) * g + kb * b
    let u = (b - y) / (2 * (1 - kb))
    let v = (r - y) / (2 * (1 - kr))
    return full ? [255 * y, 128 + 255 * u, 128 + 255 * v] : [16 + 219 * y, 128 + 224 * u, 128 + 224 * v]
  }
}
