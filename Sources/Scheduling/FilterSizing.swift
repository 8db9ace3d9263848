import CSchema
import FrameModel
import Plan

/// The rings of filtered pictures: for streams one for each size, at most four, and one for whole frames. They come after those
/// of decoders and renderers.
struct FilterSizing {
  /// Slots of one size; as many as the number of lanes asks for.
  private struct SizeClass {
    var slotBytes: Int
    var streams: [Int] = []
    /// The busiest moment of one lane, and all its stills: lanes share them, but each may be at another one.
    var moving = 0
    var still = 0
    var allStills = 0
    /// Of each lane besides: what its encoder keeps, or its finished frames.
    var more = 0
    func slots(lanes: Int) -> Int { (moving + more) * lanes + min(still * lanes, allStills) }
  }

  static let maximumStreamRings = 4
  private var classes: [SizeClass] = []
  private let hasOutput: Bool
  private let outputSlots: Int

  /// - Parameters:
  ///   - streamSlotBytes: of the decoder's slots of each stream: a filtered picture may lie in its slot as that one does.
  ///   - outputSlotBytes, outputSlotsPerLane: of the render ring.
  init(
    plan: PlanView, lookAhead: Int64, slack: Int, encoderKeeps: Int, streamSlotBytes: [Int], outputSlotBytes: Int,
    outputSlotsPerLane: Int
  ) {
    let filters = plan.outputFilters.count
    hasOutput = filters > 0
    outputSlots = outputSlotsPerLane
    var members: [Int: [Int]] = [:]
    for stream in 0..<plan.streamCount where !plan.stream(stream).workerFilters.isEmpty {
      members[streamSlotBytes[stream], default: []].append(stream)
    }
    var sizes = members.keys.sorted()
    while sizes.count > Self.maximumStreamRings {
      let smallest = sizes.removeFirst()
      members[sizes[0], default: []] += members.removeValue(forKey: smallest) ?? []
    }
    for size in sizes {
      classes.append(
        Self.peak(
          plan, members[size] ?? [], slotBytes: size, lookAhead: lookAhead, slack: slack,
          kept: hasOutput ? 0 : encoderKeeps))
    }
    if hasOutput {
      classes.append(
        SizeClass(slotBytes: outputSlotBytes, more: FilterQuota.lane(filters, finished: outputSlotsPerLane)))
    }
  }

  var slotBytes: [Int] { classes.map(\.slotBytes) }
  func slots(lanes: Int) -> [Int] { classes.map { $0.slots(lanes: lanes) } }

  /// - Parameter first: number of the first of these rings.
  func setup(firstRing first: Int, streamCount: Int) -> FilterSetup {
    var setup = FilterSetup()
    setup.streamRings = Array(repeating: nil, count: streamCount)
    for (index, entry) in classes.enumerated() {
      for stream in entry.streams { setup.streamRings[stream] = first + index }
    }
    if hasOutput {
      setup.outputRing = first + classes.count - 1
      setup.outputSlots = outputSlots
    }
    return setup
  }

  private static func peak(
    _ plan: PlanView, _ streams: [Int], slotBytes: Int, lookAhead: Int64, slack: Int, kept: Int
  ) -> SizeClass {
    var result = SizeClass(slotBytes: slotBytes, streams: streams)
    var edges: [(frame: Int64, moving: Int, still: Int)] = []
    for index in streams {
      let record = plan.stream(index)
      let quota = FilterQuota.stream(record, slack: slack)
      let (moving, still) = record.isStill ? (0, quota) : (quota, 0)
      result.allStills += still
      edges.append((record.firstFrame - lookAhead, moving, still))
      edges.append((record.endFrame, -moving, -still))
      let source = plan.source(record.source)
      // Untouched pictures go to the encoder as they are.
      if source.width == plan.canvas.width, source.height == plan.canvas.height { result.more = kept }
    }
    // At the same frame, ends come first: a cut needs no room for both clips.
    edges.sort { ($0.frame, $0.moving + $0.still) < ($1.frame, $1.moving + $1.still) }
    var now = (moving: 0, still: 0)
    for edge in edges {
      now = (now.moving + edge.moving, now.still + edge.still)
      result.moving = max(result.moving, now.moving)
      result.still = max(result.still, now.still)
    }
    return result
  }
}
