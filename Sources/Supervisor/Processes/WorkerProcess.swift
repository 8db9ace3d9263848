import CSluice
import SystemBase

/// A worker's process, ours or another's: watched through a pidfd, ended for certain. Used from the supervisor's thread.
protocol WorkerProcess: AnyObject {
  var pid: pid_t { get }
  /// pidfd: readable when the process has ended.
  var watch: FileDescriptor { get }
  /// True when it has ended, and writes no more.
  func hasEnded() -> Bool
  func signal(_ number: Int32)
  /// Waits up to `milliseconds` for its end; true when it ended.
  func wait(milliseconds: Int32) -> Bool
  func end()
  /// How it ended, as wait(2) tells it; nil: it runs, or it is not ours to know.
  var status: Int32? { get }
  /// How it ended, for a message.
  var ending: String { get }
}

extension ChildProcess: WorkerProcess {}

/// A process that attached by itself: no child of ours, so its exit status is not ours to know.
final class ForeignProcess: WorkerProcess {
  let pid: pid_t
  let watch: FileDescriptor
  let status: Int32? = nil
  private var ended = false

  /// Whoever connected; nil when that process is gone, or another user's.
  init?(peerOf connection: FileDescriptor) {
    var pid: pid_t = 0
    var uid: uid_t = 0
    guard sluice_peer(connection.raw, &pid, &uid) == 0, uid == getuid(), pid > 0 else { return nil }
    let fd = sluice_peer_pidfd(connection.raw)
    guard fd >= 0 else { return nil }
    self.pid = pid
    watch = FileDescriptor(fd)
  }

  func hasEnded() -> Bool { wait(milliseconds: 0) }

  func signal(_ number: Int32) { if !ended { _ = sluice_pidfd_signal(watch.raw, number) } }

  func wait(milliseconds: Int32) -> Bool {
    if ended { return true }
    var fd = pollfd(fd: watch.raw, events: Int16(POLLIN), revents: 0)
    ended = poll(&fd, 1, milliseconds) > 0 && fd.revents & Int16(POLLIN) != 0
    return ended
  }

  /// SIGKILL, and a wait that is not for ever: what cannot be killed (it stands in the kernel) is nobody's child to wait for.
  func end() {
    guard !hasEnded() else { return }
    signal(SIGKILL)
    _ = wait(milliseconds: 2000)
  }

  var ending: String { ended ? "an end of its own" : "running" }
}
