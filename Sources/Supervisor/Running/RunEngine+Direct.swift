import CSluice
import SluiceBase

/// Outputs that one encoder writes in order from the first frame to the last: pipes, raw and live formats. When that encoder
/// dies, the next one writes the same bytes from the start, or from the start of the part that was not finished where the stream can
/// be continued: into our own file over the old ones, into anything else without those that are out (`OutputRelay`).
struct DirectOutput {
  /// Between the encoder and an output that cannot be written over: that of the part begun last.
  var relay: OutputRelay? = nil
  /// Of the parts that are finished, as the encoder says.
  var bytes: [Int: UInt64] = [:]
  /// The part that comes when nobody dies.
  var next = 0

  var total: UInt64 { bytes.values.reduce(0, +) }
  func start(of part: Int) -> UInt64 { bytes.reduce(0) { $1.key < part ? $0 + $1.value : $0 } }
}

extension RunEngine {
  /// What the encoder writes a part to: the whole, or a segment of a raw stream.
  func directDescriptor(part: Int = 0) throws(SluiceError) -> FileDescriptor {
    guard let descriptor = output.descriptor else { throw SluiceError(.software, "the output is closed already") }
    let goesOn = part > 0 && part == direct.next
    direct.next = part + 1
    let start = direct.start(of: part)
    if output.canBeginAgain {
      if goesOn { return descriptor }
      guard ftruncate(descriptor.raw, off_t(start)) == 0, lseek(descriptor.raw, off_t(start), SEEK_SET) >= 0 else {
        throw SluiceError(.cannotCreate, "cannot be written again: \(SystemError("lseek").reason)", at: outputName)
      }
      return descriptor
    }
    let next = try OutputRelay(to: descriptor, after: direct.relay, from: goesOn ? nil : start)
    guard let writer = next.takeWriter() else { throw SluiceError(.software, "the relay has no pipe") }
    direct.relay = next
    return writer
  }

  /// The encoder has finished a part.
  func directPartDone(_ part: Int, _ bytes: UInt64) throws(SluiceError) {
    direct.bytes[part] = bytes
    outputBytes = direct.total
    try checkDirectEnd()
  }

  /// Every part is; sound alone is one.
  private var isDirectFinished: Bool { direct.bytes.count == max(1, flow.all.count) }

  /// After the encoder has finished: the output is written when all has gone out.
  func checkDirectEnd() throws(SluiceError) {
    guard let relay = direct.relay, relay.hasEnded else {
      if direct.relay == nil, isDirectFinished { isWritten = true }
      return
    }
    if relay.error != 0 {
      let broken = relay.error == EPIPE || relay.error == ECONNRESET
      throw located(
        SluiceError(
          .cannotCreate,
          broken ? "the reader closed the pipe" : "cannot be written: \(SystemError("write", errno: relay.error).reason)"))
    }
    guard isDirectFinished else { return }
    guard relay.position == direct.total else {
      throw SluiceError(.software, "\(relay.position) bytes of \(direct.total) have gone out", at: outputName)
    }
    isWritten = true
  }

  /// What a death of the direct encoder costs, for the warning.
  func costOfBeginningAgain(_ worker: WorkerHandle) -> String {
    guard prepared.direct, worker.role == SLUICE_ROLE_ENCODER, let reach = worker.index.flatMap({ scheduler.reach(of: $0) }),
      let part = flow.all.first(where: { $0.index == reach.segment })
    else { return "" }
    let again = reach.frame - part.frames.lowerBound
    guard again > 0 else { return "" }
    return flow.all.count > 1
      ? "; \(again) frames are rendered again"
      : "; \(again) frames are rendered again, because an output in one piece cannot be continued in the middle"
  }
}
