import FrameModel
import Plan
import SluiceBase

/// Where the tiles of a grid lie, in whole pixels. Tiles have even sizes.
struct GridGeometry {
  /// Tiles along one side of the canvas: the first starts at `origin`, the next `pitch` later.
  struct Axis: Equatable {
    var origin: Int
    var size: Int
    var pitch: Int
    var count: Int

    /// Tiles of an even size that fill `length`, with `padding` at both ends. Pixels that are left over go to the ends. Returns nil
    /// when the tiles do not fit.
    init?(filling length: Int, count: Int, gap: Int, padding: Int) {
      let (gaps, gapOverflow) = gap.multipliedReportingOverflow(by: count - 1)
      let (ends, endOverflow) = padding.multipliedReportingOverflow(by: 2)
      let (taken, overflow) = gaps.addingReportingOverflow(ends)
      guard gap >= 0, padding >= 0, !gapOverflow, !endOverflow, !overflow, taken < length else { return nil }
      let whole = (length - taken) / count
      guard whole >= 2 else { return nil }
      size = whole / 2 * 2
      pitch = size + gap
      origin = padding + (length - taken - size * count) / 4 * 2
      self.count = count
    }

    /// `count` tiles that scroll by. `visible` of them fill the length at once; each may be up to two pixels too large.
    init?(rolling length: Int, count: Int, visible: Int, gap: Int) {
      guard visible > 0, (0..<length).contains(gap) else { return nil }
      let whole = (length - 1) / visible + 1 - gap
      guard whole >= 1 else { return nil }
      size = (whole + 1) / 2 * 2
      pitch = size + gap
      origin = 0
      self.count = count
    }

    func position(_ index: Int) -> Int { origin + index * pitch }
  }

  struct Tile {
    var column: Int
    var row: Int
    /// Index into the grid's sources.
    var source: Int
    /// Its position in the grid's order.
    var turn: Int
  }

  /// Size of the canvas on which the grid is drawn.
  let width: Int
  let height: Int
  let columns: Axis
  /// Length of a scrolling grid before it repeats.
  let rows: Axis
  /// Pixels at the foot of each tile; 0 without labels.
  let labelHeight: Int
  let tiles: [Tile]

  /// Throws when the tiles do not fit.
  init(_ grid: Project.Grid, canvas: Canvas) throws(SluiceError) {
    let width = grid.width ?? canvas.width, height = grid.height ?? canvas.height
    self.width = width
    self.height = height
    labelHeight = grid.labels.map { Int(($0.size * Rational(3, 4)).ceil) * 2 } ?? 0
    let count = grid.sources.count
    let lanes = min(grid.columns ?? Int(Double(count).squareRoot().rounded(.up)), count)
    guard count > 0, lanes > 0 else { throw SluiceError(.badInput, "a grid needs at least one source and one column") }
    let stations = (count + lanes - 1) / lanes

    var shape = (columns: lanes, rows: stations)
    var axes: (columns: Axis?, rows: Axis?)
    switch grid.scroll?.direction {
    case nil:
      axes.columns = Axis(filling: width, count: lanes, gap: grid.gap, padding: grid.padding)
      axes.rows = Axis(filling: height, count: stations, gap: grid.gap, padding: grid.padding)
    case .up, .down:
      axes.columns = Axis(filling: width, count: lanes, gap: grid.gap, padding: grid.padding)
      let tile = (axes.columns?.size ?? 2) * height / width + labelHeight
      let visible = grid.visible ?? Self.most(height, tile + grid.gap)
      axes.rows = Axis(rolling: height, count: stations, visible: visible, gap: grid.gap)
      shape.rows = visible
    case .left, .right:
      axes.rows = Axis(filling: height, count: lanes, gap: grid.gap, padding: grid.padding)
      let tile = max((axes.rows?.size ?? 2) - labelHeight, 2) * width / height
      let visible = grid.visible ?? Self.most(width, tile + grid.gap)
      axes.columns = Axis(rolling: width, count: stations, visible: visible, gap: grid.gap)
      shape = (visible, lanes)
    }
    guard let columns = axes.columns, let rows = axes.rows else {
      let padding = grid.padding > 0 ? " and a padding of \(grid.padding)" : ""
      throw SluiceError(
        .badInput, "\(shape.columns)x\(shape.rows) tiles with a gap of \(grid.gap)\(padding) do not fit \(width)x\(height)",
        advice: "take a smaller \"gap\", or other \"columns\"")
    }
    guard rows.size - labelHeight >= 2 else {
      throw SluiceError(
        .badInput, "labels of \(labelHeight) pixels leave no room in tiles of \(columns.size)x\(rows.size)",
        advice: "take a smaller \"size\" for the labels")
    }
    self.columns = columns
    self.rows = rows
    tiles = Self.tiles(grid, columns: columns.count, rows: rows.count)
  }

  /// How many such tiles fill the length best.
  private static func most(_ length: Int, _ pitch: Int) -> Int { max(1, (2 * length + pitch) / max(1, 2 * pitch)) }

  /// The tiles by rows. The last places of a grid that does not scroll stay empty. In one that scrolls they are filled with the
  /// first sources again.
  private static func tiles(_ grid: Project.Grid, columns: Int, rows: Int) -> [Tile] {
    let count = grid.sources.count
    var order = Array(0..<count)
    if grid.order == .shuffled { order.sort { (hash($0), $0) < (hash($1), $1) } }
    return (0..<columns * rows).compactMap { place in
      let row = place / columns, column = place % columns
      let turn = grid.order == .columns ? column * rows + row : place
      guard turn < count || grid.scroll != nil else { return nil }
      return Tile(column: column, row: row, source: order[turn % count], turn: turn)
    }
  }

  /// splitmix64: the same order on every machine.
  private static func hash(_ index: Int) -> UInt64 {
    var z = UInt64(truncatingIfNeeded: index) &+ 1
    z = z &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
