import CSluice
import SharedRing
import SluiceBase
import SystemBase

/// Drives the program that joins encoded segments into the output, in order, without encoding again
/// (`sluice-encoder --assemble`), with the sound, which comes first. Segments may come in any order; each is handed over as soon
/// as those before it were, and the program takes it: nothing here waits. A program that ends before it has answered may be
/// followed by another, which writes the output from its start.
final class Assembler {
  enum Answer {
    case written(UInt64)
    case failed(SluiceError)
    /// It ended without a word: how.
    case died(String)
  }

  let process: ChildProcess
  private let socket: FileDescriptor
  /// First segment that is not handed over yet; segments that it says it has joined.
  private var next = 0
  private var joined = 0
  /// When it last gave a sign of life, and when it last had come further or had nothing to do.
  private let clock: MonotonicClock
  private var lastBeat: UInt64
  private var lastProgress: UInt64
  /// Why it is being ended by us.
  private var killedFor: String?
  private var pending: [Int: (file: FileDescriptor, frames: Range<Int64>)] = [:]
  private let total: Int

  init(
    program: String, plan: SharedRegion, output: FileDescriptor, segments: Int,
    sound: (file: FileDescriptor, frames: Int64)?, environment: [String: String], clock: MonotonicClock
  ) throws(SluiceError) {
    var fds: [Int32] = [-1, -1]
    guard sluice_pair(&fds) == 0 else { throw SluiceError(.unavailable, "socketpair: \(SystemError("socketpair").reason)") }
    socket = FileDescriptor(fds[0])
    _ = sluice_set_nonblocking(fds[0])
    let theirs = FileDescriptor(fds[1])
    let planCopy = FileDescriptor(sluice_reopen_readonly(plan.descriptor.raw))
    process = try ChildProcess(
      program, arguments: ["--assemble"], environment: environment,
      descriptors: [(theirs.raw, 3), (planCopy.raw, 4), (output.raw, 5)])
    withExtendedLifetime((theirs, planCopy)) {}
    total = segments
    self.clock = clock
    lastBeat = clock.now
    lastProgress = lastBeat
    if let sound {
      // The socket is empty: it takes this at once.
      var packet = sluice_region()
      packet.kind = SLUICE_REGION_OUTPUT.rawValue
      packet.ring = UInt32(SLUICE_JOB_SOUND)
      packet.bytes = UInt64(sound.frames)
      _ = sluice_send_fd(socket.raw, &packet, MemoryLayout.size(ofValue: packet), sound.file.raw)
    }
  }

  /// What the loop waits for: its answer, or room for the next segment.
  var watched: pollfd {
    pollfd(fd: socket.raw, events: Int16(POLLIN | (pending[next] == nil ? 0 : POLLOUT)), revents: 0)
  }

  func add(segment: Int, frames: Range<Int64>, file: FileDescriptor) {
    pending[segment] = (file, frames)
    pump()
  }

  /// Hands over what it takes now. That it is gone is seen by `answer`.
  func pump() {
    while let ready = pending[next] {
      var packet = sluice_region()
      packet.kind = SLUICE_REGION_OUTPUT.rawValue
      packet.ring = UInt32(next)
      packet.bytes = UInt64(ready.frames.count)
      packet.reserved = UInt64(ready.frames.lowerBound)
      packet.writable = next + 1 == total ? 1 : 0  // the last one
      guard sluice_send_fd(socket.raw, &packet, MemoryLayout.size(ofValue: packet), ready.file.raw) > 0 else { return }
      pending[next] = nil
      next += 1
    }
  }

  /// Its answer when it has one: bytes written, or the error it met. nil: still at work.
  func answer() -> Answer? {
    let hasEnded = process.hasEnded()  // before what it said last is looked for
    var buffer = [UInt8](repeating: 0, count: 1024)
    var n = 0
    while true {
      n = recv(socket.raw, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      guard n >= 16 else { break }
      let code = buffer.withUnsafeBytes { $0.load(as: UInt64.self) }
      let bytes = buffer.withUnsafeBytes { $0.load(fromByteOffset: 8, as: UInt64.self) }
      if code == AssemblerHeartbeat.code {
        beat(joined: Int(clamping: bytes))
        continue
      }
      if code == 0 { return .written(bytes) }
      let text = String(decoding: buffer[16..<n].prefix { $0 != 0 }, as: UTF8.self)
      return .failed(SluiceError(ExitCode(rawValue: Int32(truncatingIfNeeded: code)) ?? .software, text))
    }
    guard n == 0 || (n < 0 && sluice_errno() != EAGAIN && sluice_errno() != EINTR) || hasEnded else { return nil }
    _ = process.wait(milliseconds: 1000)
    process.end()
    return .died(killedFor ?? process.ending)
  }

  private func beat(joined count: Int) {
    lastBeat = clock.now
    if count != joined || joined >= next { lastProgress = lastBeat }
    joined = count
  }

  /// Ends it when it has been silent for too long, or has not come on with what it has. Its answer is then that it died.
  /// - Parameter from: nanoseconds from which on silence counts, because we ourselves stood still before.
  func endIfHung(silence: Int, progress: Int, from: UInt64) {
    guard killedFor == nil, !process.hasEnded() else { return }
    let now = clock.now
    if hasPassed(silence, since: max(lastBeat, from), now: now) {
      killedFor = "no heartbeat for \(silence) s"
    } else if hasPassed(progress, since: max(lastProgress, from), now: now) {
      killedFor = "no progress in \(progress) s"
    } else {
      return
    }
    process.signal(SIGKILL)
  }
}
