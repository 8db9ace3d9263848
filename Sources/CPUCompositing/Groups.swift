import CSluice
import Compositing
import FrameModel
import Plan
import SharedRing
import SluiceBase

// Groups are drawn into buffers of the pool, and are pictures then.
extension CPUCompositor {
  /// The picture of a layer. A group's has no samples yet.
  func picture(_ draw: Draw) throws(SluiceError) -> SourcePicture {
    switch draw.content {
    case .picture(let picture), .group(_, let picture): return picture
    case .fill: throw SluiceError(.software, "a fill has no picture")
    }
  }

  /// The picture with its samples: a group is drawn now.
  func drawn(_ picture: SourcePicture, _ draw: Draw, _ held: inout [BufferPool.Buffer]) throws(SluiceError) -> SourcePicture {
    guard picture.memory == nil, case .group(let scene, _) = draw.content else { return picture }
    let layout = PlaneLayout(picture.frame.format, width: scene.canvas.width, height: scene.canvas.height)
    let buffer = pool.acquire(layout.bytes)
    held.append(buffer)
    let planes = Planes(layout, in: buffer.memory)
    if scene.isOpaque {
      try paint(
        scene, on: Target(canvas: scene.canvas, planes: planes, isPremultiplied: false), regions: [scene.whole])
    } else {
      try drawStraight(scene, planes)
    }
    var result = picture
    result.memory = UnsafeRawPointer(buffer.memory)
    return result
  }

  /// Draws a group with alpha. Outside the tile's box it is transparent.
  func drawTransparent(_ scene: Scene, _ held: inout [BufferPool.Buffer]) throws(SluiceError) -> Tile {
    let format = scene.canvas.format
    let grid = scene.whole.grown(log2Width: format.log2ChromaWidth, log2Height: format.log2ChromaHeight)
    // A transparent margin, for kernels to reach into; a canvas's own edge is repeated.
    let box = Box(
      x0: scene.bounds.x0 - 4, y0: scene.bounds.y0 - 4, x1: scene.bounds.x1 + 4, y1: scene.bounds.y1 + 4
    ).intersection(grid)
    let layout = PlaneLayout(format.premultiplied, width: box.width, height: box.height)
    let planes = hold(layout, &held)
    let alpha = scene.background.alpha.isNaN ? 0 : min(max(scene.background.alpha, 0), 1)
    let weight = (alpha * 65535).rounded()
    var color = scene.background
    color.alpha = 1
    let samples = ColorRules.samples(color, canvas: scene.canvas)
    for plane in 0..<planes.count {
      let code = Double(plane == planes.count - 1 ? 0 : Int(samples[plane]) << (16 - format.depth))
      let value = plane == planes.count - 1 ? UInt16(weight) : UInt16((code * weight / 65535).rounded())
      for y in 0..<box.height {
        guard let row = planes.at(plane, x: 0, y: y, bytes: 2) else { continue }
        sluice_fill16(row.assumingMemoryBound(to: UInt16.self), box.width, value)
      }
    }
    // The target's pixel (0, 0) is the canvas's: its planes begin before the buffer where the box does not begin there.
    var moved = planes
    for plane in 0..<planes.count {
      moved.base[plane] = planes.base[plane].map { $0 - box.y0 * planes.stride[plane] - box.x0 * 2 }
    }
    try paint(scene, on: Target(canvas: scene.canvas, planes: moved, isPremultiplied: true), regions: [scene.bounds])
    // An odd canvas's last column and row stand for themselves only; kernels see them repeated.
    let inside = box.intersection(scene.whole)
    return Tile(kind: .premultiplied, planes: planes, box: inside)
  }

  /// Draws a group with alpha as a picture that zimg can scale.
  private func drawStraight(_ scene: Scene, _ planes: Planes) throws(SluiceError) {
    let format = scene.canvas.format.straight
    var own: [BufferPool.Buffer] = []
    defer { pool.release(&own) }
    let tile = try drawTransparent(scene, &own)
    let last = planes.count - 1
    let depth = Int32(format.depth)
    let bytes = format.bytesPerSample
    for plane in 0...last {
      for y in 0..<scene.canvas.height {
        guard let row = planes.at(plane, x: 0, y: y, bytes: bytes) else { continue }
        memset(row, 0, scene.canvas.width * bytes)
        guard y >= tile.box.y0, y < tile.box.y1,
          let from = tile.planes.at(plane, x: 0, y: y - tile.box.y0, bytes: 2)?.assumingMemoryBound(to: UInt16.self),
          let alpha = tile.planes.at(last, x: 0, y: y - tile.box.y0, bytes: 2)?.assumingMemoryBound(to: UInt16.self)
        else { continue }
        let to = row + tile.box.x0 * bytes
        if plane == last {
          sluice_alpha_narrow(to, alpha, tile.box.width, depth)
        } else {
          sluice_unpremultiply(to, from, alpha, tile.box.width, depth)
        }
      }
    }
  }
}
