import CSluice
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// How a run uses its budget: how many lanes, which rings with how many slots. Pure; the same for the same plan, budget and
/// worker counts. Nothing in it decides the output's bytes.
public struct MemoryPlan: Sendable {
  public var lanes: Int
  public var lookAhead: Int64
  public var rings: [RingDescription]
  public var streamRings: [Int]
  public var outputRing: Int
  public var outputSlotsPerLane: Int
  /// Estimate of everything: rings, codecs, programs.
  public var bytes: UInt64

  /// Private memory of a worker program before it does anything, and what an open stream costs besides its slots
  /// (demultiplexer, packets, codec tables): measured with FFmpeg 5.1.
  static let programBytes: UInt64 = 14 << 20
  static let streamBytes: UInt64 = 2 << 20

  /// - Parameters:
  ///   - decoders, renderers: worker counts.
  ///   - lanes: wanted number of lanes; fewer are planned when the budget says so.
  /// - Throws: `.unavailable` when one lane does not fit, with the memory that would be needed.
  public static func make(
    plan: PlanView, budget: UInt64, decoders: Int, renderers: Int, lanes wanted: Int, segmented: Bool
  ) throws(SluiceError) -> MemoryPlan {
    let encoder = encoderBytes(plan.output)
    var last: MemoryPlan?
    for lanes in stride(from: max(1, wanted), through: 1, by: -1) {
      for lookAhead in [Int64(12), 0] {
        let candidate = build(
          plan, decoders: decoders, renderers: renderers, lanes: lanes, lookAhead: lookAhead, encoder: encoder,
          segmented: segmented)
        if candidate.bytes <= budget, candidate.rings.reduce(0, { $0 + $1.slotCount }) <= Int(SLUICE_MAX_SLOTS) {
          return candidate
        }
        last = candidate
      }
    }
    let need = ((last?.bytes ?? 0) >> 20) + 1
    throw SluiceError(
      .unavailable, "this timeline needs about \(need) MiB, the budget is \(budget >> 20) MiB",
      at: "--memory", advice: "give --memory \(need)MiB or more, a smaller canvas, or fewer clips at the same time")
  }

  /// Lanes that keep `cores` busy: one more only helps while a single encoder (or a single decoder) is the bottleneck.
  /// Costs are in milliseconds a megapixel, measured with libx264 veryfast, H.264 sources and zimg.
  public static func usefulLanes(plan: PlanView, cores: Int) -> Int {
    guard plan.frameCount > 0 else { return 1 }
    let canvas = plan.canvas
    let encode = Double(canvas.width * canvas.height) / 1e6 * 14
    var decode = 0.0
    var heaviest = 0.0
    for index in 0..<plan.streamCount {
      let record = plan.stream(index)
      guard !record.isStill else { continue }
      let source = plan.source(record.source)
      let cost = Double(source.width * source.height) / 1e6 * 4.5
      decode += cost * Double(record.endFrame - record.firstFrame) / Double(plan.frameCount)
      heaviest = max(heaviest, cost)
    }
    let total = encode + decode
    let slowest = max(encode, heaviest)
    let lanes = (slowest * Double(cores) / total - 0.15).rounded(.up)
    return max(1, min(Int(lanes), cores, 16))
  }

  private static func build(
    _ plan: PlanView, decoders: Int, renderers: Int, lanes: Int, lookAhead: Int64, encoder: UInt64, segmented: Bool
  ) -> MemoryPlan {
    var classes = sizeClasses(plan, lookAhead: lookAhead, lanes: lanes)
    merge(&classes, plan, lookAhead: lookAhead, lanes: lanes)
    var streamRings = [Int](repeating: 0, count: plan.streamCount)
    for (ring, entry) in classes.enumerated() { for stream in entry.streams { streamRings[stream] = ring } }
    var rings: [RingDescription] = []
    var first = 0
    for entry in classes {
      rings.append(
        RingDescription(
          fillRole: SLUICE_ROLE_DECODER.rawValue, firstSlot: first, slotCount: entry.slots, slotBytes: entry.slotBytes))
      first += entry.slots
    }
    let canvas = plan.canvas
    let outputBytes = PlaneLayout.slotBytes(PlaneLayout(canvas.format, width: canvas.width, height: canvas.height).bytes)
    let perLane = 3
    rings.append(
      RingDescription(
        fillRole: SLUICE_ROLE_RENDERER.rawValue, firstSlot: first, slotCount: perLane * lanes, slotBytes: outputBytes))

    let programs = UInt64(decoders + renderers + lanes + 1 + (segmented ? 1 : 0)) * programBytes
    let streams = UInt64(classes.reduce(0) { $0 + $1.peakStreams }) * streamBytes
    let shared = rings.reduce(UInt64(0)) { $0 + UInt64($1.bytes) }
    return MemoryPlan(
      lanes: lanes, lookAhead: lookAhead, rings: rings, streamRings: streamRings, outputRing: rings.count - 1,
      outputSlotsPerLane: perLane, bytes: shared + programs + streams + UInt64(lanes) * encoder)
  }

  struct SizeClass {
    var slotBytes: Int
    var slots: Int
    var peakStreams: Int
    var streams: [Int]
    var bytes: Int { slots * slotBytes }
  }

  /// One class for each slot size, with the most slots that streams of it need at the same time in each lane.
  private static func sizeClasses(_ plan: PlanView, lookAhead: Int64, lanes: Int) -> [SizeClass] {
    var members: [Int: [Int]] = [:]
    for index in 0..<plan.streamCount { members[plan.stream(index).slotBytes, default: []].append(index) }
    return members.keys.sorted().map {
      sizeClass($0, members[$0] ?? [], plan, lookAhead: lookAhead, lanes: lanes)
    }
  }

  private static func sizeClass(_ bytes: Int, _ streams: [Int], _ plan: PlanView, lookAhead: Int64, lanes: Int) -> SizeClass {
    let peak = peak(plan, streams, lookAhead: lookAhead)
    return SizeClass(
      slotBytes: bytes, slots: peak.slots * lanes + peak.stillSlots, peakStreams: peak.streams * lanes, streams: streams)
  }

  private static func peak(_ plan: PlanView, _ streams: [Int], lookAhead: Int64) -> (slots: Int, streams: Int, stillSlots: Int) {
    var edges: [(frame: Int64, slots: Int, streams: Int, stills: Int)] = []
    for index in streams {
      let record = plan.stream(index)
      let slots = record.isStill ? 0 : record.slots
      let stills = record.isStill ? 1 : 0
      edges.append((record.firstFrame - lookAhead, slots, 1, stills))
      edges.append((record.endFrame, -slots, -1, -stills))
    }
    edges.sort { ($0.frame, $0.streams) < ($1.frame, $1.streams) }
    var now = (slots: 0, streams: 0, stills: 0)
    var most = (slots: 0, streams: 0, stills: 0)
    for edge in edges {
      now = (now.slots + edge.slots, now.streams + edge.streams, now.stills + edge.stills)
      most = (max(most.slots, now.slots), max(most.streams, now.streams), max(most.stills, now.stills))
    }
    return (most.slots, most.streams, most.stills)
  }

  /// Lets small pictures use larger slots where one common ring costs no more than two (they play at other times), and while
  /// there are more classes than rings.
  private static func merge(_ classes: inout [SizeClass], _ plan: PlanView, lookAhead: Int64, lanes: Int) {
    let limit = Int(SLUICE_MAX_RINGS) - 1
    var index = 0
    while index + 1 < classes.count {
      let both = sizeClass(
        classes[index + 1].slotBytes, classes[index].streams + classes[index + 1].streams, plan, lookAhead: lookAhead,
        lanes: lanes)
      if both.bytes <= classes[index].bytes + classes[index + 1].bytes || classes.count > limit {
        classes[index] = both
        classes.remove(at: index + 1)
        index = max(0, index - 1)
      } else {
        index += 1
      }
    }
  }

  /// What an encoder instance holds, an upper estimate. libx264: look-ahead and reordered frames with their half-size
  /// copies, reference frames with their interpolated planes.
  static func encoderBytes(_ output: OutputSettings) -> UInt64 {
    let samples = UInt64(output.width * output.height)
    let frame = samples * 3 / 2 * (output.pixelFormat.contains("10") ? 2 : 1)
    guard output.codec == "libx264" || output.codec == "libx265" else { return frame * 8 + (8 << 20) }
    let preset = output.options.first { $0.name == "preset" }?.value ?? "medium"
    let lookAhead: UInt64 =
      switch preset {
      case "ultrafast", "superfast": 0
      case "veryfast": 10
      case "faster": 20
      case "fast": 30
      case "medium": 40
      case "slow": 50
      default: 60
      }
    let referenced: UInt64 = lookAhead > 40 ? 10 : 5
    return (lookAhead + 6 + UInt64(output.threads)) * frame * 21 / 10 + referenced * frame * 37 / 10 + (12 << 20)
  }
}
