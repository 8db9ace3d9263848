import CSluice
import SluiceBase

/// Outputs that one encoder writes in order from the first frame to the last: pipes, raw and live formats. When that encoder
/// dies, the next one writes the same bytes from the start: into our own file over the old ones, into anything else without
/// those that are out (`OutputRelay`).
extension RunEngine {
  /// What the encoder writes to, from its first byte.
  func directDescriptor() throws(SluiceError) -> FileDescriptor {
    guard let descriptor = output.descriptor else { throw SluiceError(.software, "the output is closed already") }
    if output.canBeginAgain {
      guard ftruncate(descriptor.raw, 0) == 0, lseek(descriptor.raw, 0, SEEK_SET) == 0 else {
        throw SluiceError(.cannotCreate, "cannot be written again: \(SystemError("lseek").reason)", at: outputName)
      }
      return descriptor
    }
    let next = try OutputRelay(to: descriptor, after: relay)
    guard let writer = next.takeWriter() else { throw SluiceError(.software, "the relay has no pipe") }
    relay = next
    return writer
  }

  /// After the encoder has finished: the output is written when all has gone out.
  func checkDirectEnd() throws(SluiceError) {
    guard let relay, relay.hasEnded else {
      if relay == nil, directBytes != nil { isWritten = true }
      return
    }
    if relay.error != 0 {
      let broken = relay.error == EPIPE || relay.error == ECONNRESET
      throw located(
        SluiceError(
          .cannotCreate,
          broken ? "the reader closed the pipe" : "cannot be written: \(SystemError("write", errno: relay.error).reason)"))
    }
    guard let directBytes else { return }
    guard relay.position == directBytes else {
      throw SluiceError(.software, "\(relay.position) bytes of \(directBytes) have gone out", at: outputName)
    }
    isWritten = true
  }

  /// What a death of the direct encoder costs, for the warning.
  func costOfBeginningAgain(_ worker: WorkerHandle) -> String {
    guard prepared.direct, worker.role == SLUICE_ROLE_ENCODER, let reach = worker.index.flatMap({ scheduler.reach(of: $0) }),
      reach.frame > 0
    else { return "" }
    return "; \(reach.frame) frames are rendered again, because an output in one piece cannot be continued in the middle"
  }
}
