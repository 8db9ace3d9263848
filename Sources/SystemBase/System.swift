import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// A failed system call: its name and errno.
public struct SystemError: Error, Sendable, CustomStringConvertible {
  public let call: String
  public let errno: Int32

  public init(_ call: String, errno: Int32 = sluice_errno()) {
    self.call = call
    self.errno = errno
  }

  public var reason: String { String(cString: strerror(errno)) }
  public var description: String { "\(call): \(reason)" }
}

/// A file descriptor, which is closed when this object is deallocated.
public final class FileDescriptor: Sendable {
  public let raw: Int32
  public init(_ raw: Int32) { self.raw = raw }
  deinit { close(raw) }
}

public enum System {
  /// Runs a call that returns -1 on failure again while a signal interrupts it.
  @discardableResult
  public static func call<T: SignedInteger>(_ name: String, _ body: () -> T) throws(SystemError) -> T {
    while true {
      let result = body()
      if result >= 0 { return result }
      let code = sluice_errno()
      if code != EINTR { throw SystemError(name, errno: code) }
    }
  }

  /// Writes all bytes, with as many calls as it takes.
  public static func writeAll(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      done += try call("write") { write(fd, bytes.baseAddress! + done, bytes.count - done) }
    }
  }

  public static func writeAll(_ fd: Int32, _ text: String) throws(SystemError) {
    var text = text
    let result: Result<Void, SystemError> = text.withUTF8 { utf8 in
      do throws(SystemError) {
        try writeAll(fd, UnsafeRawBufferPointer(utf8))
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// Reads a file or pipe to its end. Throws EFBIG when it has more than `limit` bytes.
  public static func readAll(_ fd: Int32, limit: Int = 256 << 20) throws(SystemError) -> [UInt8] {
    var out: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let n = try call("read") { read(fd, &chunk, chunk.count) }
      if n == 0 { return out }
      out.append(contentsOf: chunk[0..<n])
      if out.count > limit { throw SystemError("read", errno: EFBIG) }
    }
  }

  public static func readFile(_ path: String, limit: Int = 256 << 20) throws(SystemError) -> [UInt8] {
    let fd = FileDescriptor(try call("open") { sluice_open(path, O_RDONLY | O_CLOEXEC, 0) })
    return try readAll(fd.raw, limit: limit)
  }

  public static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The names of all variables that are set.
  public static func environmentNames() -> [String] {
    var names: [String] = []
    guard var next = sluice_current_environ() else { return [] }
    while let entry = next.pointee {
      names.append(String(String(cString: entry).prefix { $0 != "=" }))
      next += 1
    }
    return names
  }
}

/// Log lines on standard error: `PROGRAM: TEXT`. One write each, so that lines of several processes do not mix.
public enum Log {
  public static func line(_ program: String, _ text: String) {
    _ = try? System.writeAll(2, "\(program): \(text.printable)\n")
  }
}
