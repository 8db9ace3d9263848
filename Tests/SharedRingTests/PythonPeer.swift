import CSluice
import Foundation
import SystemBase

/// A python3 program as the other process of a test: a SEQPACKET socket is its descriptor 3.
final class PythonPeer {
  struct CannotStart: Error { var code: Int32 }
  private let socket: FileDescriptor
  private let pid: pid_t

  init(_ program: String) throws {
    var fds: [Int32] = [-1, -1]
    guard sluice_pair(&fds) == 0 else { throw CannotStart(code: sluice_errno()) }
    socket = FileDescriptor(fds[0])
    let theirs = FileDescriptor(fds[1])
    var argv: [UnsafeMutablePointer<CChar>?] = [strdup("python3"), strdup("-c"), strdup(program), nil]
    defer { argv.forEach { free($0) } }
    let places: [String] = ["/usr/bin/python3", "/usr/local/bin/python3"]
    let path = places.first { access($0, X_OK) == 0 } ?? places[0]
    var pid: pid_t = 0
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/local/bin:/usr/bin:/bin"), nil]
    defer { environment.forEach { free($0) } }
    let code = sluice_spawn(path, &argv, &environment, [theirs.raw], [3], 1, true, &pid)
    guard code == 0 else { throw CannotStart(code: code) }
    self.pid = pid
    // Never waits for ever: whatever hangs ends the test with an empty answer.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(socket.raw, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { kill(pid, SIGKILL) }

  func send(_ bytes: [UInt8], fd: Int32 = -1) { _ = sluice_send_fd(socket.raw, bytes, bytes.count, fd) }

  func receive() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    var fd: Int32 = -1
    let n = sluice_receive_fd(socket.raw, &bytes, bytes.count, &fd)
    return n > 0 ? Array(bytes[..<n]) : []
  }

  /// Its exit status; -1 when it did not exit by itself.
  func end() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 { if sluice_errno() != EINTR { return -1 } }
    return sluice_exited(status) ? sluice_exit_status(status) : -1
  }

  /// Ends it as kill -9 does.
  func crash() {
    kill(pid, SIGKILL)
    _ = end()
  }
}
