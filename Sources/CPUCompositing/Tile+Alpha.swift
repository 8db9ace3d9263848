import CSluice
import Compositing
import FrameModel
import Plan

/// Tiles with straight alpha, before they are kept.
extension Tile {
  /// The smallest box on the chroma grid around what is not transparent, with a margin that kernels and chroma siting reach into.
  func ink(_ format: PixelFormat) -> Box {
    var box: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard let alpha = planes.base[planes.count - 1] else { return self.box }
    let found = withUnsafeMutableBytes(of: &box) { raw in
      sluice_ink(
        alpha, planes.stride[planes.count - 1], Int32(self.box.width), Int32(self.box.height), Int32(format.bytesPerSample),
        raw.bindMemory(to: Int32.self).baseAddress)
    }
    guard found else { return Box(x0: self.box.x0, y0: self.box.y0, x1: self.box.x0, y1: self.box.y0) }
    return Box(x0: Int(box.0) - 4, y0: Int(box.1) - 4, x1: Int(box.2) + 4, y1: Int(box.3) + 4)
      .grown(log2Width: format.log2ChromaWidth, log2Height: format.log2ChromaHeight)
      .moved(x: self.box.x0, y: self.box.y0).intersection(self.box)
  }

  /// Copies or premultiplies the part that `tile` has.
  func copy(to tile: Tile, _ format: PixelFormat) {
    let bytes = format.bytesPerSample
    let last = planes.count - 1
    for plane in 0...last {
      for y in 0..<tile.box.height {
        let x0 = tile.box.x0 - box.x0, y0 = tile.box.y0 - box.y0 + y
        guard let from = planes.at(plane, x: x0, y: y0, bytes: bytes), let alpha = planes.at(last, x: x0, y: y0, bytes: bytes)
        else { return }
        guard tile.kind == .premultiplied else {
          if let to = tile.planes.at(plane, x: 0, y: y, bytes: bytes) { memcpy(to, from, tile.box.width * bytes) }
          continue
        }
        guard let to = tile.planes.at(plane, x: 0, y: y, bytes: 2)?.assumingMemoryBound(to: UInt16.self) else { return }
        if plane == last {
          sluice_alpha_widen(to, alpha, tile.box.width, Int32(format.depth))
        } else {
          sluice_premultiply(to, from, alpha, tile.box.width, Int32(format.depth))
        }
      }
    }
  }
}
