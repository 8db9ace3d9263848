import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// The store's directory and files, apart from what they hold.
enum StoreDirectory {
  /// Makes it, and what is missing above it, for this user alone. Throws 73.
  static func make(_ path: String) throws(SluiceError) {
    var status = stat()
    if stat(path, &status) != 0 {
      let parent = Folder.of(path)
      if parent != path, access(parent, F_OK) != 0 { try make(parent) }
      guard mkdir(path, 0o700) == 0 || sluice_errno() == EEXIST else {
        throw SluiceError(.cannotCreate, "cannot be made: \(SystemError("mkdir").reason)", at: path)
      }
    }
    try check(path)
    guard access(path, R_OK | W_OK | X_OK) == 0 else {
      throw SluiceError(.cannotCreate, "cannot be written: \(SystemError("access").reason)", at: path)
    }
  }

  /// Whether what it holds may be believed: nobody but this user, or root, can have put it there. Throws 73.
  static func check(_ path: String) throws(SluiceError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw SluiceError(.cannotCreate, "cannot be read: \(SystemError("stat").reason)", at: path)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw SluiceError(.cannotCreate, "is no directory", at: path) }
    guard status.st_uid == geteuid() || status.st_uid == 0, status.st_mode & 0o022 == 0 else {
      throw SluiceError(.cannotCreate, "others may write in it", at: path, advice: "make it private: chmod 700")
    }
    guard access(path, R_OK | X_OK) == 0 else {
      throw SluiceError(.cannotCreate, "cannot be read: \(SystemError("access").reason)", at: path)
    }
  }

  /// Tells backup programs that it can be made anew (bford.info/cachedir).
  static func tag(_ path: String) throws(SluiceError) {
    let name = path + "/CACHEDIR.TAG"
    if access(name, F_OK) == 0 { return }
    do throws(SystemError) {
      try Folder.replace(
        name, with: "Signature: 8a477f597d28d172789f06886806bc55\n# What sluice has rendered and found out.\n", mode: 0o600)
    } catch {
      throw SluiceError(.cannotCreate, "cannot be written: \(error.reason)", at: path)
    }
  }

  /// Waits until nobody else writes in the store, as long as `mayWait` says so; EWOULDBLOCK then. The lock ends with the
  /// descriptor.
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

  /// Puts a new file of the store's own under a name: it is nameless until it is whole and on the disk, or has a name that the
  /// next writer removes. With the lock held.
  static func put(_ name: String, in folder: String, _ fill: (Int32) throws(SystemError) -> Void) throws(SystemError) {
    let path = folder + "/" + name
    var temporary: String?
    var fd = sluice_temporary_file(folder, 0o600)
    if fd < 0 {
      let part = folder + "/" + partPrefix + String(sluice_random(), radix: 16)
      fd = try System.call("open") { sluice_open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
      temporary = part
    }
    let own = FileDescriptor(fd)
    do throws(SystemError) {
      try fill(own.raw)
      try System.call("fsync") { fsync(own.raw) }
      if let temporary {
        try System.call("rename") { rename(temporary, path) }
      } else {
        try System.call("linkat") { sluice_link_file(own.raw, path) }
      }
    } catch {
      if let temporary { unlink(temporary) }
      throw error
    }
  }

  /// Removes what a killed writer left. With the lock held.
  static func sweep(_ folder: String) {
    for name in Folder.entries(folder) where name.hasPrefix(partPrefix) { unlink(folder + "/" + name) }
  }

  private static let partPrefix = ".part-"

  /// All of one file into another that is empty.
  static func copy(_ source: Int32, to target: Int32) throws(SystemError) {
    var failure: SystemError?
    try FileBlocks.read(source) { block in
      guard failure == nil else { return }
      do throws(SystemError) { try System.writeAll(target, block) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
