import FrameModel
import SharedRing
import Timeline

/// Everything that decides a scaled tile: a picture and how it is scaled.
struct TileKey: Hashable {
  var slot: UInt32
  var generation: UInt32
  var memory: UnsafeRawPointer
  var window: Box
  var rotation: Int
  var mirrored: Bool
  var scale: ScaleKey
}

/// Scaled tiles of pictures that do not change from frame to frame (stills, holds), within a budget of bytes. A picture
/// is kept when it is drawn a second time in a row, so that moving pictures never come in here. What this frame or the
/// last one used is never dropped: a set of stills larger than the budget is kept in part instead of thrashing.
struct TileCache {
  private final class Tile {
    let memory: UnsafeMutableRawPointer
    let bytes: Int
    var lastUse: Int
    init(bytes: Int, lastUse: Int) {
      memory = .allocate(byteCount: bytes, alignment: 64)
      self.bytes = bytes
      self.lastUse = lastUse
    }
    deinit { memory.deallocate() }
  }

  private let budget: Int
  private let counters: any StageCounters
  private var tiles: [TileKey: Tile] = [:]
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

  /// The tile's memory when it is kept already.
  mutating func find(_ key: TileKey) -> UnsafeMutableRawPointer? {
    guard let tile = tiles[key] else { return nil }
    tile.lastUse = frame
    return tile.memory
  }

  /// Memory for a tile that is now to be scaled and kept, or nil when it is not worth it or does not fit.
  mutating func admit(_ key: TileKey, bytes count: Int) -> UnsafeMutableRawPointer? {
    let again = drawnBefore.contains(key) || drawn.contains(key)
    drawn.insert(key)
    guard again, count <= budget else { return nil }
    while bytes + count > budget {
      guard let oldest = tiles.min(by: { $0.value.lastUse < $1.value.lastUse }), oldest.value.lastUse < frame - 1 else {
        return nil
      }
      bytes -= oldest.value.bytes
      tiles[oldest.key] = nil
    }
    let tile = Tile(bytes: count, lastUse: frame)
    counters.add(.buffersCreated, 1)
    tiles[key] = tile
    bytes += count
    return tile.memory
  }

  /// Drops a tile whose scaling failed.
  mutating func forget(_ key: TileKey) {
    if let tile = tiles.removeValue(forKey: key) { bytes -= tile.bytes }
  }
}
