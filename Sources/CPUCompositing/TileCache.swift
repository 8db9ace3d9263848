import Compositing
import FrameModel
import Plan
import SharedRing

/// Everything that decides a scaled tile: a picture and how it is scaled.
struct TileKey: Hashable {
  var picture: PictureIdentity
  var window: Box
  var rotation: Int
  var mirrored: Bool
  var scale: ScaleKey
  var kind: Surface.Kind
}

/// A scaled picture in samples that can be painted. Borrowed memory.
struct Tile {
  var kind: Surface.Kind
  var planes: Planes
  /// The part of the scaled picture that is there, on the chroma grid: beyond it, everything is transparent.
  var box: Box
}

/// Scaled tiles of pictures that do not change from frame to frame (stills, holds), within a budget of bytes. A picture is kept when it
/// is drawn in two frames in a row, so moving pictures are never kept. Tiles that this frame or the last one used are not dropped: of a
/// set of stills larger than the budget, a part is kept.
struct TileCache {
  private final class Entry {
    let memory: UnsafeMutableRawPointer
    let bytes: Int
    let tile: Tile
    var lastUse: Int
    init(_ kind: Surface.Kind, _ layout: PlaneLayout, _ box: Box, lastUse: Int) {
      bytes = layout.bytes
      memory = .allocate(byteCount: bytes, alignment: 64)
      tile = Tile(kind: kind, planes: Planes(layout, in: memory), box: box)
      self.lastUse = lastUse
    }
    deinit { memory.deallocate() }
  }

  private let budget: Int
  private let counters: any StageCounters
  private var tiles: [TileKey: Entry] = [:]
  private var bytes = 0
  private var frame = 0
  private var drawn: Set<TileKey> = []
  private var drawnBefore: Set<TileKey> = []

  init(budget: Int, counters: any StageCounters) {
    self.budget = budget
    self.counters = counters
  }

  mutating func beginFrame() {
    frame += 1
    swap(&drawn, &drawnBefore)
    drawn.removeAll(keepingCapacity: true)
  }

  /// The tile when it is kept already.
  mutating func find(_ key: TileKey) -> Tile? {
    guard let entry = tiles[key] else { return nil }
    entry.lastUse = frame
    return entry.tile
  }

  /// Whether the tile is worth keeping: it is drawn again.
  mutating func isDrawnAgain(_ key: TileKey) -> Bool {
    let again = drawnBefore.contains(key) || drawn.contains(key)
    drawn.insert(key)
    return again
  }

  /// Memory for a tile that is to be kept, or nil when it does not fit.
  mutating func insert(_ key: TileKey, _ layout: PlaneLayout, box: Box) -> Tile? {
    guard layout.bytes <= budget else { return nil }
    while bytes + layout.bytes > budget {
      guard let oldest = tiles.min(by: { $0.value.lastUse < $1.value.lastUse }), oldest.value.lastUse < frame - 1 else {
        return nil
      }
      bytes -= oldest.value.bytes
      tiles[oldest.key] = nil
    }
    let entry = Entry(key.kind, layout, box, lastUse: frame)
    counters.add(.buffersCreated, 1)
    tiles[key] = entry
    bytes += entry.bytes
    return entry.tile
  }

  /// Drops a tile whose scaling failed.
  mutating func forget(_ key: TileKey) {
    if let entry = tiles.removeValue(forKey: key) { bytes -= entry.bytes }
  }
}
