import FrameModel
import Plan

/// How a still is scaled when it is decoded, so that its full picture never lies in a slot.
struct StillTiles {
  let context: PlanContext
  let canvas: Canvas

  /// Returns nil when the result would differ from the renderer's (alpha, a place between chroma samples), or when a tile would
  /// save nothing.
  func tile(_ picture: PlanItem.Picture, _ geometry: PlanItem.Geometry) -> StillTile? {
    guard let info = context.media[picture.key], info.kind == .image, let video = info.video, !video.format.hasAlpha,
      picture.effects.isEmpty, picture.workers.isEmpty, canvas.sampleAspect == .one
    else { return nil }
    let tile: StillTile?
    switch geometry {
    case .resting(let source, let place):
      guard [place.x, place.y].allSatisfy({ $0.truncatingRemainder(dividingBy: 2) == 0 }), place.width >= 1, place.height >= 1
      else { return nil }
      tile = StillTile(source: source, width: Int(place.width), height: Int(place.height))
    case .turned(let source, let place, _):
      tile = StillTile(source: source, width: Int(place.width), height: Int(place.height))
    case .moving(let index): tile = moving(context.changes.motions[index])
    }
    guard let tile, tile.width <= 16384, tile.height <= 16384 else { return nil }
    return tile.slotBytes(canvas) * 2 <= video.slotBytes ? tile : nil
  }

  /// A tile as large as the picture is ever shown.
  private func moving(_ motion: Motion) -> StillTile? {
    let whole = Rect(x: 0, y: 0, width: motion.width, height: motion.height)
    var source = whole
    if let crop = motion.crop?.constant { source = crop.intersection(whole) }
    guard let scale = largestScale(motion), !source.isEmpty else { return nil }
    let width = (source.width * scale.x).rounded(), height = (source.height * scale.y).rounded()
    guard width >= 1, height >= 1, width <= 16384, height <= 16384 else { return nil }
    return StillTile(source: source, width: Int(width), height: Int(height))
  }

  /// The largest number of canvas pixels for a pixel of the picture; nil when it is not known.
  private func largestScale(_ motion: Motion) -> (x: Double, y: Double)? {
    var crop = Rect(x: 0, y: 0, width: motion.width, height: motion.height)
    if let box = motion.crop {
      guard let width = box.width.bounds?.lowerBound, let height = box.height.bounds?.lowerBound, width > 0, height > 0 else {
        return nil
      }
      crop.width = min(crop.width, width)
      crop.height = min(crop.height, height)
    }
    guard let width = motion.place.width.bounds?.upperBound, let height = motion.place.height.bounds?.upperBound, width > 0,
      height > 0
    else { return nil }
    let placed = Fitting(width: motion.width, height: motion.height, aspect: motion.aspect)
      .place(crop: crop, box: Rect(x: 0, y: 0, width: width, height: height), fit: motion.fit)
    guard !placed.source.isEmpty else { return nil }
    let own = (x: placed.destination.width / placed.source.width, y: placed.destination.height / placed.source.height)
    guard let parent = motion.parent else { return own }
    guard let outer = largestScale(context.changes.motions[parent]) else { return nil }
    return (own.x * outer.x, own.y * outer.y)
  }
}
