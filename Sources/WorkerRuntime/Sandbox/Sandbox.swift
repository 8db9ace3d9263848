import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Holds a worker to what it needs, for good: Landlock for files, network and signals, then seccomp for system calls. Each
/// is used where the kernel has it; `sluice doctor` says what is missing. Sluice's own programs do this to themselves when
/// they have attached, before they touch the first byte of media.
///
/// Landlock holds for the calling thread and what it starts, so it comes before the first thread; seccomp holds for all
/// threads, and comes when the control bus is connected, because a socket cannot be made any more.
public enum Sandbox {
  /// Whether the supervisor asked for it (`SLUICE_CONTAINMENT`); a launch file may say `containment: "off"`.
  public static var isWanted: Bool { System.environment("SLUICE_CONTAINMENT") != "off" && !sluice_is_sanitized() }

  /// Whether a contained worker may still say something on standard error (`SLUICE_WORKER_STDERR=keep`), for whoever looks for a
  /// fault in it: what it says may come from the media that it reads.
  private static var keepsStandardError: Bool { System.environment("SLUICE_WORKER_STDERR") == "keep" }

  /// Both steps, for a program without a bus.
  public static func enter(_ access: FileAccess) throws(SluiceError) { try closeCalls(access, silence: try closeFiles(access)) }

  /// First step: from now on `access` is all that can be read, nothing can be written, and nobody be signalled. Called
  /// from the only thread. What is not there is left out: opening it fails as it would have. Returns /dev/null for `closeCalls`;
  /// nil: nothing was asked for.
  public static func closeFiles(_ access: FileAccess) throws(SluiceError) -> FileDescriptor? {
    guard isWanted else { return nil }
    let silence = FileDescriptor(sluice_open("/dev/null", O_RDWR | O_CLOEXEC, 0))
    guard silence.raw >= 0 else { throw failure(SystemError("open /dev/null")) }
    // As root: what belongs to others may still be read, where there is something to read.
    guard sluice_drop_capabilities(!access.isEmpty) == 0 else { throw failure(SystemError("capset")) }
    let raw = sluice_landlock_ruleset()
    guard raw >= 0 else {
      let error = SystemError("landlock_create_ruleset")
      // Not built in, not enabled at boot, or hidden by an older container run-time.
      if [ENOSYS, EOPNOTSUPP, EPERM].contains(error.errno) { return silence }
      throw failure(error)
    }
    let ruleset = FileDescriptor(raw)
    for path in access.readable { try allow(ruleset, path, SLUICE_LANDLOCK_READ.rawValue | SLUICE_LANDLOCK_LIST.rawValue) }
    for path in access.listed { try allow(ruleset, path, SLUICE_LANDLOCK_LIST.rawValue) }
    guard sluice_landlock_enforce(ruleset.raw) == 0 else { throw failure(SystemError("landlock_restrict_self")) }
    return silence
  }

  /// Second step: the system calls that are left, and no standard error: the user's terminal, or a file of the user's that could be
  /// written anywhere. Any thread; holds for all.
  public static func closeCalls(_ access: FileAccess, silence: FileDescriptor?) throws(SluiceError) {
    guard isWanted else { return }
    let spoken = dup(2)
    defer { close(spoken) }
    if let silence, !keepsStandardError { dup2(silence.raw, 2) }
    guard sluice_seccomp_available() else { return }
    do throws(SluiceError) {
      try CallFilter(opensFiles: !access.isEmpty).install()
    } catch {
      dup2(spoken, 2)  // it is said why
      throw error
    }
  }

  private static func allow(_ ruleset: FileDescriptor, _ path: String, _ rights: UInt32) throws(SluiceError) {
    guard sluice_landlock_allow(ruleset.raw, path, Int32(rights)) != 0 else { return }
    let error = SystemError("landlock_add_rule")
    // What cannot be found or reached cannot be opened either; a pipe or an anonymous file needs no rule.
    let harmless = [ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, EBADF, EBADFD, ENXIO, EIO, ESTALE, EINVAL]
    guard harmless.contains(error.errno) else { throw failure(error) }
  }

  private static func failure(_ error: SystemError) -> SluiceError {
    SluiceError(
      .unavailable, "\(error)", at: "containment", advice: "see sluice doctor; a launch file may say containment: \"off\"")
  }
}
