import CSchema
import FrameModel
import Plan
import SlotLedger
import SluiceBase

/// How a run uses its budget: how many lanes, which rings with how many slots. Pure; the same for the same plan, budget and
/// worker counts. Nothing in it decides the output's bytes.
public struct MemoryPlan: Sendable {
  public var lanes: Int
  public var lookAhead: Int64
  /// Rings with room for as many lanes as the budget allows; only what `sizes` says is used.
  public var rings: [RingDescription]
  public var streamRings: [Int]
  public var outputRing: Int
  public var outputSlotsPerLane: Int
  /// What `lanes` lanes take, and one and more beyond them that attached encoders may open.
  public var sizes: [LaneSizes]
  /// See `SchedulerSetup`.
  public var slack: Int
  public var encoderKeeps: Int
  public var filters: FilterSetup
  /// nil: no sound.
  public var sound: SoundSetup? = nil
  var peakStreams: Int

  /// Of a run that renders nothing.
  public static let nothing = MemoryPlan(
    lanes: 0, lookAhead: 0, rings: [], streamRings: [], outputRing: 0, outputSlotsPerLane: 0,
    sizes: [LaneSizes(slots: [], reserve: [], bytes: 0)], slack: 0, encoderKeeps: 0, filters: FilterSetup(), peakStreams: 0)

  public var slotCount: Int { rings.reduce(0) { $0 + $1.slotCount } }
  public var laneCapacity: Int { lanes + sizes.count - 1 }
  public func sizes(lanes count: Int) -> LaneSizes { sizes[count - lanes] }
  /// Estimate of everything: rings, codecs, programs.
  public var bytes: UInt64 { sizes[0].bytes }

  /// Private memory of a worker program before it does anything, and what an open stream costs besides its slots
  /// (demultiplexer, packets, codec tables): measured with FFmpeg 5.1.
  public static let programBytes: UInt64 = 14 << 20
  static let streamBytes: UInt64 = 2 << 20

  /// - Parameters:
  ///   - decoders, renderers: worker counts.
  ///   - lookAhead: frames before its first that a stream is opened, where the budget allows.
  ///   - lanes: wanted number of lanes; fewer are planned when the budget says so.
  ///   - filterBytes: private memory of the filter workers that the run starts.
  ///   - besides: what else the budget is for.
  /// - Throws: `.unavailable` when one lane does not fit, with the memory that would be needed.
  public static func make(
    plan: PlanView, budget: UInt64, decoders: Int, renderers: Int, lanes wanted: Int, lookAhead: Int64 = 12, segmented: Bool,
    filterBytes: UInt64 = 0, besides: UInt64 = 0
  ) throws(SluiceError) -> MemoryPlan {
    var last: MemoryPlan?
    for lanes in stride(from: max(1, wanted), through: 1, by: -1) {
      // Running ahead is worth memory only where few streams keep the machine busy.
      for (slack, lookAhead) in [(4, lookAhead), (0, lookAhead), (0, 0)] {
        let draft = Draft(
          plan: plan, decoders: decoders, renderers: renderers, lanes: lanes, slack: slack, lookAhead: lookAhead,
          segmented: segmented, filterBytes: filterBytes)
        let candidate = draft.plan(budget: budget > besides ? budget - besides : 0)
        if slack > 0, candidate.peakStreams > 3 * lanes { continue }
        if candidate.bytes + besides <= budget, candidate.slotCount <= Int(SLUICE_MAX_SLOTS) { return candidate }
        last = candidate
      }
    }
    let need = (((last?.bytes ?? 0) + besides) >> 20) + 1
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
    // Pictures that stand still are coded in no time; a second encoder would only take memory.
    if decode == 0, !plan.isAnimated, plan.streamCount > 0, plan.frameCount < 3000 { return 1 }
    let total = encode + decode
    let slowest = max(encode, heaviest)
    let lanes = (slowest * Double(cores) / total - 0.15).rounded(.up)
    return max(1, min(Int(lanes), cores, 16))
  }

  /// Stills that are scaled when they are decoded: two full pictures at a time, in private memory of the decoder.
  static func stillBytes(_ plan: PlanView) -> UInt64 {
    var largest = 0
    for index in 0..<plan.streamCount {
      let record = plan.stream(index)
      guard record.tile != nil else { continue }
      let source = plan.source(record.source)
      largest = max(largest, source.width * source.height * 2)
    }
    return UInt64(largest) * 2
  }

  /// Pictures that an encoder keeps a reference to until it gets the next ones: none where the library copies its input; else
  /// those being reordered, and one for each thread that encodes whole frames.
  static func encoderKeeps(_ output: OutputSettings) -> Int {
    if ["libx264", "libx264rgb", "libx265", "libvpx", "libvpx-vp9", "libaom-av1", "rawvideo"].contains(output.codec) { return 0 }
    return 2 + (output.threads > 1 ? output.threads : 0)
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
