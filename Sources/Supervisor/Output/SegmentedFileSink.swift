import CSluice
import Plan
import Scheduling
import SluiceBase
import SystemBase

/// A file of segments: each is encoded by itself, kept in the store, and joined with the others by a program of its own, in order and
/// without encoding again.
final class SegmentedFileSink: FrameSink {
  let flow: SegmentFlow
  let takesSegments = true
  let name: String
  private(set) var isWhole = false
  private(set) var bytes: UInt64 = 0
  private(set) var restarts = 0
  private let target: OutputTarget
  private let context: SinkContext
  private var joiner: Assembler?
  private var guests = GuestSegments()

  /// - Parameter name: of the file, as the user gave it.
  init(_ flow: SegmentFlow, target: OutputTarget, name: String, _ context: SinkContext) {
    self.flow = flow
    self.target = target
    self.name = name
    self.context = context
  }

  var place: String { OutputTarget.absolute(name) }
  var helper: pid_t? { joiner?.process.pid }

  func start(in loop: EventLoop) throws(SluiceError) {
    loop.watch(
      list: { if let joiner = self.joiner { $0.append(joiner.watched) } },
      { (_: ArraySlice<pollfd>) throws(SluiceError) in try self.joinerSpoke() })
    // What the store had is finished from the start.
    try join()
  }

  func open(_ part: Segment) throws(SluiceError) -> FileDescriptor {
    let file = try target.segmentFile()
    flow.begin(part, into: file)
    return file
  }

  func openSound(alone: Bool) throws(SluiceError) -> FileDescriptor {
    let file = try target.segmentFile()
    flow.beginSound(into: file)
    return file
  }

  func finished(_ part: Segment, bytes: UInt64) throws(SluiceError) {
    guard let file = flow.finish(part) else { return }
    if let joiner {
      joiner.add(segment: part.index, frames: part.frames, file: file)
    } else {
      try join()
    }
  }

  func soundFinished(bytes: UInt64) throws(SluiceError) -> Bool {
    guard flow.finishSound() else { return false }
    try join()
    return true
  }

  func check(_ segment: Int, of worker: WorkerHandle, bytes: UInt64) throws(SluiceError) {
    try guests.check(segment, of: worker, bytes: bytes, flow, context, target: target.segmentFile)
  }

  func look(silenceFrom: UInt64) -> [SegmentVerdict] {
    joiner?.endIfHung(silence: context.encoder.deadlineSeconds, progress: context.encoder.progressSeconds, from: silenceFrom)
    return guests.takeVerdicts()
  }

  func distrust() { flow.store?.stop() }
  func takeNotes() -> [String] { flow.store?.takeNotes() ?? [] }

  func finish(tick: () throws(SluiceError) -> Void) throws(SluiceError) {
    try target.finish(tick: tick)
    do throws(SluiceError) {
      try flow.finishStore(context.clock, tick: tick)
    } catch {
      throw SluiceError(error.code, "\(error.what), when the output was written already", at: error.place)
    }
  }

  func abandon() {
    target.abandon()
    joiner?.process.end()
    // What is finished is kept, but nobody waits long for it.
    _ = flow.store?.finish(milliseconds: 500)
  }

  // MARK: joining

  /// Starts the program that joins finished segments. In a short run when all are there, because it would only take memory; in
  /// a long one with the first.
  private func join() throws(SluiceError) {
    guard joiner == nil, !flow.finished.isEmpty, flow.sound != nil || !context.hasSound, flow.all.count > 64 || flow.isFinished
    else { return }
    guard let descriptor = target.descriptor else { throw SluiceError(.software, "the output is closed already") }
    let joiner = try Assembler(
      program: try WorkerPrograms.find("sluice-encoder", directory: context.workerDirectory), plan: context.plan,
      output: descriptor, segments: flow.all.count, sound: flow.sound.map { ($0, context.soundFrames) },
      environment: context.encoder.limits.environment(budget: context.budget), clock: context.clock)
    context.encoder.limits.apply(to: joiner.process.pid, number: 0, memoryLimit: context.limit.bytes)
    self.joiner = joiner
    for segment in flow.all {
      if let file = flow.finished[segment.index] { joiner.add(segment: segment.index, frames: segment.frames, file: file) }
    }
  }

  /// Something came from the program that joins segments, or it takes more.
  private func joinerSpoke() throws(SluiceError) {
    guard let joiner else { return }
    joiner.pump()
    switch joiner.answer() {
    case nil: return
    case .written(let bytes):
      self.bytes = bytes
      self.joiner = nil
      isWhole = true
    case .failed(let error):
      // A segment that cannot be joined is not to be found again.
      if error.code == .software { flow.store?.disown() }
      throw located(error)
    case .died(let word):
      let ending = endedForMemory(joiner.process.status) ?? word
      self.joiner = nil
      restarts += 1
      guard restarts <= context.encoder.restarts, target.rewind() else {
        throw SluiceError(.software, "the program that joins segments ended with \(ending)", at: name, advice: "run it again")
      }
      context.warn("the program that joins segments ended with \(ending); it is started again")
      try join()
    }
  }

  /// Words about the end of a program that got no memory; nil: that was not the reason.
  private func endedForMemory(_ status: Int32?) -> String? {
    guard let status else { return nil }
    let end = WorkerEnd(status: status, used: 0, limit: context.limit)
    guard case .outOfMemory = end else { return nil }
    return end.words
  }
}
