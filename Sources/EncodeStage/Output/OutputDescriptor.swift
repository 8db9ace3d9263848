import AVBinding
import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// The descriptor that an output is written to: a file, a pipe, a socket, a device. It is not closed here.
/// Position 0 is where the descriptor stood at the start. For one thread. SIGPIPE must be ignored by the process
/// (`sluice_signals` does), so that a closed pipe is an error and not a death.
final class OutputDescriptor: MuxerDestination {
  let raw: Int32
  /// Earlier bytes can be written again: a regular file, not opened for appending.
  let isSeekable: Bool
  let isRegularFile: Bool
  /// What was written can be read back.
  let isReadable: Bool
  /// Bytes from the start to behind the last one written.
  private(set) var bytes: Int64 = 0
  /// The first failure; nothing is written after it.
  private(set) var failure: SluiceError?
  /// Time that writing to a pipe, socket or device took: its reader sets the pace there.
  private(set) var blockedNanoseconds: UInt64 = 0
  private let origin: Int64
  private(set) var position: Int64 = 0

  init(_ raw: Int32) throws(SluiceError) {
    let flags = fcntl(raw, F_GETFL)
    var status = stat()
    guard flags >= 0, fstat(raw, &status) == 0 else {
      throw OutputDescriptor.error(sluice_errno())
    }
    guard flags & O_ACCMODE != O_RDONLY else {
      throw SluiceError(.cannotCreate, "not open for writing", at: "output")
    }
    self.raw = raw
    isRegularFile = status.st_mode & S_IFMT == S_IFREG
    isReadable = isRegularFile && flags & O_ACCMODE == O_RDWR
    let at = lseek(raw, 0, SEEK_CUR)
    isSeekable = isRegularFile && at >= 0 && flags & O_APPEND == 0
    origin = max(Int64(at), 0)
  }

  /// What an errno of a write means to the user.
  static func error(_ code: Int32) -> SluiceError {
    switch code {
    case EPIPE, ECONNRESET: SluiceError(.cannotCreate, "the reader closed the pipe", at: "output")
    case ENOSPC: SluiceError(.cannotCreate, "no space left on device", at: "output", advice: "free some and run it again")
    case EDQUOT: SluiceError(.cannotCreate, "disk quota exceeded", at: "output", advice: "free some and run it again")
    case EFBIG: SluiceError(.cannotCreate, "the file would be larger than the file system or limit allows", at: "output")
    default: SluiceError(.cannotCreate, "cannot write: \(SystemError("write", errno: code).reason)", at: "output")
    }
  }

  /// Writes all bytes of all parts in order; `parts` is used up.
  func write(_ parts: UnsafeMutableBufferPointer<iovec>) throws(SluiceError) {
    if let failure { throw failure }
    let start = isRegularFile ? 0 : sluice_now_ns()
    defer { if !isRegularFile { blockedNanoseconds += sluice_now_ns() - start } }
    var next = 0
    while next < parts.count {
      let count = min(parts.count - next, 1024)  // IOV_MAX
      var done = writev(raw, parts.baseAddress.map { UnsafePointer($0 + next) }, Int32(count))
      if done < 0 {
        try wait(after: sluice_errno())
        continue
      }
      advance(done)
      while next < parts.count, done >= parts[next].iov_len {
        done -= parts[next].iov_len
        next += 1
      }
      if done > 0 {
        parts[next].iov_base = parts[next].iov_base.map { $0 + done }
        parts[next].iov_len -= done
      }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(SluiceError) {
    guard bytes.count > 0 else { return }
    var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    let result: Result<Void, SluiceError> = withUnsafeMutablePointer(to: &part) { part in
      do throws(SluiceError) {
        try write(UnsafeMutableBufferPointer(start: part, count: 1))
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do throws(SluiceError) {
      try write(bytes)
      return true
    } catch {
      return false  // `failure` has the reason
    }
  }

  /// The new position, or a negative errno.
  func seek(_ target: Int64) -> Int64 {
    guard isSeekable else { return -Int64(ESPIPE) }
    guard target >= 0, lseek(raw, Int(origin + target), SEEK_SET) >= 0 else {
      return -Int64(target < 0 ? EINVAL : sluice_errno())
    }
    position = target
    return target
  }

  /// Bytes that were written before, for a muxer that moves its index to the front. Needs a descriptor open for
  /// reading too. Bytes read, 0 at the end, or a negative errno.
  func read(at offset: Int64, into buffer: UnsafeMutableRawPointer, count: Int) -> Int {
    while true {
      let n = pread(raw, buffer, count, Int(origin + offset))
      if n >= 0 { return n }
      let code = sluice_errno()
      if code != EINTR { return -Int(code) }
    }
  }

  /// Regular files are on the disk when this returns.
  func synchronize() throws(SluiceError) {
    if let failure { throw failure }
    guard isRegularFile else { return }
    do throws(SystemError) {
      try System.call("fsync") { fsync(raw) }
    } catch {
      throw OutputDescriptor.error(error.errno)
    }
  }

  private func advance(_ count: Int) {
    position += Int64(count)
    bytes = max(bytes, position)
  }

  /// Returns when the write may be tried again; keeps and throws what is final.
  private func wait(after code: Int32) throws(SluiceError) {
    if code == EINTR { return }
    if code == EAGAIN || code == EWOULDBLOCK {
      var entry = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
      _ = poll(&entry, 1, -1)
      return
    }
    let error = OutputDescriptor.error(code)
    failure = error
    throw error
  }
}
