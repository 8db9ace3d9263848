import CSluice
import Compositing
import FrameModel
import Plan
import SharedRing

/// A picture turned by any angle: Catmull-Rom samples of the picture as scaled to its destination's size, each plane in its own
/// geometry, and the exact area of every pixel and chroma cell that the turned rectangle covers.
struct Warp {
  enum Content {
    case fill([UInt16])
    /// Opaque or premultiplied. `part`: which part of the destination it is, in pixels from its corner; `size`: in how many pixels
    /// of the tile.
    case tile(Tile, part: Rect, width: Int, height: Int, sited: Bool)
  }
  let content: Content
  let spin: Spin

  /// Which part of the destination must be scaled to show `visible`: all of it, unless it is much larger than the canvas.
  static func part(_ spin: Spin, visible: Rect, canvas: Canvas) -> Rect {
    let whole = Rect(x: 0, y: 0, width: spin.place.width, height: spin.place.height)
    guard whole.width * whole.height > 4 * Double(canvas.width * canvas.height) else { return whole }
    let corners = [
      spin.inside(visible.x, visible.y), spin.inside(visible.maxX, visible.y), spin.inside(visible.x, visible.maxY),
      spin.inside(visible.maxX, visible.maxY),
    ]
    let left = (corners.map(\.x).min() ?? 0) - 4
    let top = (corners.map(\.y).min() ?? 0) - 4
    let right = (corners.map(\.x).max() ?? 0) + 4
    let bottom = (corners.map(\.y).max() ?? 0) + 4
    return Rect(
      x: left.rounded(.down), y: top.rounded(.down), width: (right - left).rounded(.up), height: (bottom - top).rounded(.up)
    )
    .intersection(whole)
  }

  /// Bytes that `run` wants for an area.
  static func layouts(_ area: Box, _ format: PixelFormat, premultiplied: Bool) -> (samples: PlaneLayout, weights: PlaneLayout) {
    (
      PlaneLayout(premultiplied ? format.premultiplied : format, width: area.width, height: area.height),
      PlaneLayout(
        PixelFormat(
          format.family ?? .yuv, depth: 16, log2ChromaWidth: format.log2ChromaWidth, log2ChromaHeight: format.log2ChromaHeight),
        width: area.width, height: area.height)
    )
  }

  /// Computes `area` (on the chroma grid) of the canvas.
  func run(_ area: Box, _ canvas: Canvas, samples: Planes, weights: Planes) -> Surface {
    var isPremultiplied = false
    if case .tile(let tile, _, _, _, _) = content { isPremultiplied = tile.kind == .premultiplied }
    let format = canvas.format
    for plane in 0..<(isPremultiplied ? 1 : format.planeCount) {
      let ch = format.subsampling(plane).1
      for y in 0..<area.height.aligned(up: ch) >> ch {
        let run = coverage(area, canvas, plane: plane, row: y, weights)
        if isPremultiplied {
          premultipliedRow(area, row: y, run, samples, weights)
        } else {
          sampleRow(area, format, plane: plane, depth: format.depth, row: y, run, samples, location: canvas.color.chromaLocation)
        }
      }
    }
    guard isPremultiplied, case .tile(_, _, _, _, let sited) = content else {
      return Surface(kind: .opaque, planes: samples, box: area, weights: weights)
    }
    return Surface(kind: .premultiplied, planes: samples, box: area, sited: sited)
  }

  /// Coverage of one row of a plane's samples. The run outside which it is zero.
  private func coverage(_ area: Box, _ canvas: Canvas, plane: Int, row: Int, _ weights: Planes) -> Range<Int> {
    let (cw, ch) = canvas.format.subsampling(plane)
    let y = Double(area.y0 + row << ch)
    let bottom = min(y + Double(1 << ch), Double(canvas.height))
    guard let out = weights.at(plane, x: 0, y: row, bytes: 2) else { return 0..<0 }
    var first: Int32 = 0
    var end: Int32 = 0
    var turn = spin.turn
    sluice_spin_coverage(
      &turn, out.assumingMemoryBound(to: UInt16.self), Int32(area.width.aligned(up: cw) >> cw), Double(area.x0), y,
      Double(1 << cw), max(bottom - y, 0.5), Double(canvas.width), &first, &end)
    return Int(first)..<Int(max(first, end))
  }

  private func sampleRow(
    _ area: Box, _ format: PixelFormat, plane: Int, depth: Int, row: Int, _ run: Range<Int>, _ samples: Planes, location: UInt8
  ) {
    let bytes = depth > 8 ? 2 : 1
    guard !run.isEmpty, let to = samples.at(plane, x: run.lowerBound, y: row, bytes: bytes) else { return }
    switch content {
    case .fill(let colors):
      if bytes == 1 {
        memset(to, Int32(colors[plane]), run.count)
      } else {
        sluice_fill16(to.assumingMemoryBound(to: UInt16.self), run.count, colors[plane])
      }
    case .tile(let tile, let part, let width, let height, _):
      let (cw, ch) = tile.kind == .opaque ? format.subsampling(plane) : (0, 0)
      let cell = (x: Double(1 << cw), y: Double(1 << ch))
      // Where in its cell a sample sits, in pixels.
      let siteX = cw > 0 && location != 1 ? 0.5 : cell.x / 2
      let siteY = ch > 0 && location == 2 ? 0.5 : cell.y / 2
      let scaleX = Double(width) / part.width
      let scaleY = Double(height) / part.height
      let start = spin.inside(
        Double(area.x0) + Double(run.lowerBound) * cell.x + siteX, Double(area.y0) + Double(row) * cell.y + siteY)
      func fixed(_ value: Double) -> Int64 { Int64((min(max(value, -1e9), 1e9) * 4_294_967_296).rounded()) }
      guard let from = tile.planes.base[plane] else { return }
      sluice_warp_row(
        to, Int32(run.count), from, tile.planes.stride[plane], Int32(tile.box.width.aligned(up: cw) >> cw),
        Int32(tile.box.height.aligned(up: ch) >> ch),
        fixed(((start.x - part.x) * scaleX - siteX - Double(tile.box.x0)) / cell.x),
        fixed(((start.y - part.y) * scaleY - siteY - Double(tile.box.y0)) / cell.y), fixed(spin.turn.c * scaleX),
        fixed(-spin.turn.s * scaleY * cell.x / cell.y), Taps.catmullRom, Int32(depth), tile.kind == .premultiplied)
    }
  }

  private func premultipliedRow(_ area: Box, row: Int, _ run: Range<Int>, _ samples: Planes, _ weights: Planes) {
    let count = samples.count
    let format = PixelFormat(.rgb, depth: 16)
    for plane in 0..<count {
      sampleRow(area, format, plane: plane, depth: 16, row: row, run, samples, location: 1)
      guard let line = samples.at(plane, x: 0, y: row, bytes: 2) else { return }
      memset(line, 0, run.lowerBound * 2)
      memset(line + run.upperBound * 2, 0, max(area.width - run.upperBound, 0) * 2)
    }
    guard let alpha = samples.at(count - 1, x: run.lowerBound, y: row, bytes: 2)?.assumingMemoryBound(to: UInt16.self),
      let covered = weights.at(0, x: run.lowerBound, y: row, bytes: 2)?.assumingMemoryBound(to: UInt16.self)
    else { return }
    for plane in 0..<count {
      guard let line = samples.at(plane, x: run.lowerBound, y: row, bytes: 2)?.assumingMemoryBound(to: UInt16.self) else {
        return
      }
      sluice_double_premultiplied(line, alpha, run.count)
      sluice_scale_by(line, covered, run.count)
    }
  }
}
