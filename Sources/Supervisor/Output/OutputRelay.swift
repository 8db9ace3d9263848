import CSluice
import SluiceBase
import SystemBase

/// Stands between an encoder and an output that cannot go back: the encoder writes into a pipe of ours, and its bytes are
/// moved on by splice(2), without a copy. So it is known how much has gone out. When the encoder dies, what it had written
/// still goes out; the next one writes the same stream from its beginning, or that of a part, and its relay drops what is out already.
///
/// The bytes move on a thread of the relay's own, because the reader decides when. Methods may be called from any thread.
final class OutputRelay: @unchecked Sendable {
  // Sendable: `writer` is the creator's, the rest is in the monitor.
  private struct State {
    /// Until it has ended.
    var before: OutputRelay?
    /// Bytes of the output's stream that were out before.
    var out: UInt64 = 0
    /// Position of the stream behind what this relay's encoder has written, as far as it was taken.
    var end: UInt64 = 0
    var isMoving = false
    var hasEnded = false
    var error: Int32 = 0
  }

  private let state: Monitor<State>
  private let doorbell: FileDescriptor
  private var writer: FileDescriptor?

  /// Readable once it has ended, until it was noticed.
  var watch: Int32 { doorbell.raw }
  func silenceDoorbell() {
    var count: UInt64 = 0
    _ = read(doorbell.raw, &count, 8)
  }
  /// All that the encoder wrote has gone out, or an error ended it.
  var hasEnded: Bool { state.with { $0.hasEnded } }
  /// Bytes of the output's stream that have gone out, those before this relay included.
  var position: UInt64 { state.with { max($0.out, $0.end) } }
  private var end: UInt64 { state.with { $0.end } }
  /// errno of the output; 0: none.
  var error: Int32 { state.with { $0.error } }
  /// It has something for the reader, and the reader does not take it.
  var isKeptByReader: Bool { state.with { $0.isMoving || $0.before?.isKeptByReader == true } }

  /// - Parameters:
  ///   - before: the relay of the part before, or of the encoder that died; it ends by itself.
  ///   - start: position of the stream at which the encoder begins; nil: where that of `before` ended.
  init(to output: FileDescriptor, after before: OutputRelay?, from start: UInt64?) throws(SluiceError) {
    state = Monitor(State(before: before))
    var fds: [Int32] = [-1, -1]
    guard sluice_pipe(&fds) == 0 else { throw SluiceError(.unavailable, "pipe: \(SystemError("pipe").reason)") }
    let reader = FileDescriptor(fds[0])
    writer = FileDescriptor(fds[1])
    let fd = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard fd >= 0 else { throw SluiceError(.unavailable, "eventfd: \(SystemError("eventfd").reason)") }
    doorbell = FileDescriptor(fd)
    sluice_enlarge_pipe(reader.raw, 1 << 20)
    // The thread owns both ends until it is over: the output's reader then sees the end when nobody else has it open.
    _ = WorkThread("relay") { [self] in run(reader, output, start) }
  }

  /// The encoder's end, once: it is closed here when the caller lets go of it.
  func takeWriter() -> FileDescriptor? {
    defer { writer = nil }
    return writer
  }

  private func run(_ reader: FileDescriptor, _ output: FileDescriptor, _ start: UInt64?) {
    let last = state.with { $0.before }
    last?.waitForEnd()
    let out = last?.position ?? 0
    let start = start ?? last?.end ?? 0
    var error = last?.error ?? 0
    state.with {
      $0.before = nil
      $0.out = out
      $0.end = start
    }
    if error == 0, start > out { error = EIO }  // nobody may leave a hole
    if error == 0 { error = drop(out - start, from: reader) }
    if error == 0 { error = move(reader, output) }
    state.with {
      $0.error = error
      $0.isMoving = false
      $0.hasEnded = true
    }
    var one: UInt64 = 1
    _ = write(doorbell.raw, &one, 8)
  }

  private func waitForEnd() { state.wait { $0.hasEnded ? () : nil } }

  private func drop(_ bytes: UInt64, from reader: FileDescriptor) -> Int32 {
    let nowhere = FileDescriptor(sluice_open("/dev/null", O_WRONLY | O_CLOEXEC, 0))
    var rest = bytes
    while rest > 0 {
      let n = sluice_move(reader.raw, nowhere.raw, Int(min(rest, 1 << 20)))
      if n < 0 { return sluice_errno() }
      if n == 0 { return 0 }  // this encoder died, too
      rest -= UInt64(n)
      state.with { $0.end += UInt64(n) }
    }
    return 0
  }

  private func move(_ reader: FileDescriptor, _ output: FileDescriptor) -> Int32 {
    while true {
      var fd = pollfd(fd: reader.raw, events: Int16(POLLIN), revents: 0)
      while poll(&fd, 1, -1) < 0, sluice_errno() == EINTR {}
      state.with { $0.isMoving = true }
      let n = sluice_move(reader.raw, output.raw, 1 << 20)
      let error = n < 0 ? sluice_errno() : 0
      state.with {
        $0.isMoving = false
        if n > 0 { $0.end += UInt64(n) }
      }
      if n <= 0 { return error }
    }
  }
}
