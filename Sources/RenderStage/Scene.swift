import CSluice
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// What decides the pixels of a drawn layer: two of the same draw the same.
struct DrawIdentity: Hashable {
  var layer: Layer
  var picture: PictureIdentity?
}

/// What decides a picture's samples.
enum PictureIdentity: Hashable {
  case slot(UInt32, generation: UInt32, memory: UnsafeRawPointer)
  case scene(width: Int, height: Int, background: RGBA, members: [DrawIdentity])
}

/// A layer that is seen, with what is needed to draw it.
struct Draw {
  enum Content {
    case fill([UInt16])
    case picture(SourcePicture)
    /// Its picture is not drawn yet.
    case group(Scene, SourcePicture)
  }
  let content: Content
  let identity: DrawIdentity
  /// The layer's source rectangle, as far as the picture reaches.
  let source: Rect
  /// nil: it is turned by `spin`.
  let placement: Placement?
  let spin: Spin?
  let stroke: Stroke
  /// All samples that it touches, on the chroma grid.
  let box: Box
  /// What it covers wholly and opaquely.
  let covered: Box?
  /// Its picture stays the same from frame to frame.
  let isStill: Bool
}

/// The layers of one canvas, bottom first: the output frame's, or a group's.
final class Scene {
  let canvas: Canvas
  let background: RGBA
  let draws: [Draw]
  let isOpaque: Bool
  /// What is not transparent, on the chroma grid.
  let bounds: Box
  var whole: Box { Box(x0: 0, y0: 0, x1: canvas.width, y1: canvas.height) }
  var identity: PictureIdentity {
    .scene(width: canvas.width, height: canvas.height, background: background, members: draws.map(\.identity))
  }

  /// Layers that one opaque layer above covers are left out. `isOutput`: what the background lets through is black.
  init(_ layers: [Draw], canvas: Canvas, background: RGBA, isOutput: Bool) {
    self.canvas = canvas
    self.background = background
    let whole = Box(x0: 0, y0: 0, x1: canvas.width, y1: canvas.height)
    draws = layers.indices.compactMap { index in
      let box = layers[index].box.intersection(whole)
      return layers[(index + 1)...].contains { $0.covered?.contains(box) == true } ? nil : layers[index]
    }
    isOpaque = isOutput || background.alpha >= 1 || Scene.uncovered(whole, by: draws).isEmpty
    let grid = whole.grown(log2Width: canvas.format.log2ChromaWidth, log2Height: canvas.format.log2ChromaHeight)
    bounds = isOpaque || background.alpha > 0 ? grid : draws.dropFirst().reduce(draws.first?.box ?? whole) { $0.union($1.box) }
  }

  /// What opaque layers leave open of a box. A layer that would split it into more than 64 pieces counts as open.
  static func uncovered(_ box: Box, by draws: [Draw]) -> [Box] {
    var uncovered = [box]
    var pieces: [Box] = []
    for draw in draws {
      guard let covered = draw.covered, !covered.isEmpty else { continue }
      pieces.removeAll(keepingCapacity: true)
      for box in uncovered { box.subtract(covered, into: &pieces) }
      if pieces.count <= 64 { swap(&uncovered, &pieces) }
      if uncovered.isEmpty { break }
    }
    return uncovered
  }
}

/// A rectangle turned around its middle by any angle.
struct Spin {
  let place: Rect
  let turn: sluice_spin

  /// The smallest whole pixels around it.
  var bounds: Rect {
    let x = abs(turn.c) * turn.half_width + abs(turn.s) * turn.half_height
    let y = abs(turn.s) * turn.half_width + abs(turn.c) * turn.half_height
    let left = (turn.cx - x).rounded(.down)
    let top = (turn.cy - y).rounded(.down)
    return Rect(x: left, y: top, width: (turn.cx + x).rounded(.up) - left, height: (turn.cy + y).rounded(.up) - top)
  }

  /// A point of the canvas in pixels of the rectangle before it was turned.
  func inside(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let dx = x - turn.cx
    let dy = y - turn.cy
    return (dx * turn.c + dy * turn.s + turn.half_width, dy * turn.c - dx * turn.s + turn.half_height)
  }
}

/// Makes scenes of layers.
struct SceneBuilder {
  let isStill: (Int) -> Bool

  func scene(
    _ layers: ArraySlice<Layer>, canvas: Canvas, background: RGBA, isOutput: Bool, _ input: (Int) -> ReadableSlot?
  ) throws(SluiceError) -> Scene {
    var draws: [Draw] = []
    var rest = layers
    while let layer = rest.popFirst() {
      var members = layers[layers.startIndex..<layers.startIndex]
      if case .group(_, _, _, let count) = layer.content {
        members = rest.prefix(max(count, 0))
        rest = rest.dropFirst(max(count, 0))
      }
      if let draw = try draw(layer, members, canvas, input) { draws.append(draw) }
    }
    return Scene(draws, canvas: canvas, background: background, isOutput: isOutput)
  }

  /// nil when nothing of it is seen.
  private func draw(
    _ layer: Layer, _ members: ArraySlice<Layer>, _ canvas: Canvas, _ input: (Int) -> ReadableSlot?
  ) throws(SluiceError) -> Draw? {
    let alpha = layer.opacity * (layer.content.isFill ? layer.fill.alpha : 1)
    guard alpha.isFinite, layer.rotation.isFinite else {
      throw SluiceError(.software, "opacity or rotation is not a number", at: "stream \(layer.stream)")
    }
    let weight = UInt16((min(max(alpha, 0), 1) * Double(Span.full)).rounded())
    guard weight > 0 else { return nil }
    let (quarters, degrees) = SceneBuilder.turns(layer.rotation)

    var source = layer.source
    var picture: PictureIdentity?
    let content: Draw.Content
    var isOpaque = weight == Span.full && layer.blend == .normal
    let tint = Tint(layer.tint, canvas: canvas)
    switch layer.content {
    case .fill(let color):
      var mixed = color
      let amount = min(max(layer.tint.alpha, 0), 1)
      mixed.red += (layer.tint.red - mixed.red) * amount
      mixed.green += (layer.tint.green - mixed.green) * amount
      mixed.blue += (layer.tint.blue - mixed.blue) * amount
      content = .fill(ColorRules.samples(mixed, canvas: canvas))
    case .picture(let stream):
      guard let slot = input(stream) else { throw SluiceError(.software, "no picture to draw", at: "stream \(stream)") }
      var found = try SourcePicture(slot, stream: stream)
      source = try part(source, of: found.upright, turned: quarters, at: "stream \(stream)")
      found.frame.rotation = (found.frame.rotation + quarters) & 3
      isOpaque = isOpaque && !found.frame.format.hasAlpha
      picture = found.identity
      content = .picture(found)
    case .group(let width, let height, let background, _):
      guard width > 0, height > 0 else { return nil }
      let inner = try scene(members, canvas: canvas.resized(width, height), background: background, isOutput: false, input)
      if inner.draws.isEmpty, background.alpha <= 0 { return nil }
      let whole = Orientation(FrameDescription(format: canvas.format, width: width, height: height))
      source = try part(source, of: whole, turned: quarters, at: "group")
      isOpaque = isOpaque && inner.isOpaque
      picture = inner.identity
      content = .group(inner, SourcePicture(inner, turned: quarters))
    }

    let identity = DrawIdentity(layer: layer, picture: picture)
    let place = layer.destination.turned(quarters)
    let still = layer.stream >= 0 && isStill(layer.stream)
    let ownTint = layer.content.isFill ? nil : tint
    if degrees != 0 {
      return spun(
        content, identity, source, place, degrees, layer, canvas,
        Stroke(visible: place, weight: weight, blend: layer.blend, tint: ownTint), still)
    }
    guard let placement = Placement(source: source, destination: place, clip: layer.clip, canvas: canvas) else { return nil }
    return Draw(
      content: content, identity: identity, source: source, placement: placement, spin: nil,
      stroke: Stroke(visible: placement.visible, weight: weight, blend: layer.blend, tint: ownTint), box: placement.box,
      covered: isOpaque ? placement.visible.covered(in: canvas) : nil, isStill: still)
  }

  private func spun(
    _ content: Draw.Content, _ identity: DrawIdentity, _ source: Rect, _ place: Rect, _ degrees: Double, _ layer: Layer,
    _ canvas: Canvas, _ base: Stroke, _ still: Bool
  ) -> Draw? {
    guard !place.isEmpty, place.width.isFinite, place.height.isFinite else { return nil }
    let spin = Spin(
      place: place,
      turn: sluice_spin_make(
        place.x + place.width / 2, place.y + place.height / 2, place.width, place.height, degrees))
    var stroke = base
    stroke.visible = spin.bounds.intersection(layer.clip.snapped).intersection(canvas.bounds)
    guard !stroke.visible.isEmpty else { return nil }
    let box = stroke.visible.outside.grown(
      log2Width: canvas.format.log2ChromaWidth, log2Height: canvas.format.log2ChromaHeight)
    return Draw(
      content: content, identity: identity, source: source, placement: nil, spin: spin, stroke: stroke, box: box, covered: nil,
      isStill: still)
  }

  /// The part of a source rectangle that the picture has, in the picture after it was turned.
  private func part(_ source: Rect, of picture: Orientation, turned quarters: Int, at place: String) throws(SluiceError) -> Rect {
    let part = source.intersection(picture.bounds)
    guard !part.isEmpty else {
      throw SluiceError(
        .software, "nothing of a picture of \(picture.width)x\(picture.height) lies in \(source)", at: place)
    }
    return part.turned(quarters, within: (Double(picture.width), Double(picture.height)))
  }

  /// Quarter turns clockwise, and the degrees that are left beside a right angle: then there are no quarter turns.
  static func turns(_ degrees: Double) -> (quarters: Int, degrees: Double) {
    let within = degrees - 360 * (degrees / 360).rounded(.down)
    let quarters = (within / 90).rounded()
    return abs(within - quarters * 90) < 1e-9 ? (Int(quarters) & 3, 0) : (0, within)
  }
}

extension Layer.Content {
  var isFill: Bool { if case .fill = self { true } else { false } }
}

extension Canvas {
  /// A canvas of another size in the same samples and colours: an unknown matrix goes by the size, so it is settled first.
  func resized(_ width: Int, _ height: Int) -> Canvas {
    var canvas = self
    canvas.color.matrix = color.completed(width: self.width, height: self.height).matrix
    canvas.width = width
    canvas.height = height
    return canvas
  }
}

extension [Layer] {
  /// Takes the pictures of some streams out, and keeps the groups that they were in right.
  public mutating func remove(streams: Set<Int>) {
    guard !streams.isEmpty else { return }
    var kept: [Layer] = []
    // Groups that the layer at hand is in: where they lie in `kept`, and how many of their members are still to come.
    var open: [(at: Int, left: Int)] = []
    for layer in self {
      while let last = open.last, last.left == 0 { open.removeLast() }
      for index in open.indices { open[index].left -= 1 }
      if streams.contains(layer.stream) {
        for group in open { kept[group.at].addMembers(-1) }
        continue
      }
      kept.append(layer)
      if case .group(_, _, _, let members) = layer.content { open.append((kept.count - 1, members)) }
    }
    self = kept
  }
}

extension Layer {
  fileprivate mutating func addMembers(_ count: Int) {
    guard case .group(let width, let height, let background, let members) = content else { return }
    content = .group(width: width, height: height, background: background, members: members + count)
  }
}
