import CSluice
import Plan
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// An output that one encoder writes in order from the first frame to the last: pipes, raw and live formats. When that encoder dies,
/// the next one writes the same bytes from the start, or from the start of the part that was not finished where the stream can be
/// continued: into our own file over the old ones, into anything else without those that are out (`OutputRelay`).
class DirectStreamSink: FrameSink {
  let flow: SegmentFlow
  let takesSegments = false
  let name: String
  let target: OutputTarget
  private(set) var isWhole = false
  /// Between the encoder and an output that cannot be written over: that of the part begun last.
  private var relay: OutputRelay?
  /// Of the parts that are finished, as the encoder says.
  private var partBytes: [Int: UInt64] = [:]
  /// The part that comes when nobody dies.
  private var next = 0

  /// - Parameter name: of the output, as the user gave it.
  init(_ flow: SegmentFlow, target: OutputTarget, name: String) {
    self.flow = flow
    self.target = target
    self.name = name
  }

  var place: String { target.kind == .file ? OutputTarget.absolute(name) : name }
  var bytes: UInt64 { partBytes.values.reduce(0, +) }
  var isKeptByReader: Bool { relay?.isKeptByReader == true }

  func start(in loop: EventLoop) throws(SluiceError) {
    loop.watch(
      list: {
        guard !self.isWhole, let relay = self.relay else { return }
        $0.append(pollfd(fd: relay.watch, events: Int16(POLLIN), revents: 0))
      },
      { (_: ArraySlice<pollfd>) throws(SluiceError) in
        self.relay?.silenceDoorbell()
        try self.checkEnd()
      })
  }

  func open(_ part: Segment) throws(SluiceError) -> FileDescriptor { try open(part.index) }
  func openSound(alone: Bool) throws(SluiceError) -> FileDescriptor { try open(0) }

  private func open(_ part: Int) throws(SluiceError) -> FileDescriptor {
    guard let descriptor = target.descriptor else { throw SluiceError(.software, "the output is closed already") }
    let goesOn = part > 0 && part == next
    next = part + 1
    let start = partBytes.reduce(0) { $1.key < part ? $0 + $1.value : $0 }
    if target.canBeginAgain {
      if goesOn { return descriptor }
      guard ftruncate(descriptor.raw, off_t(start)) == 0, lseek(descriptor.raw, off_t(start), SEEK_SET) >= 0 else {
        throw SluiceError(.cannotCreate, "cannot be written again: \(SystemError("lseek").reason)", at: name)
      }
      return descriptor
    }
    let following = try OutputRelay(to: descriptor, after: relay, from: goesOn ? nil : start)
    guard let writer = following.takeWriter() else { throw SluiceError(.software, "the relay has no pipe") }
    relay = following
    return writer
  }

  func finished(_ part: Segment, bytes: UInt64) throws(SluiceError) {
    partBytes[part.index] = bytes
    try checkEnd()
  }

  func soundFinished(bytes: UInt64) throws(SluiceError) -> Bool {
    partBytes[0] = bytes
    try checkEnd()
    return false
  }

  /// Every part is; sound alone is one.
  private var isFinished: Bool { partBytes.count == max(1, flow.all.count) }

  /// After the encoder has finished: the output is written when all has gone out.
  private func checkEnd() throws(SluiceError) {
    guard let relay, relay.hasEnded else {
      if relay == nil, isFinished { isWhole = true }
      return
    }
    if relay.error != 0 {
      let broken = relay.error == EPIPE || relay.error == ECONNRESET
      throw located(
        SluiceError(
          .cannotCreate,
          broken ? "the reader closed the pipe" : "cannot be written: \(SystemError("write", errno: relay.error).reason)"))
    }
    guard isFinished else { return }
    guard relay.position == bytes else {
      throw SluiceError(.software, "\(relay.position) bytes of \(bytes) have gone out", at: name)
    }
    isWhole = true
  }

  func cost(ofDeathAt reach: (segment: Int, frame: Int64)?) -> String {
    guard let reach, let part = flow.segment(reach.segment), reach.frame > part.frames.lowerBound else { return "" }
    let again = reach.frame - part.frames.lowerBound
    return flow.all.count > 1
      ? "; \(again) frames are rendered again"
      : "; \(again) frames are rendered again, because an output in one piece cannot be continued in the middle"
  }

  func located(_ error: SluiceError) -> SluiceError { error.located(name) }

  func check(_ segment: Int, of worker: WorkerHandle, bytes: UInt64) {}
  func look(silenceFrom: UInt64) -> [SegmentVerdict] { [] }
  func distrust() {}
  func takeNotes() -> [String] { [] }
  func finish(tick: () throws(SluiceError) -> Void) throws(SluiceError) { try target.finish(tick: tick) }
  func abandon() { target.abandon() }
}

/// The standard input of somebody else's encoder, a command of the user's.
final class ExternalEncoderSink: DirectStreamSink {
  init(_ flow: SegmentFlow, target: OutputTarget) { super.init(flow, target: target, name: "--encoder-command") }

  /// Of one that has ended the reason is how it ended.
  override func located(_ error: SluiceError) -> SluiceError {
    guard error.isOfOutput, let ending = target.commandEnding() else { return super.located(error) }
    return SluiceError(.cannotCreate, "the encoder command ended with \(ending) before it had read all frames", at: name)
  }
}
