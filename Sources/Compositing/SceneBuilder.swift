import CSluice
import FrameModel
import Plan
import SharedRing
import SluiceBase

/// Makes scenes from layers: finds what is visible, where it lies, and what it covers. Checks the headers of the pictures.
public struct SceneBuilder {
  /// Tells which streams have one picture for all their frames.
  let isStill: (Int) -> Bool

  public init(isStill: @escaping (Int) -> Bool) { self.isStill = isStill }

  /// The scene of the output frame. `input` gives the slot that holds a stream's picture. Throws `.software` when a stream has no
  /// picture, a header is damaged, or a layer's numbers are not finite.
  public func output(_ layers: [Layer], canvas: Canvas, _ input: (Int) -> ReadableSlot?) throws(SluiceError) -> Scene {
    try scene(layers[...], canvas: canvas, background: canvas.background, isOutput: true, input)
  }

  private func scene(
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

  /// nil when nothing of it is visible.
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

  /// A source rectangle cut to the picture, in pixels of the picture after it was turned.
  private func part(_ source: Rect, of picture: Orientation, turned quarters: Int, at place: String) throws(SluiceError) -> Rect {
    let part = source.intersection(picture.bounds)
    guard !part.isEmpty else {
      throw SluiceError(
        .software, "nothing of a picture of \(picture.width)x\(picture.height) lies in \(source)", at: place)
    }
    return part.turned(quarters, within: (Double(picture.width), Double(picture.height)))
  }

  /// An angle as quarter turns clockwise if it is a right one, else as degrees and no quarter turns.
  static func turns(_ degrees: Double) -> (quarters: Int, degrees: Double) {
    let within = degrees - 360 * (degrees / 360).rounded(.down)
    let quarters = (within / 90).rounded()
    return abs(within - quarters * 90) < 1e-9 ? (Int(quarters) & 3, 0) : (0, within)
  }
}

extension Layer.Content {
  fileprivate var isFill: Bool { if case .fill = self { true } else { false } }
}

extension Canvas {
  /// A canvas of another size with the same samples and colours. An unknown matrix depends on the size, so it is settled first.
  fileprivate func resized(_ width: Int, _ height: Int) -> Canvas {
    var canvas = self
    canvas.color.matrix = color.completed(width: self.width, height: self.height).matrix
    canvas.width = width
    canvas.height = height
    return canvas
  }
}
