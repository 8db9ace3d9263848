import CSluice
import SluiceBase
import SystemBase

/// A mapped piece of memory shared with other processes by descriptor. Unmapped and closed when its owner goes.
///
/// Regions are memfds: nameless from the first moment, 0600, and sealed, which only a memfd can be. Their size is fixed
/// for everybody, so no worker can cut off what others have mapped (a SIGBUS in the supervisor), and what only the
/// supervisor writes can be written by nobody else, whatever descriptor of it he gets hold of.
///
/// Which words may be written by whom is the protocol's matter (ipc-schema/SPEC.md); the mapping itself is fixed.
public final class SharedRegion: @unchecked Sendable {
  // Sendable: the fields never change; words inside are touched through the acquire/release helpers or by their one owner.
  public let descriptor: FileDescriptor
  public let base: UnsafeMutableRawPointer
  public let bytes: Int
  public let writable: Bool

  /// Who may write a region that we make.
  public enum Writers: Sendable {
    /// This process alone, through the mapping that `create` makes.
    case maker
    /// Whoever is handed its descriptor too.
    case others
  }

  /// Makes and reserves a region of whole pages, of zeroes.
  /// - Parameter reserve: bytes at the start that are there from now on, nil: all. What follows must not be touched before
  ///   `reserve(upTo:)`.
  /// - Throws: `.unavailable` when the machine has not so much memory.
  public static func create(bytes: Int, reserve: Int? = nil, writers: Writers) throws(SluiceError) -> SharedRegion {
    let size = (bytes + 4095) / 4096 * 4096
    let reserved = min(size, ((reserve ?? bytes) + 4095) / 4096 * 4096)
    // A memfd has no limit of its own: reserving more than there is would end in the kernel's out-of-memory killer.
    let memory = max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE)))
    guard reserved < memory else {
      throw SluiceError(
        .unavailable, "cannot reserve \(reserved >> 20) MiB of shared memory: this machine has \(memory >> 20) MiB",
        advice: "lower --memory")
    }
    let fd = sluice_shared_memory(UInt64(size), UInt64(reserved))
    guard fd >= 0 else {
      throw SluiceError(
        .unavailable, "cannot reserve \(reserved >> 20) MiB of shared memory: \(SystemError("memfd_create").reason)",
        advice: "lower --memory")
    }
    do throws(SystemError) {
      let region = try SharedRegion(descriptor: FileDescriptor(fd), bytes: size, writable: true)
      // After our own mapping, which stays as it is.
      try System.call("fcntl") { sluice_seal(fd, writers == .maker) }
      return region
    } catch {
      throw SluiceError(.unavailable, "cannot map shared memory: \(error.reason)", advice: "lower --memory")
    }
  }

  /// Maps a descriptor that was handed over. Refuses one that is shorter than promised: touching the hole would be a SIGBUS.
  public init(descriptor: FileDescriptor, bytes: Int, writable: Bool) throws(SystemError) {
    var status = stat()
    try System.call("fstat") { fstat(descriptor.raw, &status) }
    guard bytes > 0, status.st_size >= bytes else { throw SystemError("fstat", errno: EINVAL) }
    guard let map = sluice_map(descriptor.raw, bytes, writable) else { throw SystemError("mmap") }
    self.descriptor = descriptor
    self.base = map
    self.bytes = bytes
    self.writable = writable
  }

  /// Makes sure that the first `count` bytes are there. False when the machine has not so much.
  public func reserve(upTo count: Int) -> Bool {
    let size = min(bytes, (count + 4095) / 4096 * 4096)
    return size == 0 || posix_fallocate(descriptor.raw, 0, off_t(size)) == 0
  }

  deinit { munmap(base, bytes) }
}
