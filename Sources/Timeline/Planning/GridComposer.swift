import FrameModel
import Plan
import SluiceBase

/// Puts the clips of a grid on tracks.
struct GridComposer {
  let grid: Project.Grid
  let geometry: GridGeometry
  let lengths: SourceLengths
  /// Length of the timeline: in seconds, and as it was given.
  let length: Rational
  let duration: TimeValue
  /// For each of the grid's sources the source of its label; empty without labels.
  let labels: [Int]
  private(set) var tracks: [Project.Track] = []

  init(
    grid: Project.Grid, geometry: GridGeometry, lengths: SourceLengths, length: Rational, duration: TimeValue, labels: [Int]
  ) {
    self.grid = grid
    self.geometry = geometry
    self.lengths = lengths
    self.length = length
    self.duration = duration
    self.labels = labels
  }

  /// Where a tile lies during its clip: the upper left corner, which may move.
  private struct Corner {
    var x: Animatable
    var y: Animatable
  }

  /// A grid that does not scroll: each tile has a track, and labels have tracks above all tiles.
  mutating func stand() throws(SluiceError) {
    makeTracks(geometry.tiles.count)
    for (index, tile) in geometry.tiles.enumerated() {
      let corner = Corner(
        x: .constant(Rational(Int64(geometry.columns.position(tile.column)))),
        y: .constant(Rational(Int64(geometry.rows.position(tile.row)))))
      try add(tile, track: index, from: .zero, to: length) { _, _ in corner }
    }
  }

  /// A grid that scrolls: its rows (columns when it scrolls left or right) come in at one side of the canvas and leave at the
  /// other, again and again. At the start, row n of this endless wall is at n * pitch.
  mutating func roll(_ scroll: Project.Grid.Scroll) throws(SluiceError) {
    let isVertical = scroll.direction == .up || scroll.direction == .down
    let isForward = scroll.direction == .down || scroll.direction == .right
    let along = isVertical ? geometry.rows : geometry.columns, lanes = isVertical ? geometry.columns : geometry.rows
    let view = isVertical ? geometry.height : geometry.width
    let way = length.times(scroll.speed)
    guard way < Rational(1 << 40) else { throw GridLayout.tooLong() }

    // Rows that are on the canvas at some time, in the order in which they come in.
    let last = Rational(way.ceil + Int64(isForward ? along.size : view)) / Rational(Int64(along.pitch))
    let first = isForward ? -((view - 1) / along.pitch) : 0
    let count = last.ceil - Int64(first)
    let layers = labels.isEmpty ? 1 : 2
    let clips = count.multipliedReportingOverflow(by: Int64(lanes.count * layers))
    guard !clips.overflow, clips.partialValue <= Int64(GridLayout.maximumClips) else {
      throw GridLayout.tooMany(
        clips.overflow ? Int.max : Int(clips.partialValue), "give the clip a shorter \"duration\", or scroll slower")
    }
    // After this many rows the first has left when the next comes in, so that they share their tracks.
    let shared = (view + along.size + along.pitch - 1) / along.pitch
    makeTracks(shared * lanes.count)

    var wall = [GridGeometry.Tile?](repeating: nil, count: along.count * lanes.count)
    for tile in geometry.tiles {
      let (row, lane) = isVertical ? (tile.row, tile.column) : (tile.column, tile.row)
      wall[row * lanes.count + lane] = tile
    }
    for step in Int64(first)..<last.ceil {
      let row = isForward ? -step : step
      let start = row * Int64(along.pitch)
      // The position is start ± speed * t. The row is on the canvas between these times.
      let comes = isForward ? -Int64(along.size) - start : start - Int64(view)
      let goes = isForward ? Int64(view) - start : start + Int64(along.size)
      guard let enter = Rational(comes).over(scroll.speed), let leave = Rational(goes).over(scroll.speed) else {
        throw GridLayout.tooLong()
      }
      func position(_ time: Rational) -> Rational {
        let way = time.times(scroll.speed)
        return isForward ? Rational(start).plus(way) : Rational(start).minus(way)
      }
      for lane in 0..<lanes.count {
        guard let tile = wall[Self.modulo(row, along.count) * lanes.count + lane] else { continue }
        let across = Animatable.constant(Rational(Int64(lanes.position(lane))))
        try add(
          tile, track: Self.modulo(step, shared) * lanes.count + lane, from: max(enter, .zero), to: min(leave, length)
        ) { from, to in
          let moving = Animatable.keys([
            .init(time: .zero, value: position(from)), .init(time: to.minus(from), value: position(to)),
          ])
          return isVertical ? Corner(x: across, y: moving) : Corner(x: moving, y: across)
        }
      }
    }
  }

  private static func modulo(_ value: Int64, _ count: Int) -> Int {
    let rest = Int(value % Int64(count))
    return rest < 0 ? rest + count : rest
  }

  private mutating func makeTracks(_ count: Int) {
    tracks = Array(repeating: Project.Track(), count: labels.isEmpty ? count : 2 * count)
  }

  /// A tile and its label, from the time at which they are revealed to the end. `corner` gives their place in that time.
  private mutating func add(
    _ tile: GridGeometry.Tile, track: Int, from: Rational, to: Rational,
    corner: (_ from: Rational, _ to: Rational) -> Corner
  ) throws(SluiceError) {
    var from = from
    var opacity = Animatable.one
    if let reveal = grid.reveal {
      let shown = reveal.interval.times(Rational(Int64(tile.turn)))
      from = max(from, shown)
      guard from < to else { return }
      opacity = fade(from, shown: shown, reveal.duration)
    }
    guard from < to else { return }
    let time = to.minus(from)
    let corner = corner(from, to)
    var clip = Project.Clip(source: grid.sources[tile.source])
    clip.at = .seconds(from)
    clip.duration = from == .zero && to == length ? duration : .seconds(time)
    clip.opacity = opacity
    clip.place.x = corner.x
    clip.place.y = corner.y
    clip.place.width = .constant(Rational(Int64(geometry.columns.size)))
    var label = clip
    clip.place.height = .constant(Rational(Int64(geometry.rows.size - geometry.labelHeight)))
    clip.place.fit = grid.fit
    clip.beyond = grid.beyond
    if open(&clip, at: from) { tracks[track].clips.append(clip) }
    guard !labels.isEmpty else { return }
    let below = Rational(Int64(geometry.rows.size - geometry.labelHeight))
    label.source = labels[tile.source]
    label.place.y = label.place.y.adding(below)
    label.place.height = .constant(Rational(Int64(geometry.labelHeight)))
    tracks[tracks.count / 2 + track].clips.append(label)
  }

  /// The opacity of a clip that fades in at `shown` and starts at `from`.
  private func fade(_ from: Rational, shown: Rational, _ duration: Rational) -> Animatable {
    let since = from.minus(shown), left = duration.minus(since)
    guard left > .zero, let value = since.over(duration) else { return .one }
    return .keys([.init(time: .zero, value: value), .init(time: left, value: .one)])
  }

  /// Sets the clip to the source's time at a time of the grid. Returns false when the source has ended and is cut there.
  private func open(_ clip: inout Project.Clip, at time: Rational) -> Bool {
    guard time > .zero, !lengths.isStill(clip.source) else { return true }
    guard let length = lengths.length(clip.source), time >= length else {
      clip.in = .seconds(time)
      return true
    }
    switch grid.beyond {
    case .cut: return false
    case .hold:
      // The last picture is the one that is shown a millisecond before the end.
      let last = Rational(1, 1000)
      clip.in = .seconds(length > last ? length.minus(last) : .zero)
      clip.speed = .zero
    case .loop:
      guard let turns = time.over(length) else { return false }
      clip.in = .seconds(time.minus(length.times(Rational(turns.floor))))
    }
    return true
  }
}
