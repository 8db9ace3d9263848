import AudioEngine
import CSluice
import FrameModel
import Plan
import SluiceBase

/// Renders the sound of a plan, block after block. What a block holds depends on the plan and its media alone: another block than the next
/// is reached from the beginning of the output. Used from one thread.
public final class SoundRenderer {
  public let plan: SoundPlan
  public var blocks: Int64 { SoundBlock.blocks(of: plan.frames) }
  /// Of the whole, before it is normalised; nil: it was not asked for, or nothing was heard.
  public private(set) var loudness: LoudnessReading?

  /// Damaged places of the sources that were met; those that are met again count once.
  public private(set) var damaged: UInt64 = 0
  /// Since the output's beginning.
  private var found: UInt64 = 0

  private let sources: [SourceKey]
  private let profiler: RenderProfiler?
  private let ahead: AheadThreads?
  private let onBlock: () -> Void
  private let warn: (String) -> Void
  private var told: Set<String> = []
  private var master: [NodeSpec] = []
  private var isMeasured = false
  private var mix: SoundMix?
  private var opener: SourceOpener
  /// Block that comes next out of `mix`.
  private var next: Int64 = 0

  /// - Parameters:
  ///   - sources: by the index that clips have.
  ///   - profiler: is told of every quantum.
  ///   - threads: that decode ahead; the bits are the same with any number.
  ///   - onBlock: called for every block that was computed: those that are only measured, or on the way to another, too.
  ///   - warn: damage, a line for each file.
  public init(
    _ plan: SoundPlan, sources: [SourceKey], profiler: RenderProfiler? = nil, threads: Int = 0,
    onBlock: @escaping () -> Void = {},
    warn: @escaping (String) -> Void = { _ in }
  ) {
    self.plan = plan
    self.sources = sources
    self.profiler = profiler
    self.onBlock = onBlock
    self.warn = warn
    ahead = threads > 0 ? AheadThreads(threads) : nil
    opener = SourceOpener(sources, ahead: ahead)
  }

  /// Writes block `number` to `target` (planes of `SoundBlock.frames` at least); its frames.
  public func render(block number: Int64, into target: UnsafeMutablePointer<Float>, stride: Int) throws(SluiceError) -> Int {
    precondition(number >= 0 && number < blocks, "no block \(number) of \(blocks)")
    if let wanted = plan.loudness, !isMeasured { try normalise(to: wanted) }
    if mix == nil || number != next { try begin() }
    while next < number { try block { _, _, _ in } }
    var done = 0
    try block { quantum, from, count in
      for channel in 0..<quantum.channels {
        guard let plane = quantum[channel].baseAddress else { continue }
        (target + channel * stride + done).update(from: plane + from, count: count)
      }
      done += count
    }
    return done
  }

  /// Most readers that were open at the same time, and bytes of the buffers that they share.
  public var readerStatistics: (peakOpen: Int, bufferBytes: Int) { (opener.peakOpen, opener.pool.samples * 4) }
  public var poolStatistics: [PoolStatistics] { mix?.graph.poolStatistics ?? [] }

  // MARK: -

  private func begin() throws(SluiceError) {
    mix = nil
    found = 0
    opener = SourceOpener(sources, ahead: ahead)
    let context = MixContext(plan, opener: opener) { [unowned self] damage in
      found += damage.count
      damaged = max(damaged, found)
      tell(damage.text)
    }
    let made = try SoundMix(context, root: .output, master: master, profiler: profiler)
    for _ in 0..<made.list.lead / Int64(Quantum.frames) { try made.render { _ in } }
    mix = made
    next = 0
  }

  /// Computes the next block, whose quanta are lent one by one: the quantum, the first frame wanted of it, how many.
  private func block(_ body: (RenderedQuantum, Int, Int) -> Void) throws(SluiceError) {
    guard let mix else { return }
    var left = Int(min(Int64(SoundBlock.frames), plan.frames - next * Int64(SoundBlock.frames)))
    while left > 0 {
      let count = min(left, Quantum.frames)
      try mix.render { body($0, 0, count) }
      left -= count
    }
    next += 1
    onBlock()
  }

  /// The first complaint of each file.
  private func tell(_ text: String) {
    let file = String(text.prefix { $0 != "\n" }).split(separator: ":", maxSplits: 1).first.map(String.init) ?? text
    if told.insert(file).inserted { warn(text) }
  }

  // MARK: Loudness

  /// Listens to everything, and decides on gain and limiter. Where the limiter takes away what was added, and lets peaks between samples
  /// pass, both are measured and mended, four times at most.
  private func normalise(to wanted: Double) throws(SluiceError) {
    let heard = try measure()
    loudness = heard
    isMeasured = true
    guard let heard else {
      return warn(
        "the sound is silent or shorter than 0.4 s: it cannot be brought to \(Self.text(wanted)) LUFS, and stays as it is")
    }
    var gain = wanted - heard.integrated
    if heard.truePeak + gain <= Self.peak {
      return master = [Self.gain(gain)]
    }
    var ceiling = Self.peak
    for pass in 0... {
      master = [Self.gain(gain), .limiter(["ceiling": .constant(ceiling)])]
      guard let result = try measure() else { return }
      let missing = wanted - result.integrated
      let over = result.truePeak - Self.peak
      if missing.magnitude < 0.05 && over <= 0 { return }
      guard pass < 4 else {
        if missing.magnitude < 0.5 { return }
        let (reached, aim, peak) = (Self.text(result.integrated), Self.text(wanted), Self.text(Self.peak))
        return warn("the loudness becomes \(reached) LUFS, not \(aim): peaks stay below \(peak) dBTP")
      }
      gain += missing
      ceiling -= max(0, over)
    }
  }

  private static func text(_ decibels: Double) -> String {
    let tenths = Int((decibels * 10).rounded())
    return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// dBTP that nothing is above.
  private static let peak = -1.0

  private static func gain(_ decibels: Double) -> NodeSpec {
    .gain(.constant(NodeTimes.gain(decibels: decibels)))
  }

  private func measure() throws(SluiceError) -> LoudnessReading? {
    try begin()
    let meter = try LoudnessMeter(rate: plan.sampleRate, channels: plan.channels)
    while next < blocks { try block { quantum, from, count in meter.add(quantum, from: from, count: count) } }
    mix = nil
    return meter.reading
  }
}
