import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// The store's directory and files, apart from what they hold.
enum StoreDirectory {
  /// Makes it, and what is missing above it, for this user alone. Throws 73.
  static func make(_ path: String) throws(SluiceError) {
    var status = stat()
    if stat(path, &status) != 0 {
      let parent = OutputTarget.directory(of: path)
      if parent != path, access(parent, F_OK) != 0 { try make(parent) }
      guard mkdir(path, 0o700) == 0 || sluice_errno() == EEXIST, stat(path, &status) == 0 else {
        throw SluiceError(.cannotCreate, "cannot be made: \(SystemError("mkdir").reason)", at: path)
      }
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw SluiceError(.cannotCreate, "is no directory", at: path) }
    guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw SluiceError(.cannotCreate, "others may write in it", at: path, advice: "make it private: chmod 700")
    }
    guard access(path, R_OK | W_OK | X_OK) == 0 else {
      throw SluiceError(.cannotCreate, "cannot be written: \(SystemError("access").reason)", at: path)
    }
  }

  /// Tells backup programs that it can be made anew (bford.info/cachedir).
  static func tag(_ path: String) throws(SluiceError) {
    let name = path + "/CACHEDIR.TAG"
    if access(name, F_OK) == 0 { return }
    do throws(SystemError) {
      try replace(name, "Signature: 8a477f597d28d172789f06886806bc55\n# Segments that sluice has rendered.\n")
    } catch {
      throw SluiceError(.cannotCreate, "cannot be written: \(error.reason)", at: path)
    }
  }

  /// Waits until nobody else writes in the store, as long as `mayWait` says so; EWOULDBLOCK then. The lock ends with the descriptor.
  static func lock(_ path: String, while mayWait: () -> Bool) throws(SystemError) -> FileDescriptor {
    let file = FileDescriptor(
      try System.call("open") { sluice_open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) })
    var pause: Int32 = 1
    while true {
      do throws(SystemError) {
        try System.call("flock") { flock(file.raw, LOCK_EX | LOCK_NB) }
        return file
      } catch {
        guard error.errno == EWOULDBLOCK, mayWait() else { throw error }
      }
      _ = poll(nil, 0, pause)
      pause = min(20, pause * 2)
    }
  }

  /// A small file, whole or not at all.
  static func replace(_ path: String, _ text: String) throws(SystemError) {
    let temporary = path + "." + String(sluice_random(), radix: 16)
    do throws(SystemError) {
      let file = FileDescriptor(
        try System.call("open") { sluice_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) })
      try System.writeAll(file.raw, text)
      try System.call("rename") { rename(temporary, path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// All of one file into another that is empty.
  static func copy(_ source: Int32, to target: Int32) throws(SystemError) {
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { block.deallocate() }
    var at = 0
    while true {
      let n = try System.call("read") { pread(source, block.baseAddress, block.count, at) }
      if n == 0 { return }
      try System.writeAll(target, UnsafeRawBufferPointer(rebasing: block[..<n]))
      at += n
    }
  }
}
