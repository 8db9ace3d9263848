import CSluice
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// The compositor that every machine has. Works in the canvas's own planes: zimg scales and converts straight into the
/// output slot where a tile is opaque and its planes are 64-byte aligned there (columns at multiples of 128 pixels for
/// 8-bit 4:2:0), and reads its source in the slot where that is upright, even and aligned; neither moves a byte. Else
/// it goes through scratch memory, and the bytes moved are counted (`copiedBytes`).
///
/// Not thread-safe: one thread. Memory: graphs, scratch buffers of the largest tile and turned source so far, and up to
/// `stillBytes` of scaled stills; all of it is made in the first frames and used again (`buffersCreated`).
/// Interlaced pictures are scaled as if progressive. Turning a picture moves its samples as they are: the chroma
/// location's quarter of a sample is not turned with it.
public final class CPUCompositor: Compositor {
  private let canvas: Canvas
  private let counters: any StageCounters
  private let layout: PlaneLayout
  private var header: FrameDescription
  private let background: [UInt16]
  private let exactSiting: Bool
  private var graphs: ScaleGraphCache
  private var tiles: TileCache
  private let scaling: Scratch
  private let turned: Scratch
  private let tile: Scratch
  private let row: Scratch
  private var draws: [Draw] = []
  private var uncovered: [Box] = []
  private var pieces: [Box] = []

  /// A layer that is seen, with what is needed to draw it.
  private struct Draw {
    let layer: Layer
    /// The layer's source rectangle, as far as the picture reaches.
    let source: Rect
    let placement: Placement
    let weight: UInt16
    let picture: SourcePicture?
    let covered: Box?
  }

  /// `stillBytes` bounds the scaled tiles kept of pictures that do not change. Counts copied bytes and buffers made;
  /// frames and time are the worker's to count.
  ///
  /// A chroma location that differs from the canvas's is always converted. One that both share moves by a part of a
  /// pixel when a picture is scaled; with `exactSiting` that is followed too, else each plane is scaled by itself, as
  /// FFmpeg's scaler does (against which the chroma then measures 62 dB instead of 45).
  public init(
    canvas: Canvas, counters: any StageCounters, stillBytes: Int = 64 << 20, vectors: VectorLevel = .automatic,
    exactSiting: Bool = false
  ) {
    self.canvas = canvas
    self.counters = counters
    self.exactSiting = exactSiting
    layout = PlaneLayout(canvas.format, width: canvas.width, height: canvas.height)
    header = FrameDescription(format: canvas.format, width: canvas.width, height: canvas.height)
    header.color = canvas.color
    header.sampleAspect = canvas.sampleAspect
    let color = canvas.background
    // A background that lets something through shows black.
    background = ColorRules.samples(
      RGBA(red: color.red * color.alpha, green: color.green * color.alpha, blue: color.blue * color.alpha), canvas: canvas)
    graphs = ScaleGraphCache(level: vectors)
    tiles = TileCache(budget: stillBytes, counters: counters)
    scaling = Scratch(counters: counters)
    turned = Scratch(counters: counters)
    tile = Scratch(counters: counters)
    row = Scratch(counters: counters)
  }

  public func render(frame: Int64, layers: [Layer], input: (Int) -> ReadableSlot?, into output: WritableSlot)
    throws(SluiceError)
  {
    guard !canvas.format.hasAlpha, (8...16).contains(canvas.format.depth), canvas.format.isValid else {
      throw SluiceError(.software, "no canvas can have the pixel format \(canvas.format)")
    }
    guard output.bytes >= layout.bytes else {
      throw SluiceError(.software, "output slot \(output.index) has \(output.bytes) bytes, the canvas needs \(layout.bytes)")
    }
    tiles.beginFrame()
    header.number = frame
    header.pts = Rational(frame) / canvas.rate
    header.write(to: output.memory)
    try collect(layers, input)
    let painter = Painter(canvas: canvas, output: Planes(layout, in: output.memory), row: row, counters: counters)
    fillBackground(painter)
    for index in draws.indices where !isHidden(index) {
      let draw = draws[index]
      if let picture = draw.picture {
        try drawPicture(picture, draw, painter)
      } else {
        painter.blend(ColorRules.samples(draw.layer.fill, canvas: canvas), placement: draw.placement, weight: draw.weight)
      }
    }
    draws.removeAll(keepingCapacity: true)
  }

  // MARK: what is seen

  private func collect(_ layers: [Layer], _ input: (Int) -> ReadableSlot?) throws(SluiceError) {
    draws.removeAll(keepingCapacity: true)
    for layer in layers {
      var picture: SourcePicture?
      var source = layer.source
      if layer.stream >= 0 {
        guard let slot = input(layer.stream) else {
          throw SluiceError(.software, "no picture to draw", at: "stream \(layer.stream)")
        }
        let found = try SourcePicture(slot, stream: layer.stream)
        source = source.intersection(found.upright.bounds)
        guard !source.isEmpty else {
          throw SluiceError(
            .software, "nothing of a picture of \(found.frame.width)x\(found.frame.height) lies in \(layer.source)",
            at: "stream \(layer.stream)")
        }
        picture = found
      }
      let alpha = layer.opacity * (picture == nil ? layer.fill.alpha : 1)
      guard alpha.isFinite else { throw SluiceError(.software, "opacity is not a number", at: "stream \(layer.stream)") }
      let weight = UInt16((min(max(alpha, 0), 1) * Double(Span.full)).rounded())
      guard weight > 0,
        let placement = Placement(source: source, destination: layer.destination, canvas: canvas)
      else { continue }
      let opaque = weight == Span.full && picture?.frame.format.hasAlpha != true
      draws.append(
        Draw(
          layer: layer, source: source, placement: placement, weight: weight, picture: picture,
          covered: opaque ? placement.covered(in: canvas) : nil))
    }
  }

  /// A single opaque layer above covers all of it.
  private func isHidden(_ index: Int) -> Bool {
    var box = draws[index].placement.box
    box.x1 = min(box.x1, canvas.width)
    box.y1 = min(box.y1, canvas.height)
    return draws[(index + 1)...].contains { $0.covered?.contains(box) == true }
  }

  /// Fills what opaque layers leave open. A layer that would split it into more than 64 pieces counts as open.
  private func fillBackground(_ painter: Painter) {
    uncovered.removeAll(keepingCapacity: true)
    uncovered.append(Box(x0: 0, y0: 0, x1: canvas.width, y1: canvas.height))
    for draw in draws {
      guard let covered = draw.covered, !covered.isEmpty else { continue }
      pieces.removeAll(keepingCapacity: true)
      for box in uncovered { box.subtract(covered, into: &pieces) }
      if pieces.count <= 64 { swap(&uncovered, &pieces) }
      if uncovered.isEmpty { break }
    }
    for box in uncovered { painter.fill(box, with: background) }
  }

  // MARK: pictures

  private func drawPicture(_ picture: SourcePicture, _ draw: Draw, _ painter: Painter) throws(SluiceError) {
    let placement = draw.placement
    let region = placement.region
    let window = SourceWindow(picture, showing: draw.source)
    let color = ColorPair(picture.frame, canvas: canvas)
    if let planes = unscaled(picture, draw, color) {
      painter.blend(planes, placement: placement, weight: draw.weight)
      return
    }
    let format = picture.frame.format
    let target =
      format.hasAlpha
      ? PixelFormat(canvas.format.family ?? .yuv, depth: canvas.format.depth, alpha: true) : canvas.format
    let siting = (source: picture.frame.color.chromaLocation, target: canvas.color.chromaLocation)
    let planewise = !exactSiting && siting.source == siting.target && window.orientation.format.isSubsampled(like: target)
    let key = ScaleKey(
      sourceFormat: window.orientation.format, sourceWidth: window.box.width, sourceHeight: window.box.height,
      region: Rect(
        x: region.x + Double(window.orientation.originX - window.box.x0),
        y: region.y + Double(window.orientation.originY - window.box.y0), width: region.width, height: region.height),
      premultiplied: picture.premultiplied, sourceChroma: planewise ? 1 : siting.source,
      targetFormat: target, targetWidth: placement.box.width, targetHeight: placement.box.height,
      targetChroma: planewise ? 1 : siting.target, color: color)
    let tileKey = TileKey(
      slot: picture.slot.index, generation: picture.slot.generation, memory: picture.slot.memory, window: window.box,
      rotation: picture.frame.rotation, mirrored: picture.frame.mirrored, scale: key)
    let tileLayout = PlaneLayout(target, width: placement.box.width, height: placement.box.height)

    var memory = tiles.find(tileKey)
    if memory == nil {
      if let kept = tiles.admit(tileKey, bytes: tileLayout.bytes) {
        do throws(SluiceError) {
          try scale(picture, window, key, into: Planes(tileLayout, in: kept))
        } catch {
          tiles.forget(tileKey)
          throw error
        }
        memory = kept
      } else if let planes = outputPlanes(draw, painter) {
        try scale(picture, window, key, into: planes)
        return
      }
    }
    let planes: Planes
    if let memory {
      planes = Planes(tileLayout, in: memory)
    } else {
      planes = Planes(tileLayout, in: tile.reserve(tileLayout.bytes))
      try scale(picture, window, key, into: planes)
    }
    if format.hasAlpha {
      painter.blendAlpha(planes, target, placement: placement, weight: draw.weight)
    } else {
      painter.blend(planes, placement: placement, weight: draw.weight)
    }
  }

  private func scale(_ picture: SourcePicture, _ window: SourceWindow, _ key: ScaleKey, into target: Planes)
    throws(SluiceError)
  {
    let graph = try graphs.graph(key)
    let source: Planes
    if let planes = window.planesInPlace(picture) {
      source = planes
    } else {
      let copy = window.copy(picture, into: turned)
      counters.add(.copiedBytes, UInt64(copy.bytes))
      source = copy.planes
    }
    try graph.run(source, key.sourceFormat, target, key.targetFormat, scratch: scaling)
  }

  /// The slot's own planes under an opaque layer, where zimg can write them.
  private func outputPlanes(_ draw: Draw, _ painter: Painter) -> Planes? {
    let box = draw.placement.box
    guard draw.covered != nil, draw.placement.isWhole, box.x1 <= canvas.width, box.y1 <= canvas.height else { return nil }
    var planes = Planes()
    for index in 0..<canvas.format.planeCount {
      guard let base = painter.output.base[index] else { return nil }
      let (cw, ch) = canvas.format.subsampling(index)
      let stride = painter.output.stride[index]
      planes.append(base + (box.y0 >> ch) * stride + (box.x0 >> cw) * canvas.format.bytesPerSample, stride: stride)
    }
    return planes.isAligned ? planes : nil
  }

  /// Planes in the input slot that lie under `placement.box` sample for sample, when nothing is to be computed.
  private func unscaled(_ picture: SourcePicture, _ draw: Draw, _ color: ColorPair) -> Planes? {
    let region = draw.placement.region
    let box = draw.placement.box
    let frame = picture.frame
    guard frame.format == canvas.format, picture.isUpright, color.isSame,
      frame.color.chromaLocation == canvas.color.chromaLocation
        || (frame.format.log2ChromaWidth == 0 && frame.format.log2ChromaHeight == 0),
      region.width == Double(box.width), region.height == Double(box.height), region.x == region.x.rounded(),
      region.y == region.y.rounded(), region.x >= 0, region.y >= 0
    else { return nil }
    let x = Int(region.x)
    let y = Int(region.y)
    let orientation = picture.upright
    guard x.aligned(down: frame.format.log2ChromaWidth) == x, y.aligned(down: frame.format.log2ChromaHeight) == y,
      x + box.width <= orientation.paddedWidth, y + box.height <= orientation.paddedHeight
    else { return nil }
    var planes = Planes()
    for index in 0..<frame.format.planeCount {
      let (cw, ch) = frame.format.subsampling(index)
      let stride = frame.planes[index].stride
      planes.append(picture.plane(index) + (y >> ch) * stride + (x >> cw) * frame.format.bytesPerSample, stride: stride)
    }
    return planes
  }
}
