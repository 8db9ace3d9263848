import CSluice
import Compositing
import FrameModel
import Plan
import SharedRing
import SluiceBase

/// The form in which a layer is painted.
enum Brush {
  case fill([UInt16])
  case surface(Surface, counts: Bool)
  case shift(Shift)
  case warp(Warp)
  /// zimg writes it into the target.
  case direct(SourcePicture, SourceWindow, ScaleKey, Planes)
}

// Where the samples of pictures come from, and how they are scaled.
extension CPUCompositor {
  /// Brings a layer's picture into a form that can be painted. Memory of the pool that this needs is added to `held`.
  func brush(_ draw: Draw, _ target: Target, _ regions: [Box], _ held: inout [BufferPool.Buffer]) throws(SluiceError) -> Brush? {
    let canvas = target.canvas
    if case .fill(let samples) = draw.content {
      return draw.spin.map { .warp(Warp(content: .fill(samples), spin: $0)) } ?? .fill(samples)
    }
    if case .group(let scene, let picture) = draw.content, !scene.isOpaque, picture.isUpright, let placement = draw.placement,
      draw.source.width == placement.place.width, draw.source.height == placement.place.height,
      draw.source.x == draw.source.x.rounded(), draw.source.y == draw.source.y.rounded()
    {
      let tile = try drawTransparent(scene, &held)
      let shift = Shift(
        tile: tile, x: placement.place.x - draw.source.x, y: placement.place.y - draw.source.y, sited: false)
      return shift.unmoved(canvas.format).map { .surface($0, counts: false) } ?? .shift(shift)
    }
    let picture = try picture(draw)
    if let spin = draw.spin { return try turnedBrush(picture, draw, spin, canvas, &held) }
    guard let placement = draw.placement else { return nil }
    let box = placement.box
    let color = ColorPair(picture.frame, canvas: canvas)
    if isUnscaled(picture, placement.region, box.width, box.height, color) {
      let planes = unscaled(try drawn(picture, draw, &held), placement.region)
      return .surface(Surface(kind: .opaque, planes: planes, box: box), counts: true)
    }
    if draw.isStill, isMoving(placement, canvas) { return try movedBrush(picture, draw, placement, canvas, &held) }

    let hasAlpha = picture.frame.format.hasAlpha
    let job = scaling(picture, draw.source, placement.region, box.width, box.height, hasAlpha ? .straight : .opaque, canvas)
    var tile = tiles.find(job.key)
    if tile == nil {
      let keeps = tiles.isDrawnAgain(job.key)
      if !keeps, let planes = outputPlanes(draw, placement, target, regions) {
        return .direct(try drawn(picture, draw, &held), job.window, job.key.scale, planes)
      }
      tile = try makeTile(picture, draw, job, keeps: keeps, canvas, &held)
    }
    guard let tile else { return nil }
    return .surface(
      Surface(kind: tile.kind, planes: tile.planes, box: tile.box.moved(x: box.x0, y: box.y0), sited: hasAlpha), counts: true)
  }

  /// A still that keeps its size but lies between samples or reaches over the canvas's edge. It is scaled once, whole, and shifted.
  private func isMoving(_ placement: Placement, _ canvas: Canvas) -> Bool {
    let place = placement.place
    guard placement.isOfWholeSize, place.width * place.height <= 4 * Double(canvas.width * canvas.height) else { return false }
    let cell = (Double(1 << canvas.format.log2ChromaWidth), Double(1 << canvas.format.log2ChromaHeight))
    return place.x.truncatingRemainder(dividingBy: cell.0) != 0 || place.y.truncatingRemainder(dividingBy: cell.1) != 0
      || !canvas.bounds.contains(place)
  }

  private func movedBrush(
    _ picture: SourcePicture, _ draw: Draw, _ placement: Placement, _ canvas: Canvas, _ held: inout [BufferPool.Buffer]
  ) throws(SluiceError) -> Brush? {
    let place = placement.place
    let hasAlpha = picture.frame.format.hasAlpha
    let width = Int(place.width), height = Int(place.height)
    guard let tile = try wholeTile(picture, draw, draw.source, width, height, keeps: true, canvas, &held) else { return nil }
    let shift = Shift(tile: tile, x: place.x, y: place.y, sited: hasAlpha)
    return shift.unmoved(canvas.format).map { .surface($0, counts: true) } ?? .shift(shift)
  }

  private func turnedBrush(
    _ picture: SourcePicture, _ draw: Draw, _ spin: Spin, _ canvas: Canvas, _ held: inout [BufferPool.Buffer]
  ) throws(SluiceError) -> Brush? {
    let part = Warp.part(spin, visible: draw.stroke.visible, canvas: canvas)
    guard !part.isEmpty else { return nil }
    let hasAlpha = picture.frame.format.hasAlpha
    let width = max(Int(part.width.rounded()), 1), height = max(Int(part.height.rounded()), 1)
    let scaleX = draw.source.width / spin.place.width, scaleY = draw.source.height / spin.place.height
    let source = Rect(
      x: draw.source.x + part.x * scaleX, y: draw.source.y + part.y * scaleY, width: part.width * scaleX,
      height: part.height * scaleY)
    guard let tile = try wholeTile(picture, draw, source, width, height, keeps: nil, canvas, &held) else { return nil }
    var sited = hasAlpha
    if case .group = draw.content { sited = false }
    return .warp(Warp(content: .tile(tile, part: part, width: width, height: height, sited: sited), spin: spin))
  }

  /// `source` scaled to width x height samples, opaque or premultiplied. nil when all of it is transparent. `keeps` says whether the
  /// tile is kept for later frames; nil keeps it if it is drawn a second time.
  private func wholeTile(
    _ picture: SourcePicture, _ draw: Draw, _ source: Rect, _ width: Int, _ height: Int, keeps: Bool?, _ canvas: Canvas,
    _ held: inout [BufferPool.Buffer]
  ) throws(SluiceError) -> Tile? {
    let padded = Box(x0: 0, y0: 0, x1: width, y1: height)
      .grown(log2Width: canvas.format.log2ChromaWidth, log2Height: canvas.format.log2ChromaHeight)
    let region = Rect(
      x: source.x, y: source.y, width: source.width * Double(padded.width) / Double(width),
      height: source.height * Double(padded.height) / Double(height))
    // What is turned or shifted looks at its neighbours: samples beyond an odd edge would be anything.
    let isThere = Int(region.x) + padded.width <= picture.upright.width && Int(region.y) + padded.height <= picture.upright.height
    if isThere, isUnscaled(picture, region, padded.width, padded.height, ColorPair(picture.frame, canvas: canvas)) {
      let planes = unscaled(try drawn(picture, draw, &held), region)
      return Tile(kind: .opaque, planes: planes, box: padded)
    }
    let job = scaling(
      picture, source, region, padded.width, padded.height, picture.frame.format.hasAlpha ? .premultiplied : .opaque, canvas)
    if let tile = tiles.find(job.key) { return tile.box.isEmpty ? nil : tile }
    let again = tiles.isDrawnAgain(job.key)
    let tile = try makeTile(picture, draw, job, keeps: keeps ?? again, canvas, &held)
    return tile.box.isEmpty ? nil : tile
  }

  // MARK: scaling

  struct Scaling {
    let key: TileKey
    let window: SourceWindow
    var width: Int { key.scale.targetWidth }
    var height: Int { key.scale.targetHeight }
  }

  private func scaling(
    _ picture: SourcePicture, _ source: Rect, _ region: Rect, _ width: Int, _ height: Int, _ kind: Surface.Kind, _ canvas: Canvas
  ) -> Scaling {
    let window = SourceWindow(picture, showing: source)
    let target = kind == .opaque ? canvas.format : canvas.format.straight
    let siting = (source: picture.frame.color.chromaLocation, target: canvas.color.chromaLocation)
    let planewise = !exactSiting && siting.source == siting.target && window.orientation.format.isSubsampled(like: target)
    let key = ScaleKey(
      sourceFormat: window.orientation.format, sourceWidth: window.box.width, sourceHeight: window.box.height,
      region: Rect(
        x: region.x + Double(window.orientation.originX - window.box.x0),
        y: region.y + Double(window.orientation.originY - window.box.y0), width: region.width, height: region.height),
      premultiplied: picture.premultiplied, sourceChroma: planewise ? 1 : siting.source,
      targetFormat: target, targetWidth: width, targetHeight: height,
      targetChroma: planewise ? 1 : siting.target, color: ColorPair(picture.frame, canvas: canvas))
    return Scaling(
      key: TileKey(
        picture: picture.identity, window: window.box, rotation: picture.frame.rotation, mirrored: picture.frame.mirrored,
        scale: key, kind: kind), window: window)
  }

  /// Scales into memory of the tile cache when `keeps`, else into memory of the pool.
  private func makeTile(
    _ undrawn: SourcePicture, _ draw: Draw, _ job: Scaling, keeps: Bool, _ canvas: Canvas, _ held: inout [BufferPool.Buffer]
  ) throws(SluiceError) -> Tile {
    let picture = try drawn(undrawn, draw, &held)
    let whole = Box(x0: 0, y0: 0, x1: job.width, y1: job.height)
    let layout = PlaneLayout(job.key.scale.targetFormat, width: job.width, height: job.height)
    if job.key.kind == .opaque {
      if keeps, let kept = tiles.insert(job.key, layout, box: whole) {
        do throws(SluiceError) {
          try scale(picture, job.window, job.key.scale, into: kept.planes)
        } catch {
          tiles.forget(job.key)
          throw error
        }
        return kept
      }
      let planes = hold(layout, &held)
      try scale(picture, job.window, job.key.scale, into: planes)
      return Tile(kind: .opaque, planes: planes, box: whole)
    }
    let planes = hold(layout, &held)
    try scale(picture, job.window, job.key.scale, into: planes)
    let straight = Tile(kind: .straight, planes: planes, box: whole)
    if !keeps, job.key.kind == .straight { return straight }
    return kept(straight, job, keeps: keeps, canvas, &held)
  }

  /// A tile with alpha cut to what is not transparent, in the form that the job wants.
  private func kept(
    _ straight: Tile, _ job: Scaling, keeps: Bool, _ canvas: Canvas, _ held: inout [BufferPool.Buffer]
  ) -> Tile {
    let ink = straight.ink(canvas.format)
    let format = job.key.kind == .straight ? canvas.format.straight : canvas.format.premultiplied
    let layout = PlaneLayout(format, width: max(ink.width, 1), height: max(ink.height, 1))
    let tile: Tile
    if keeps, let kept = tiles.insert(job.key, layout, box: ink) {
      tile = kept
    } else if job.key.kind == .straight {
      return straight
    } else {
      tile = Tile(kind: .premultiplied, planes: hold(layout, &held), box: ink)
    }
    straight.copy(to: tile, canvas.format)
    return tile
  }

  func hold(_ layout: PlaneLayout, _ held: inout [BufferPool.Buffer]) -> Planes {
    let buffer = pool.acquire(layout.bytes)
    held.append(buffer)
    return Planes(layout, in: buffer.memory)
  }

  func scale(_ picture: SourcePicture, _ window: SourceWindow, _ key: ScaleKey, into target: Planes) throws(SluiceError) {
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

  /// The output's own planes under an opaque layer, where zimg can write them.
  private func outputPlanes(_ draw: Draw, _ placement: Placement, _ target: Target, _ regions: [Box]) -> Planes? {
    let box = placement.box
    guard !target.isPremultiplied, draw.covered != nil, draw.stroke.tint == nil, placement.isWhole, box.x1 <= target.canvas.width,
      box.y1 <= target.canvas.height, regions.contains(where: { $0.contains(box) })
    else { return nil }
    let planes = target.planes.moved(x: box.x0, y: box.y0, format: target.canvas.format)
    return planes.isAligned ? planes : nil
  }

  /// Whether nothing is to be computed to show `region` of a picture in width x height samples of the canvas.
  private func isUnscaled(_ picture: SourcePicture, _ region: Rect, _ width: Int, _ height: Int, _ color: ColorPair) -> Bool {
    let frame = picture.frame
    guard frame.format == canvas.format, picture.isUpright, color.isSame,
      frame.color.chromaLocation == canvas.color.chromaLocation
        || (frame.format.log2ChromaWidth == 0 && frame.format.log2ChromaHeight == 0),
      region.width == Double(width), region.height == Double(height), region.x == region.x.rounded(),
      region.y == region.y.rounded(), region.x >= 0, region.y >= 0
    else { return false }
    let x = Int(region.x)
    let y = Int(region.y)
    let orientation = picture.upright
    return x.aligned(down: frame.format.log2ChromaWidth) == x && y.aligned(down: frame.format.log2ChromaHeight) == y
      && x + width <= orientation.paddedWidth && y + height <= orientation.paddedHeight
  }

  /// A picture's own planes from `region` on.
  private func unscaled(_ picture: SourcePicture, _ region: Rect) -> Planes {
    var planes = Planes()
    for index in 0..<picture.frame.format.planeCount {
      planes.append(picture.plane(index), stride: picture.frame.planes[index].stride)
    }
    return planes.moved(x: Int(region.x), y: Int(region.y), format: picture.frame.format)
  }
}
