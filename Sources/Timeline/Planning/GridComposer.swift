import FrameModel
import SluiceBase

/// Puts the clips of a grid on tracks.
struct GridComposer {
  let grid: Project.Grid
  let geometry: GridGeometry
  let lengths: SourceLengths
  /// Of the timeline, in seconds, and as it was given.
  let length: Rational
  let duration: TimeValue
  /// Source of the title of each of the grid's sources; empty without labels.
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

  /// Where a tile lies: its upper left corner, from the clip's start on.
  private struct Corner {
    var x: Animatable
    var y: Animatable
  }

  /// Tiles that do not move: a track each, the labels' above.
  mutating func stand() throws(SluiceError) {
    makeTracks(geometry.tiles.count)
    for (index, tile) in geometry.tiles.enumerated() {
      let corner = Corner(
        x: .constant(Rational(Int64(geometry.columns.position(tile.column)))),
        y: .constant(Rational(Int64(geometry.rows.position(tile.row)))))
      try add(tile, track: index, from: .zero, to: length) { _, _ in corner }
    }
  }

  /// The wall moves: copy after copy of its rows (columns, where it moves left or right) comes in at one side of the
  /// canvas and leaves at the other. Row n of the endless wall stands at n * pitch at the start.
  mutating func roll(_ scroll: Project.Grid.Scroll) throws(SluiceError) {
    let isVertical = scroll.direction == .up || scroll.direction == .down
    let isForward = scroll.direction == .down || scroll.direction == .right
    let along = isVertical ? geometry.rows : geometry.columns, lanes = isVertical ? geometry.columns : geometry.rows
    let view = isVertical ? geometry.height : geometry.width
    guard let way = length.multiplied(by: scroll.speed) else { throw GridLayout.tooFine() }

    // Rows that are on the canvas at some time, by when they come.
    let last = Rational(way.ceil + Int64(isForward ? along.size : view)) / Rational(Int64(along.pitch))
    let first = isForward ? -((view - 1) / along.pitch) : 0
    let count = last.ceil - Int64(first)
    let layers = labels.isEmpty ? 1 : 2
    let clips = count.multipliedReportingOverflow(by: Int64(lanes.count * layers))
    guard !clips.overflow, clips.partialValue <= Int64(GridLayout.maximumClips) else {
      throw GridLayout.tooMany(
        clips.overflow ? Int.max : Int(clips.partialValue), "give the clip a shorter \"duration\", or scroll slower")
    }
    // After this many rows the first is gone when the next comes: they share their tracks.
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
      // The position on the way is start ± speed * t: it is on the canvas between these.
      let comes = isForward ? -Int64(along.size) - start : start - Int64(view)
      let goes = isForward ? Int64(view) - start : start + Int64(along.size)
      guard let enter = Rational(comes).divided(by: scroll.speed), let leave = Rational(goes).divided(by: scroll.speed) else {
        throw GridLayout.tooFine()
      }
      func position(_ time: Rational) -> Rational? {
        time.multiplied(by: scroll.speed).flatMap { isForward ? Rational(start).adding($0) : Rational(start).subtracting($0) }
      }
      for lane in 0..<lanes.count {
        guard let tile = wall[Self.modulo(row, along.count) * lanes.count + lane] else { continue }
        let across = Animatable.constant(Rational(Int64(lanes.position(lane))))
        try add(
          tile, track: Self.modulo(step, shared) * lanes.count + lane, from: max(enter, .zero), to: min(leave, length)
        ) { (from, to) throws(SluiceError) in
          guard let a = position(from), let b = position(to), let time = to.subtracting(from) else { throw GridLayout.tooFine() }
          let moving = Animatable.keys([.init(time: .zero, value: a), .init(time: time, value: b)])
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

  /// A tile and its label from when it is revealed to its end. `corner`: for the time that is left.
  private mutating func add(
    _ tile: GridGeometry.Tile, track: Int, from: Rational, to: Rational,
    corner: (_ from: Rational, _ to: Rational) throws(SluiceError) -> Corner
  ) throws(SluiceError) {
    var from = from
    var opacity = Animatable.one
    if let reveal = grid.reveal {
      guard let shown = reveal.interval.multiplied(by: Rational(Int64(tile.turn))) else { throw GridLayout.tooFine() }
      from = max(from, shown)
      guard from < to else { return }
      opacity = try fade(from, shown: shown, reveal.duration)
    }
    guard from < to, let time = to.subtracting(from) else { return }
    let corner = try corner(from, to)
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
    if try open(&clip, at: from) { tracks[track].clips.append(clip) }
    guard !labels.isEmpty else { return }
    let below = Rational(Int64(geometry.rows.size - geometry.labelHeight))
    label.source = labels[tile.source]
    guard let y = Self.shifted(label.place.y, by: below) else { throw GridLayout.tooFine() }
    label.place.y = y
    label.place.height = .constant(Rational(Int64(geometry.labelHeight)))
    tracks[tracks.count / 2 + track].clips.append(label)
  }

  private static func shifted(_ value: Animatable, by distance: Rational) -> Animatable? {
    switch value {
    case .constant(let number): return number.adding(distance).map(Animatable.constant)
    case .keys(var keys):
      for index in keys.indices {
        guard let moved = keys[index].value.adding(distance) else { return nil }
        keys[index].value = moved
      }
      return .keys(keys)
    }
  }

  /// Fading in from `shown` on, seen from `from`.
  private func fade(_ from: Rational, shown: Rational, _ duration: Rational) throws(SluiceError) -> Animatable {
    guard let since = from.subtracting(shown), let left = duration.subtracting(since) else { throw GridLayout.tooFine() }
    guard left > .zero else { return .one }
    guard let value = since.divided(by: duration) else { throw GridLayout.tooFine() }
    return .keys([.init(time: .zero, value: value), .init(time: left, value: .one)])
  }

  /// Sets the clip to where its source is at a time of the grid; false when it is over and cut.
  private func open(_ clip: inout Project.Clip, at time: Rational) throws(SluiceError) -> Bool {
    guard time > .zero, !lengths.isStill(clip.source) else { return true }
    guard let length = lengths.length(clip.source), time >= length else {
      clip.in = .seconds(time)
      return true
    }
    switch grid.beyond {
    case .cut: return false
    case .hold:
      // The last picture: what is shown a millisecond before the end.
      let last = Rational(1, 1000)
      clip.in = .seconds(length > last ? length.subtracting(last) ?? .zero : .zero)
      clip.speed = .zero
    case .loop:
      guard let turns = time.divided(by: length), let past = length.multiplied(by: Rational(turns.floor)),
        let start = time.subtracting(past)
      else { throw GridLayout.tooFine() }
      clip.in = .seconds(start)
    }
    return true
  }
}
