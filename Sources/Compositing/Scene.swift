import FrameModel
import Plan
import SharedRing
import SluiceBase

/// Everything that decides the pixels of a drawn layer: equal identities draw equal pixels.
public struct DrawIdentity: Hashable {
  public let layer: Layer
  public let picture: PictureIdentity?
}

/// Everything that decides a picture's samples.
public enum PictureIdentity: Hashable {
  case slot(UInt32, generation: UInt32, memory: UnsafeRawPointer)
  case scene(width: Int, height: Int, background: RGBA, members: [DrawIdentity])
}

/// A visible layer, with what is needed to draw it.
public struct Draw {
  public enum Content {
    /// One code value for each plane of the canvas.
    case fill([UInt16])
    case picture(SourcePicture)
    /// The scene must be drawn before the picture has samples.
    case group(Scene, SourcePicture)
  }
  public let content: Content
  public let identity: DrawIdentity
  /// The layer's source rectangle, cut to the picture.
  public let source: Rect
  /// nil for a layer that is turned by `spin`.
  public let placement: Placement?
  public let spin: Spin?
  public let stroke: Stroke
  /// All samples that it touches, on the chroma grid.
  public let box: Box
  /// The samples that it covers completely and opaquely.
  public let covered: Box?
  /// Its picture stays the same from frame to frame.
  public let isStill: Bool
}

/// The visible layers of one canvas, bottom first: of the output frame, or of a group. Immutable.
public final class Scene {
  public let canvas: Canvas
  public let background: RGBA
  public let draws: [Draw]
  public let isOpaque: Bool
  /// The part that is not transparent, on the chroma grid.
  public let bounds: Box
  public var whole: Box { Box(canvas) }
  public var identity: PictureIdentity {
    .scene(width: canvas.width, height: canvas.height, background: background, members: draws.map(\.identity))
  }

  /// Leaves out layers that one opaque layer above covers. `isOutput`: black shows through the background.
  init(_ layers: [Draw], canvas: Canvas, background: RGBA, isOutput: Bool) {
    self.canvas = canvas
    self.background = background
    let whole = Box(canvas)
    draws = layers.indices.compactMap { index in
      let box = layers[index].box.intersection(whole)
      return layers[(index + 1)...].contains { $0.covered?.contains(box) == true } ? nil : layers[index]
    }
    isOpaque = isOutput || background.alpha >= 1 || Scene.uncovered(whole, by: draws).isEmpty
    let grid = whole.grown(log2Width: canvas.format.log2ChromaWidth, log2Height: canvas.format.log2ChromaHeight)
    bounds = isOpaque || background.alpha > 0 ? grid : draws.dropFirst().reduce(draws.first?.box ?? whole) { $0.union($1.box) }
  }

  /// The parts of a box that no opaque layer covers. A layer that would split it into more than 64 pieces counts as open.
  public static func uncovered(_ box: Box, by draws: [Draw]) -> [Box] {
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
