import CSluice
import Compositing
import FrameModel
import Plan
import SharedRing
import SluiceBase

/// The compositor that every machine has. It draws a frame within `submit`, so its depth is 1.
///
/// It works in the canvas's own planes. zimg scales and converts straight into the output slot where a tile is opaque and its planes
/// are 64-byte aligned there (columns at multiples of 128 pixels for 8-bit 4:2:0). zimg reads its source in the slot where the source
/// is upright, even and aligned. Neither moves a byte. Otherwise samples go through memory of our own, and the bytes moved are counted
/// (`copiedBytes`).
///
/// It remembers what was drawn into each output slot, and draws only what has changed since (`DamageTracker`). The slot's bytes are the
/// same as if everything were drawn. A layer's pixels depend on the layer and its picture alone.
///
/// Memory: graphs; buffers for the tiles, turned sources and groups that one frame needs at a time; up to `stillBytes` of scaled
/// stills. All of it is made in the first frames and used again (`buffersCreated`).
/// Interlaced pictures are scaled as if progressive. Turning a picture by right angles moves its samples unchanged: the chroma
/// location's quarter of a sample is not turned with it.
///
/// Not thread-safe: used on one thread.
public final class CPUCompositor: Compositor {
  let canvas: Canvas
  let counters: any StageCounters
  let layout: PlaneLayout
  let exactSiting: Bool
  let matrix: BlendMatrix
  let pool: BufferPool
  let scaling: Scratch
  let turned: Scratch
  let row: Scratch
  let tinted: Scratch
  let coverage: Scratch
  let strip: Scratch
  let stripWeights: Scratch
  var graphs: ScaleGraphCache
  var tiles: TileCache
  private let isStill: (Int) -> Bool
  private var header: FrameDescription
  private var damage = DamageTracker()
  private var isInFlight = false
  public let depth = 1
  /// Pixels of the output that were drawn because they were not in their slot already. Counted since the compositor was made.
  public private(set) var drawnPixels: UInt64 = 0

  /// `stillBytes` bounds the scaled tiles kept of pictures that do not change. Counts copied bytes and buffers made;
  /// frames and time are the worker's to count.
  ///
  /// `isStill` tells which streams have one picture for all their frames. Such a picture is scaled once, whole, when it moves by
  /// parts of a pixel or over the canvas's edge, and then shifted; others are scaled to their place in every frame.
  ///
  /// A chroma location that differs from the canvas's is always converted. One that both share moves by a part of a
  /// pixel when a picture is scaled; with `exactSiting` that is followed too, else each plane is scaled by itself, as
  /// FFmpeg's scaler does (against which the chroma then measures 62 dB instead of 45).
  public init(
    canvas: Canvas, counters: any StageCounters, stillBytes: Int = 64 << 20, vectors: VectorLevel = .automatic,
    exactSiting: Bool = false, isStill: @escaping (Int) -> Bool = { _ in false }
  ) {
    self.canvas = canvas
    self.counters = counters
    self.exactSiting = exactSiting
    self.isStill = isStill
    layout = PlaneLayout(canvas.format, width: canvas.width, height: canvas.height)
    header = FrameDescription(format: canvas.format, width: canvas.width, height: canvas.height)
    header.color = canvas.color
    header.sampleAspect = canvas.sampleAspect
    matrix = BlendMatrix(canvas)
    graphs = ScaleGraphCache(level: vectors)
    tiles = TileCache(budget: stillBytes, counters: counters)
    pool = BufferPool(counters: counters)
    scaling = Scratch(counters: counters)
    turned = Scratch(counters: counters)
    row = Scratch(counters: counters)
    tinted = Scratch(counters: counters)
    coverage = Scratch(counters: counters)
    strip = Scratch(counters: counters)
    stripWeights = Scratch(counters: counters)
  }

  public func submit(frame: Int64, layers: [Layer], input: (Int) -> ReadableSlot?, into output: WritableSlot)
    throws(SluiceError)
  {
    guard !canvas.format.hasAlpha, canvas.format.isValid, (8...16).contains(canvas.format.depth) else {
      throw SluiceError(.software, "no canvas can have the pixel format \(canvas.format)")
    }
    guard output.bytes >= layout.bytes else {
      throw SluiceError(.software, "output slot \(output.index) has \(output.bytes) bytes, the canvas needs \(layout.bytes)")
    }
    tiles.beginFrame()
    defer { pool.endFrame() }
    header.number = frame
    header.pts = Rational(frame) / canvas.rate
    header.write(to: output.memory)
    let scene = try SceneBuilder(isStill: isStill).output(layers, canvas: canvas, input)
    let regions = damage.begin(output, scene)
    try paint(
      scene, on: Target(canvas: canvas, planes: Planes(layout, in: output.memory), isPremultiplied: false), regions: regions)
    damage.finish(output)
    for region in regions { drawnPixels += UInt64(region.width * region.height) }
    isInFlight = true
  }

  /// The frame was drawn by `submit`.
  public func finish(within nanoseconds: UInt64) -> Bool {
    defer { isInFlight = false }
    return isInFlight
  }
}
