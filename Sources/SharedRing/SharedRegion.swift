import CSluice
import SluiceBase

/// A mapped piece of memory shared with other processes by descriptor. Unmapped and closed when its owner goes.
///
/// Which words may be written by whom is the protocol's matter (ipc-schema/SPEC.md); the mapping itself is fixed.
public final class SharedRegion: @unchecked Sendable {
  // Sendable: the fields never change; words inside are touched through the acquire/release helpers or by their one owner.
  public let descriptor: FileDescriptor
  public let base: UnsafeMutableRawPointer
  public let bytes: Int
  public let writable: Bool

  /// Makes and reserves a nameless region of whole pages, readable and writable by this process.
  /// Where /dev/shm is too small the kernel's memfd takes its place; `usedFallback` tells.
  /// - Parameter reserve: bytes at the start that are there from now on, nil: all. What follows must not be touched before
  ///   `reserve(upTo:)`.
  public static func create(bytes: Int, reserve: Int? = nil, usedFallback: inout Bool) throws(SluiceError) -> SharedRegion {
    let size = UInt64((bytes + 4095) / 4096 * 4096)
    let reserved = min(size, UInt64(((reserve ?? bytes) + 4095) / 4096 * 4096))
    var fd = sluice_shared_memory(size, reserved)
    if fd < 0 {
      usedFallback = true
      // memfd has no limit of its own: reserving more than there is would end in the kernel's out-of-memory killer.
      let memory = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))) * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
      guard reserved < memory else {
        throw SluiceError(
          .unavailable, "cannot reserve \(reserved >> 20) MiB of shared memory: this machine has \(memory >> 20) MiB",
          advice: "lower --memory")
      }
      fd = sluice_memfd("sluice")
      guard fd >= 0, sluice_reserve(fd, size, reserved) == 0 else {
        throw SluiceError(
          .unavailable, "cannot reserve \(reserved >> 20) MiB of shared memory: \(SystemError("memfd").reason)", at: "/dev/shm",
          advice: "enlarge /dev/shm (docker: --shm-size) or lower --memory")
      }
    }
    do throws(SystemError) {
      return try SharedRegion(descriptor: FileDescriptor(fd), bytes: Int(size), writable: true)
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
