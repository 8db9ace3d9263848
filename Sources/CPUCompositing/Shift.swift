import CSluice
import Compositing
import FrameModel
import Plan

/// A scaled picture moved by a part of a pixel: four bicubic taps each way (b = 0, c = 0.6, as everything here is scaled). Chroma
/// planes move by their own part of a sample.
struct Shift {
  let tile: Tile
  /// Where the tile's pixel (0, 0) lies on the canvas.
  let x: Double
  let y: Double
  let sited: Bool

  /// Where a plane's samples come from: source index = index + `whole`, and taps for the part that is left.
  private struct Way {
    let whole: Int
    let taps: [Int16]

    /// `log2`: pixels of a sample.
    init(_ offset: Double, log2: Int) {
      let position = -offset / Double(1 << log2)
      var floor = position.rounded(.down)
      var part = position - floor
      if part > 1 - 1e-6 { (floor, part) = (floor + 1, 0) }
      if part < 1e-6 { part = 0 }
      whole = Int(floor)
      taps = Taps.bicubic(part, b: 0, c: 0.6)
    }
    var isWhole: Bool { taps[1] == 16384 }
  }

  /// Whether nothing is to be computed: then the tile can be painted as it is, from `box` on.
  func unmoved(_ format: PixelFormat) -> Surface? {
    guard x == x.rounded(), y == y.rounded() else { return nil }
    let moved = tile.box.moved(x: Int(x), y: Int(y))
    // A tile that ends within a chroma sample can only be painted where that is the canvas's own end: here it is not known.
    guard moved == moved.grown(log2Width: format.log2ChromaWidth, log2Height: format.log2ChromaHeight) else { return nil }
    return Surface(kind: tile.kind, planes: tile.planes, box: moved, sited: sited)
  }

  /// Computes the samples of `area` (on the chroma grid) into `planes`, which begin there.
  func run(_ area: Box, _ format: PixelFormat, into planes: Planes) {
    let opaque = tile.kind == .opaque
    let depth = opaque ? format.depth : 16
    let halved = !opaque && !(Way(x, log2: 0).isWhole && Way(y, log2: 0).isWhole)
    for index in 0..<planes.count {
      let (cw, ch) = opaque ? format.subsampling(index) : (0, 0)
      let across = Way(x, log2: cw)
      let down = Way(y, log2: ch)
      guard let to = planes.base[index], let from = tile.planes.base[index] else { continue }
      let width = tile.box.width.aligned(up: cw) >> cw
      let height = tile.box.height.aligned(up: ch) >> ch
      sluice_shift(
        to, planes.stride[index], Int32(area.width.aligned(up: cw) >> cw), Int32(area.height.aligned(up: ch) >> ch), from,
        tile.planes.stride[index], Int32(width), Int32(height), Int32(((area.x0 - tile.box.x0) >> cw) + across.whole),
        Int32(((area.y0 - tile.box.y0) >> ch) + down.whole), across.taps, down.taps, Int32(depth), halved)
    }
    guard halved else { return }
    for index in 0..<planes.count {
      for row in 0..<area.height {
        guard let line = planes.at(index, x: 0, y: row, bytes: 2), let alpha = planes.at(planes.count - 1, x: 0, y: row, bytes: 2)
        else { return }
        sluice_double_premultiplied(
          line.assumingMemoryBound(to: UInt16.self), alpha.assumingMemoryBound(to: UInt16.self), area.width)
      }
    }
  }
}

/// Resampling kernels of four taps, as whole numbers with 14 bits behind the point whose sum is one.
enum Taps {
  /// For the samples at -1, 0, 1 and 2 around a position `part` in 0 ..< 1.
  static func bicubic(_ part: Double, b: Double, c: Double) -> [Int16] {
    func kernel(_ distance: Double) -> Double {
      let x = abs(distance)
      if x < 1 { return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + (6 - 2 * b)) / 6 }
      if x < 2 {
        return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x + (-12 * b - 48 * c) * x + (8 * b + 24 * c)) / 6
      }
      return 0
    }
    var taps = [kernel(1 + part), kernel(part), kernel(1 - part), kernel(2 - part)].map { Int16(($0 * 16384).rounded()) }
    let sum = taps.reduce(0) { $0 + Int($1) }
    taps[part < 0.5 ? 1 : 2] += Int16(16384 - sum)
    return taps
  }

  /// Catmull-Rom (b = 0, c = 0.5) at 1024 positions, one after another.
  static let catmullRom: [Int16] = (0..<1024).flatMap { bicubic(Double($0) / 1024, b: 0, c: 0.5) }
}
