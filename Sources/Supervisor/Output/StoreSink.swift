import CSluice
import Plan
import SluiceBase
import SystemBase

/// No output: segments and the sound go into the store, for runs that are to find them there. What fills a store in the background, and
/// what a machine of many does for the others.
final class StoreSink: FrameSink {
  let flow: SegmentFlow
  let takesSegments = true
  let name: String
  let bytes: UInt64 = 0
  private let store: RunStore
  private let context: SinkContext
  private var guests = GuestSegments()

  /// Throws when there is no store to put anything into.
  init(_ flow: SegmentFlow, _ context: SinkContext) throws(SluiceError) {
    guard let store = flow.store else {
      throw SluiceError(
        .cannotCreate, "there is no store, and segments are to go nowhere else", at: "--cache", advice: "name a place for it")
    }
    self.flow = flow
    self.store = store
    self.context = context
    name = store.directory
  }

  var isWhole: Bool { flow.isFinished && (flow.sound != nil || !context.hasSound) }

  func start(in loop: EventLoop) {}

  func open(_ part: Segment) throws(SluiceError) -> FileDescriptor {
    let file = try segmentFile()
    flow.begin(part, into: file)
    return file
  }

  func openSound(alone: Bool) throws(SluiceError) -> FileDescriptor {
    let file = try segmentFile()
    flow.beginSound(into: file)
    return file
  }

  /// On the disk that it will stay on.
  private func segmentFile() throws(SluiceError) -> FileDescriptor { try OutputTarget.segmentFile(in: store.directory) }

  func finished(_ part: Segment, bytes: UInt64) { _ = flow.finish(part) }
  func soundFinished(bytes: UInt64) -> Bool { flow.finishSound() }

  func check(_ segment: Int, of worker: WorkerHandle, bytes: UInt64) throws(SluiceError) {
    try guests.check(segment, of: worker, bytes: bytes, flow, context, target: segmentFile)
  }

  func look(silenceFrom: UInt64) -> [SegmentVerdict] { guests.takeVerdicts() }
  func distrust() { store.stop() }
  func takeNotes() -> [String] { store.takeNotes() }

  /// What is not in the store then has been rendered for nothing: that is an error here.
  func finish(tick: () throws(SluiceError) -> Void) throws(SluiceError) {
    try flow.finishStore(context.clock, tick: tick)
    let missing = store.lacking(context.hasSound ? flow.all + [.sound] : flow.all)
    guard missing == 0 else {
      throw SluiceError(
        .cannotCreate, "\(missing) of \(flow.all.count) segments could not be kept", at: name,
        advice: "what changes from run to run, or is not what the project says, is not kept")
    }
  }

  func abandon() { _ = store.finish(milliseconds: 500) }
}
