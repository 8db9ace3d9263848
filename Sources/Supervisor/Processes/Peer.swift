import CSluice
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Whoever connects to one of a run's unix sockets.
enum Peer {
  /// The next connection, non-blocking, and its process. nil when there is none, or when it is another user's (closed then).
  static func accept(_ listener: FileDescriptor) -> (connection: FileDescriptor, pid: pid_t)? {
    let fd = sluice_accept(listener.raw)
    guard fd >= 0 else { return nil }
    let connection = FileDescriptor(fd)
    var pid: pid_t = 0
    var uid: uid_t = 0
    guard sluice_peer(fd, &pid, &uid) == 0, uid == getuid(), sluice_set_nonblocking(fd) == 0 else { return nil }
    return (connection, pid)
  }
}
