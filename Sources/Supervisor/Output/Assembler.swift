import CSluice
import SharedRing
import SluiceBase

/// Drives the program that joins encoded segments into the output, in order, without encoding again
/// (`sluice-encoder --assemble`). Segments may come in any order; each is handed over as soon as those before it were.
final class Assembler {
  let process: ChildProcess
  private let socket: FileDescriptor
  private var next = 0
  private var pending: [Int: (file: FileDescriptor, frames: Range<Int64>)] = [:]
  private let total: Int

  init(
    program: String, plan: SharedRegion, output: FileDescriptor, segments: Int, environment: [String: String]
  ) throws(SluiceError) {
    var fds: [Int32] = [-1, -1]
    guard sluice_pair(&fds) == 0 else { throw SluiceError(.unavailable, "socketpair: \(SystemError("socketpair").reason)") }
    socket = FileDescriptor(fds[0])
    let theirs = FileDescriptor(fds[1])
    let planCopy = FileDescriptor(sluice_reopen_readonly(plan.descriptor.raw))
    process = try ChildProcess(
      program, arguments: ["--assemble"], environment: environment,
      descriptors: [(theirs.raw, 3), (planCopy.raw, 4), (output.raw, 5)])
    total = segments
  }

  var watch: Int32 { socket.raw }

  func add(segment: Int, frames: Range<Int64>, file: FileDescriptor) throws(SluiceError) {
    pending[segment] = (file, frames)
    while let ready = pending.removeValue(forKey: next) {
      var packet = sluice_region()
      packet.kind = SLUICE_REGION_OUTPUT.rawValue
      packet.ring = UInt32(next)
      packet.bytes = UInt64(ready.frames.count)
      packet.reserved = UInt64(ready.frames.lowerBound)
      packet.writable = next + 1 == total ? 1 : 0  // the last one
      guard sluice_send_fd(socket.raw, &packet, MemoryLayout.size(ofValue: packet), ready.file.raw) > 0 else {
        throw SluiceError(.software, "the program that joins segments is gone")
      }
      next += 1
    }
  }

  /// Its answer when it has one: bytes written, or the error it met. nil: still at work.
  func answer() -> Result<UInt64, SluiceError>? {
    var buffer = [UInt8](repeating: 0, count: 1024)
    let n = recv(socket.raw, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if n >= 16 {
      let code = buffer.withUnsafeBytes { $0.load(as: UInt64.self) }
      let bytes = buffer.withUnsafeBytes { $0.load(fromByteOffset: 8, as: UInt64.self) }
      if code == 0 { return .success(bytes) }
      let text = String(decoding: buffer[16..<n].prefix { $0 != 0 }, as: UTF8.self)
      return .failure(SluiceError(ExitCode(rawValue: Int32(truncatingIfNeeded: code)) ?? .software, text))
    }
    if n == 0 || process.hasEnded() {
      return .failure(SluiceError(.software, "the program that joins segments ended with \(process.ending)"))
    }
    return nil
  }
}
