import FrameModel
import Plan
import SluiceBase

/// Makes the layers of a plan from what is seen.
struct LayerTable {
  let context: PlanContext
  let canvas: Canvas
  /// The timeline's frame that is output frame 0.
  let base: Int64
  private var entries: [Entry] = []
  private var order = 0

  init(context: PlanContext, canvas: Canvas, base: Int64) {
    self.context = context
    self.canvas = canvas
    self.base = base
  }

  private struct Entry {
    var item: PlanItem
    var frames: Range<Int64>
    var order: Int
    var membersEnd = 0
    var stream = -1
    var tile: StillTile?
  }

  /// `segments` are in order from bottom to top.
  mutating func add(_ segments: [PlanSegment]) {
    for segment in segments {
      order += 1
      var entry = Entry(item: segment.item, frames: segment.frames, order: order)
      guard case .group = segment.item.content else {
        entries.append(entry)
        continue
      }
      let index = entries.count
      entries.append(entry)
      add(segment.members)
      order += 1
      entry.membersEnd = order
      entries[index] = entry
    }
  }

  /// Splits layers at the frames at which their streams start again.
  mutating func assignStreams(_ streams: inout StreamTable) throws(SluiceError) {
    let tiles = StillTiles(context: context, canvas: canvas)
    entries.sort { ($0.frames.lowerBound, $0.order) < ($1.frames.lowerBound, $1.order) }
    var result: [Entry] = []
    result.reserveCapacity(entries.count)
    for entry in entries {
      guard case .picture(let picture) = entry.item.content else {
        result.append(entry)
        continue
      }
      let tile = tiles.tile(picture, entry.item.geometry)
      let use = StreamTable.Use(picture: picture, tile: tile, frames: entry.frames, place: entry.item.place)
      for part in try streams.assign(use) {
        var entry = entry
        entry.frames = part.frames
        entry.stream = part.stream
        entry.tile = tile
        result.append(entry)
      }
    }
    result.sort { ($0.frames.lowerBound, $0.order) < ($1.frames.lowerBound, $1.order) }
    entries = result
  }

  /// The records, sorted by rising first frame.
  func records(streamIndex: [Int]) -> [PlanBytes.LayerRecord] {
    entries.map { entry in
      let item = entry.item
      let content: Layer.Content =
        switch item.content {
        case .fill(let color): .fill(color)
        case .picture: .picture(stream: streamIndex[entry.stream])
        case .group(let width, let height, let background, _):
          .group(width: width, height: height, background: background, members: 0)
        }
      let nowhere = Rect(x: 0, y: 0, width: 0, height: 0)
      var layer = Layer(content, source: nowhere, destination: nowhere, opacity: item.opacity, blend: item.blend)
      var motion: Int?
      switch item.geometry {
      case .resting(let source, let destination): (layer.source, layer.destination) = (source, destination)
      case .turned(let source, let destination, let degrees):
        (layer.source, layer.destination, layer.rotation) = (source, destination, degrees)
      case .moving(let index): motion = index
      }
      if let tile = entry.tile, motion == nil { layer.source = tile.map(layer.source) }
      return PlanBytes.LayerRecord(
        first: entry.frames.lowerBound - base, end: entry.frames.upperBound - base, order: entry.order,
        membersEnd: entry.membersEnd, layer: layer, motion: motion, entering: item.entering?.index,
        leaving: item.leaving?.index)
    }
  }
}
