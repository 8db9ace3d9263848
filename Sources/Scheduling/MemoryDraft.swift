import CSchema
import FrameModel
import Plan
import SlotLedger

/// What a number of lanes takes.
public struct LaneSizes: Sendable {
  /// Slots of each ring that may be used, and those of them that are lent beyond the streams' quotas.
  public var slots: [Int]
  public var reserve: [Int]
  /// Estimate of everything: rings, codecs, programs.
  public var bytes: UInt64
}

/// One way to run a plan, before it is known whether the budget allows it.
struct Draft {
  /// Lanes beyond the first ones that rings have room for.
  static let extraLanes = 8

  let plan: PlanView
  let lanes: Int
  let slack: Int
  let lookAhead: Int64
  private let workers: Int
  private let keeps: Int
  private let classes: [SizeClass]
  private let outputSlotBytes: Int
  private let encoder: UInt64
  private let stills: UInt64
  private let filters: FilterSizing
  private let filterBytes: UInt64
  /// Lanes that can have a segment of their own.
  private let mostLanes: Int

  init(
    plan: PlanView, decoders: Int, renderers: Int, lanes: Int, slack: Int, lookAhead: Int64, segmented: Bool,
    filterBytes: UInt64
  ) {
    self.plan = plan
    self.lanes = lanes
    self.slack = slack
    self.lookAhead = lookAhead
    keeps = MemoryPlan.encoderKeeps(plan.output)
    let sizing = Sizing(plan: plan, lookAhead: lookAhead, lanes: lanes, slack: slack, encoderKeeps: keeps)
    var classes = sizing.classes()
    sizing.merge(&classes)
    self.classes = classes
    let canvas = plan.canvas
    outputSlotBytes = PlaneLayout.slotBytes(PlaneLayout(canvas.format, width: canvas.width, height: canvas.height).bytes)
    // Besides them and the encoders the supervisor, and the program that joins segments.
    workers = decoders + renderers + 1 + (segmented ? 1 : 0)
    encoder = MemoryPlan.encoderBytes(plan.output)
    stills = MemoryPlan.stillBytes(plan)
    self.filterBytes = filterBytes
    var streamSlotBytes = [Int](repeating: 0, count: plan.streamCount)
    for entry in classes { for stream in entry.streams { streamSlotBytes[stream] = entry.slotBytes } }
    filters = FilterSizing(
      plan: plan, lookAhead: lookAhead, slack: slack, encoderKeeps: keeps, streamSlotBytes: streamSlotBytes,
      outputSlotBytes: outputSlotBytes, outputSlotsPerLane: max(3, keeps + 1))
    mostLanes = segmented ? max(lanes, min(Segment.cut(plan.frameCount).count, lanes + Draft.extraLanes)) : lanes
  }

  private var outputSlotsPerLane: Int { max(3, keeps + 1) }

  func sizes(lanes: Int) -> LaneSizes {
    let slots = classes.map { $0.slots(lanes: lanes) } + [outputSlotsPerLane * lanes] + filters.slots(lanes: lanes)
    let programs = filterBytes + UInt64(workers + lanes) * MemoryPlan.programBytes
    let streams = UInt64(classes.reduce(0) { $0 + $1.peak.streams } * lanes) * MemoryPlan.streamBytes
    let own = UInt64(classes.reduce(0) { $0 + $1.peak.bytes } * lanes)
    let shared = zip(slots, slotBytes).reduce(UInt64(0)) { $0 + UInt64($1.0 * $1.1) }
    return LaneSizes(
      slots: slots, reserve: classes.map { $0.reserve(lanes: lanes) } + Array(repeating: 0, count: 1 + filters.slotBytes.count),
      bytes: shared + programs + streams + own + stills + UInt64(lanes) * encoder)
  }

  private var slotBytes: [Int] { classes.map(\.slotBytes) + [outputSlotBytes] + filters.slotBytes }

  /// With room for further lanes as far as `budget` goes.
  func plan(budget: UInt64) -> MemoryPlan {
    var sizes = [sizes(lanes: lanes)]
    while lanes + sizes.count <= mostLanes {
      let next = self.sizes(lanes: lanes + sizes.count)
      guard next.bytes <= budget, next.slots.reduce(0, +) <= Int(SLUICE_MAX_SLOTS) else { break }
      sizes.append(next)
    }
    var streamRings = [Int](repeating: 0, count: plan.streamCount)
    for (ring, entry) in classes.enumerated() { for stream in entry.streams { streamRings[stream] = ring } }
    var rings: [RingDescription] = []
    var first = 0
    for (ring, bytes) in slotBytes.enumerated() {
      let count = sizes[sizes.count - 1].slots[ring]
      let role: WorkerRole = ring < classes.count ? .decoder : ring == classes.count ? .renderer : .filter
      rings.append(RingDescription(fillRole: role, firstSlot: first, slotCount: count, slotBytes: bytes))
      first += count
    }
    return MemoryPlan(
      lanes: lanes, lookAhead: lookAhead, rings: rings, streamRings: streamRings, outputRing: classes.count,
      outputSlotsPerLane: outputSlotsPerLane, sizes: sizes, slack: slack, encoderKeeps: keeps,
      filters: filters.setup(firstRing: classes.count + 1, streamCount: plan.streamCount),
      peakStreams: classes.reduce(0) { $0 + $1.peak.streams } * lanes)
  }
}
