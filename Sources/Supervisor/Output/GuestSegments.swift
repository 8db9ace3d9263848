import Plan
import SluiceBase
import SystemBase

/// Segments of somebody else's encoders, while they are checked. Used from the supervisor's thread.
struct GuestSegments {
  private var open: [(worker: WorkerHandle, segment: Int, bytes: UInt64, check: SegmentCheck)] = []

  /// Begins to check a segment that its encoder says it has written.
  /// - Parameter target: makes an empty file of ours.
  mutating func check(
    _ index: Int, of worker: WorkerHandle, bytes: UInt64, _ flow: SegmentFlow, _ context: SinkContext,
    target: () throws(SluiceError) -> FileDescriptor
  ) throws(SluiceError) {
    guard let file = flow.file(of: index), let segment = flow.segment(index),
      !open.contains(where: { $0.worker === worker && $0.segment == index })
    else { return }
    let program = SegmentCheck.Program(
      path: try WorkerPrograms.find("sluice-encoder", directory: context.workerDirectory),
      environment: context.encoder.limits.environment(budget: context.budget), limits: context.encoder.limits,
      memoryLimit: context.limit.bytes)
    let most = UInt64(segment.frames.count) * context.largestPicture + 64 << 20
    open.append((worker, index, bytes, SegmentCheck(of: file, segment, to: try target(), most: most, program: program)))
  }

  /// Checks that have come to an end, each once.
  mutating func takeVerdicts() -> [SegmentVerdict] {
    guard !open.isEmpty else { return [] }
    var verdicts: [SegmentVerdict] = []
    for (at, entry) in open.enumerated().reversed() {
      guard let result = entry.check.verdict else { continue }
      open.remove(at: at)
      verdicts.append(SegmentVerdict(worker: entry.worker, segment: entry.segment, bytes: entry.bytes, result: result))
    }
    return verdicts
  }
}
