import CZimg
import Compositing
import FrameModel
import Plan
import SluiceBase

/// Everything that decides a scaling graph.
struct ScaleKey: Hashable {
  var sourceFormat: PixelFormat
  var sourceWidth: Int
  var sourceHeight: Int
  /// Part of the source that fills the target.
  var region: Rect
  var premultiplied: Bool
  var sourceChroma: UInt8
  var targetFormat: PixelFormat
  var targetWidth: Int
  var targetHeight: Int
  var targetChroma: UInt8
  var color: ColorPair
}

/// A zimg filter graph. Immutable; runs on any thread that has a scratch buffer of its own for it.
final class ScaleGraph {
  private let graph: OpaquePointer
  let scratchBytes: Int
  var lastUse: UInt64 = 0

  init(_ key: ScaleKey, level: VectorLevel) throws(SluiceError) {
    let alpha = key.sourceFormat.hasAlpha
    let color = key.color
    var source = ScaleGraph.image(key.sourceFormat, key.sourceWidth, key.sourceHeight)
    source.matrix = Int32(color.sourceMatrix)
    source.primaries = Int32(color.sourcePrimaries)
    source.transfer = Int32(color.sourceTransfer)
    source.full_range = color.sourceFullRange
    source.chroma_location = Int32(key.sourceChroma)
    source.alpha = !alpha ? ZIMG_ALPHA_NONE : key.premultiplied ? ZIMG_ALPHA_PREMULTIPLIED : ZIMG_ALPHA_STRAIGHT
    source.left = key.region.x
    source.top = key.region.y
    source.active_width = key.region.width
    source.active_height = key.region.height
    var target = ScaleGraph.image(key.targetFormat, key.targetWidth, key.targetHeight)
    target.matrix = Int32(color.targetMatrix)
    target.primaries = Int32(color.targetPrimaries)
    target.transfer = Int32(color.targetTransfer)
    target.full_range = color.targetFullRange
    target.chroma_location = Int32(key.targetChroma)
    target.alpha = alpha ? ZIMG_ALPHA_STRAIGHT : ZIMG_ALPHA_NONE
    // A kernel with negative lobes would overshoot alpha at its edges and leave a bright fringe.
    let filter = alpha ? ZIMG_RESIZE_BILINEAR : ZIMG_RESIZE_BICUBIC
    var bytes = 0
    guard let graph = sluice_zimg_build(&source, &target, filter, 0, 0.6, level.zimg(for: key)) else {
      throw ScaleGraph.failure("cannot convert \(key.sourceFormat) \(key.sourceWidth)x\(key.sourceHeight)")
    }
    guard zimg_filter_graph_get_tmp_size(graph, &bytes) == ZIMG_ERROR_SUCCESS else {
      zimg_filter_graph_free(graph)
      throw ScaleGraph.failure("cannot size a scaling graph")
    }
    self.graph = graph
    scratchBytes = bytes
  }
  deinit { zimg_filter_graph_free(graph) }

  /// Planes in slot order; both must be 64-byte aligned and hold whole pictures of the key's sizes.
  func run(_ source: Planes, _ sourceFormat: PixelFormat, _ target: Planes, _ targetFormat: PixelFormat, scratch: Scratch)
    throws(SluiceError)
  {
    let from = ScaleGraph.inZimgOrder(source, sourceFormat)
    let to = ScaleGraph.inZimgOrder(target, targetFormat)
    let memory = scratch.reserve(scratchBytes)
    let result = withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 8) { base in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: 8) { stride in
        for index in 0..<4 {
          base[index] = from.base[index]
          base[index + 4] = to.base[index]
          stride[index] = from.stride[index]
          stride[index + 4] = to.stride[index]
        }
        guard let bases = base.baseAddress, let strides = stride.baseAddress else { return Int32(-1) }
        return bases.withMemoryRebound(to: UnsafeRawPointer?.self, capacity: 4) {
          sluice_zimg_run(graph, $0, strides, bases + 4, strides + 4, memory)
        }
      }
    }
    guard result == 0 else { throw ScaleGraph.failure("scaling failed") }
  }

  /// zimg has alpha in the fourth place even of a gray picture.
  private static func inZimgOrder(_ planes: Planes, _ format: PixelFormat) -> Planes {
    guard format.family == .gray, format.hasAlpha else { return planes }
    var moved = planes
    moved.base[3] = planes.base[1]
    moved.stride[3] = planes.stride[1]
    moved.base[1] = nil
    return moved
  }

  private static func image(_ format: PixelFormat, _ width: Int, _ height: Int) -> sluice_zimg_image {
    var image = sluice_zimg_image()
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.depth = UInt32(format.depth)
    image.subsample_w = UInt32(format.log2ChromaWidth)
    image.subsample_h = UInt32(format.log2ChromaHeight)
    image.family =
      switch format.family {
      case .gray, nil: ZIMG_COLOR_GREY
      case .yuv: ZIMG_COLOR_YUV
      case .rgb: ZIMG_COLOR_RGB
      }
    return image
  }

  private static func failure(_ what: String) -> SluiceError {
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      zimg_get_last_error(buffer.baseAddress, buffer.count)
      return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    return SluiceError(.software, "\(what): zimg says \"\(text)\"")
  }
}

/// The graphs used last. Building one takes about as long as scaling a small tile.
struct ScaleGraphCache {
  static let capacity = 256
  private var graphs: [ScaleKey: ScaleGraph] = [:]
  private var clock: UInt64 = 0
  let level: VectorLevel

  init(level: VectorLevel) { self.level = level }

  mutating func graph(_ key: ScaleKey) throws(SluiceError) -> ScaleGraph {
    clock += 1
    if let graph = graphs[key] {
      graph.lastUse = clock
      return graph
    }
    if graphs.count >= ScaleGraphCache.capacity, let oldest = graphs.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      graphs[oldest.key] = nil
    }
    let graph = try ScaleGraph(key, level: level)
    graph.lastUse = clock
    graphs[key] = graph
    return graph
  }
}
