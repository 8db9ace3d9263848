import CSluice
import SluiceBase
import SystemBase

/// The pidfds of all workers behind one descriptor: readable when one of them has ended. A loop that watches it instead of each
/// does not hand a dozen descriptors to the kernel for every message.
struct DeathWatch {
  private let set: FileDescriptor

  init() throws(SluiceError) {
    let fd = sluice_epoll()
    guard fd >= 0 else { throw SluiceError(.unavailable, "epoll_create1: \(SystemError("epoll_create1").reason)") }
    set = FileDescriptor(fd)
  }

  var watched: pollfd { pollfd(fd: set.raw, events: Int16(POLLIN), revents: 0) }

  /// False when the kernel refuses: the process must be looked at otherwise.
  func add(_ process: any WorkerProcess) -> Bool { sluice_epoll_change(set.raw, process.watch.raw, true) == 0 }

  func remove(_ process: any WorkerProcess) { _ = sluice_epoll_change(set.raw, process.watch.raw, false) }
}
