import AVBinding
import FrameModel
import SluiceBase

/// Another source's pictures, sent through a filter graph in their order: for deinterlacing, and for effects whose result
/// depends on pictures before.
///
/// Wherever it is positioned, the graph is a new one and sees exactly `warmUp` pictures before the first that it gives
/// out (all there are, near the start). Results stand at the times of the pictures that they were made of.
final class FilteredSource: PictureSource {
  private let source: any PictureSource
  private let recipe: EffectRecipe
  private let warmUp: Int
  private let windowBytes: Int
  private let prepare: (EffectGraph) throws(SluiceError) -> Void
  private var graph: EffectGraph?
  /// Nothing more goes into the graph.
  private var isFinished = false
  /// Read ahead of the graph.
  private var queue: ArraySlice<Picture> = []
  /// In the graph.
  private var pending: ArraySlice<(tick: Int64, duration: Int64)> = []
  /// Results before this tick only led up to it.
  private var validFrom = Int64.min
  private(set) var isAtBeginning = true

  let clock: TickClock
  let traits: StreamTraits
  var isStill: Bool { source.isStill }
  var rate: Rational { source.rate }

  /// - Parameter prepare: called with every graph that is built, to set options.
  init(
    _ source: any PictureSource, _ recipe: EffectRecipe, warmUp: Int, windowBytes: Int,
    prepare: @escaping (EffectGraph) throws(SluiceError) -> Void
  ) {
    self.source = source
    self.recipe = recipe
    // bwdif looks at the pictures before and after, and treats the very first one in its own way.
    self.warmUp = max(warmUp, recipe.deinterlace ? 2 : 0)
    self.windowBytes = windowBytes
    self.prepare = prepare
    clock = source.clock
    var traits = source.traits
    if !recipe.chain.isEmpty {
      traits.orientation = Orientation()
      traits.sampleAspect = nil
    }
    self.traits = traits
  }

  func takeDamage() -> (count: UInt64, message: String?) { source.takeDamage() }

  // MARK: Position

  func position(before limit: Int64, keeping count: Int) throws(SluiceError) {
    graph = nil
    isFinished = false
    pending = []
    queue = []
    if source.isStill {
      try source.position(before: limit, keeping: 0)
      return
    }
    let lead = warmUp + count
    var kept: [Picture] = []
    var ticks: [Int64] = []
    var target = limit
    while true {
      try source.position(before: target, keeping: lead)
      (kept, ticks) = try read(to: limit, lead)
      guard ticks.count <= lead, !source.isAtBeginning, let first = ticks.first, first > .min else { break }
      target = first - 1
    }
    let isWhole = ticks.count <= lead + 1 && source.isAtBeginning && !hasDropped
    validFrom = isWhole ? .min : ticks[min(warmUp, ticks.count - 1)]
    isAtBeginning = isWhole
    if isKeeping {
      queue = kept[...]
    } else if let first = ticks.first {
      // They were too large to be kept: once more, with the graph.
      try source.position(before: first, keeping: 0)
      while let picture = try source.next() {
        if picture.tick >= first {
          queue = [picture]
          break
        }
      }
    }
  }

  private var hasDropped = false
  private var isKeeping = true

  /// The last `lead` pictures before the one shown at `limit`, that one, and the next.
  private func read(to limit: Int64, _ lead: Int) throws(SluiceError) -> (kept: [Picture], ticks: [Int64]) {
    var kept: [Picture] = []
    var ticks: [Int64] = []
    hasDropped = false
    isKeeping = true
    while let picture = try source.next() {
      if isKeeping, ticks.isEmpty { isKeeping = (lead + 2) * Self.bytes(picture.frame) <= windowBytes }
      if isKeeping { kept.append(picture) }
      if picture.tick > limit, !ticks.isEmpty { break }
      ticks.append(picture.tick)
      if picture.tick > limit { break }
      if ticks.count > lead + 1 {
        ticks.removeFirst()
        if isKeeping { kept.removeFirst() }
        hasDropped = true
      }
    }
    return (kept, ticks)
  }

  private static func bytes(_ frame: FrameBox) -> Int {
    frame.mapping.map { PlaneLayout($0.format, width: frame.width, height: frame.height).bytes } ?? 0
  }

  // MARK: Pictures

  func next() throws(SluiceError) -> Picture? {
    while true {
      if let graph, let (frame, tick) = try graph.receive() {
        guard let picture = take(frame, tick), picture.tick >= validFrom else { continue }
        return picture
      }
      if graph?.isAtEnd == true { return nil }
      try feed()
      if graph == nil { return nil }
    }
  }

  private func feed() throws(SluiceError) {
    let picture: Picture
    if let ahead = queue.popFirst() {
      picture = ahead
    } else if !isFinished, let coming = try source.next() {
      picture = coming
    } else {
      if !isFinished { try graph?.finish() }
      isFinished = true
      return
    }
    let graph = try graph(for: picture)
    pending.append((picture.tick, picture.duration))
    try graph.send(picture.frame, tick: picture.tick)
  }

  private func graph(for picture: Picture) throws(SluiceError) -> EffectGraph {
    if let graph { return graph }
    let graph = try EffectGraph(
      recipe, like: picture.frame, traits: source.traits, timeBase: source.clock.timeBase, rate: source.rate)
    try prepare(graph)
    self.graph = graph
    return graph
  }

  /// A result belongs to the picture that stands where it does, else to the oldest one in the graph.
  private func take(_ frame: FrameBox, _ tick: Int64?) -> Picture? {
    guard let oldest = pending.first else { return nil }
    let index = tick.flatMap { tick in pending.lastIndex { $0.tick <= tick } } ?? pending.startIndex
    let (own, duration) = tick == nil ? oldest : pending[index]
    pending = pending[(index + 1)...]
    return Picture(frame: frame, tick: own, duration: duration)
  }
}
