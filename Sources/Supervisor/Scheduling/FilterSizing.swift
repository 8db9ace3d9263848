import CSluice
import FrameModel
import SharedRing
import Timeline

/// The rings of filtered pictures: for streams one for each size, at most four, and one for whole frames.
struct FilterSizing {
  let plan: PlanView
  let lookAhead: Int64
  let lanes: Int
  let comfort: Int
  let encoderKeeps: Int
  /// Output slots of a lane.
  let perLane: Int

  static let maximumStreamRings = 4

  /// Appends the rings to `rings`, which are those of decoders and renderers.
  func add(to rings: inout [RingDescription], streamRings: [Int]) -> FilterSetup {
    var setup = FilterSetup()
    let filtered = (0..<plan.streamCount).filter { !plan.stream($0).workerFilters.isEmpty }
    if !filtered.isEmpty {
      setup.streamRings = Array(repeating: nil, count: plan.streamCount)
      // A filtered picture may lie in its slot as the decoder's does.
      var members: [Int: [Int]] = [:]
      for stream in filtered { members[rings[streamRings[stream]].slotBytes, default: []].append(stream) }
      var sizes = members.keys.sorted()
      while sizes.count > Self.maximumStreamRings {
        let smallest = sizes.removeFirst()
        members[sizes[0], default: []] += members.removeValue(forKey: smallest) ?? []
      }
      for size in sizes {
        let streams = members[size] ?? []
        for stream in streams { setup.streamRings[stream] = rings.count }
        append(&rings, slots: slots(streams), bytes: size)
      }
    }
    let count = plan.outputFilters.count
    if count > 0 {
      setup.outputRing = rings.count
      setup.outputSlots = perLane
      let canvas = plan.canvas
      append(
        &rings, slots: FilterQuota.lane(count, finished: perLane) * lanes,
        bytes: PlaneLayout.slotBytes(PlaneLayout(canvas.format, width: canvas.width, height: canvas.height).bytes))
    }
    return setup
  }

  private func append(_ rings: inout [RingDescription], slots: Int, bytes: Int) {
    let first = rings.last.map { $0.firstSlot + $0.slotCount } ?? 0
    rings.append(
      RingDescription(fillRole: SLUICE_ROLE_FILTER.rawValue, firstSlot: first, slotCount: slots, slotBytes: bytes))
  }

  /// What the busiest moment needs in every lane, and what their encoders may keep of untouched pictures.
  private func slots(_ streams: [Int]) -> Int {
    var edges: [(frame: Int64, moving: Int, still: Int)] = []
    var allStills = 0
    var isBypassable = false
    for index in streams {
      let record = plan.stream(index)
      let quota = FilterQuota.stream(record, comfort: comfort)
      if record.isStill { allStills += quota }
      edges.append((record.firstFrame - lookAhead, record.isStill ? 0 : quota, record.isStill ? quota : 0))
      edges.append((record.endFrame, record.isStill ? 0 : -quota, record.isStill ? -quota : 0))
      let source = plan.source(record.source)
      if source.width == plan.canvas.width, source.height == plan.canvas.height { isBypassable = true }
    }
    // At the same frame, ends come first: a cut needs no room for both clips.
    edges.sort { ($0.frame, $0.moving + $0.still) < ($1.frame, $1.moving + $1.still) }
    var now = (moving: 0, still: 0), most = (moving: 0, still: 0)
    for edge in edges {
      now = (now.moving + edge.moving, now.still + edge.still)
      most = (max(most.moving, now.moving), max(most.still, now.still))
    }
    let kept = isBypassable && plan.outputFilters.isEmpty ? encoderKeeps * lanes : 0
    return most.moving * lanes + min(most.still * lanes, allStills) + kept
  }
}
