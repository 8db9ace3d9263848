import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// Finished segments, by key, in a directory of the user's. A file `segments/KEY.CHECKSUM` is a segment file as its encoder
/// wrote it; its time of modification is when it was used last.
///
/// Several runs may use one store at once, and each may be killed at any instant: a file appears under its name in one step,
/// whole and on the disk; who writes or removes holds a lock, which goes with its process. What is read is checked, so that
/// whatever happens to the directory costs time, never a byte of the output. Thread-safe.
public final class SegmentStore: Sendable {
  public struct Entry: Equatable, Sendable {
    public var name: String
    public var bytes: UInt64
    /// Nanoseconds.
    public var used: Int64
  }
  public enum Kept: Equatable, Sendable {
    case kept
    /// Larger than the whole store may be.
    case tooLarge
  }

  public static let defaultLimit: UInt64 = 20 << 30

  public let directory: String
  public let limit: UInt64
  private var segments: String { directory + "/segments" }

  /// `$XDG_CACHE_HOME/sluice`, or `~/.cache/sluice`; nil when neither variable is set.
  public static func standardDirectory(environment: (String) -> String?) -> String? {
    if let base = environment("XDG_CACHE_HOME"), base.hasPrefix("/") { return base + "/sluice" }
    guard let home = environment("HOME"), !home.isEmpty else { return nil }
    return home + "/.cache/sluice"
  }

  /// Makes the directory (0700) where there is none. Throws 73 where it cannot be used, or others may write in it.
  public init(directory: String, limit: UInt64 = SegmentStore.defaultLimit) throws(SluiceError) {
    self.directory = directory
    self.limit = limit
    try StoreDirectory.make(directory)
    try StoreDirectory.make(directory + "/segments")
    try StoreDirectory.tag(directory)
  }

  // MARK: Reading

  /// Names of the files by key, as they are now.
  func names() -> [SegmentKey: [String]] {
    var found: [SegmentKey: [String]] = [:]
    for name in RunDirectory.entries(segments) { if let key = Self.parse(name)?.key { found[key, default: []].append(name) } }
    return found
  }

  enum Found { case file(FileDescriptor), nothing, damaged }

  /// A descriptor on the file of that name, read whole and found to be what was stored; it stays good whatever happens to the
  /// name. A damaged file is removed.
  func open(_ name: String) -> Found {
    guard let wanted = Self.parse(name)?.checksum else { return .nothing }
    let path = segments + "/" + name
    // Whatever has that name now must neither block nor lead elsewhere.
    let fd = sluice_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0)
    guard fd >= 0 else { return .nothing }
    let file = FileDescriptor(fd)
    var status = stat()
    guard fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .nothing }
    guard let found = try? Checksum(file: fd), found == wanted else {
      unlink(path)
      return .damaged
    }
    _ = sluice_touch(fd)
    return .file(file)
  }

  // MARK: Writing

  /// Takes a finished segment file in; those that were not used for longest go where it would be too many. Reads, copies
  /// (where the store is on another file system) and waits for the disk: not for the supervisor's loop. For the lock it waits
  /// as long as `mayWait` says so; EWOULDBLOCK then.
  func keep(_ file: FileDescriptor, as key: SegmentKey, while mayWait: () -> Bool = { true }) throws(SystemError) -> Kept {
    var status = stat()
    try System.call("fstat") { fstat(file.raw, &status) }
    let bytes = UInt64(clamping: status.st_size)
    guard bytes <= limit else {
      try trim(while: mayWait)
      return .tooLarge
    }
    // Before the lock, which others wait for; and before the name, which says that it is whole.
    let name = "\(key).\(try Checksum(file: file.raw).hex)"
    try System.call("fsync") { fsync(file.raw) }
    let lock = try StoreDirectory.lock(directory, while: mayWait)
    defer { withExtendedLifetime(lock) {} }
    shrink(to: limit - bytes)
    let path = segments + "/" + name
    // What has the name already may be damaged: this is not.
    unlink(path)
    if sluice_link_file(file.raw, path) != 0 { try copy(file, to: path) }
    try System.call("fsync") { sluice_sync_directory(segments) }
    return .kept
  }

  /// Holds the store to its limit, which may be smaller than that of the run before. Waits for the lock like `keep`.
  func trim(while mayWait: () -> Bool) throws(SystemError) {
    guard entries().reduce(0, { $0 + $1.bytes }) > limit else { return }
    let lock = try StoreDirectory.lock(directory, while: mayWait)
    defer { withExtendedLifetime(lock) {} }
    shrink(to: limit)
  }

  func remove(_ key: SegmentKey) {
    for name in names()[key] ?? [] { unlink(segments + "/" + name) }
  }

  /// As a file of the store's own: nameless until it is whole, or under a name that the next writer sweeps.
  private func copy(_ file: FileDescriptor, to path: String) throws(SystemError) {
    var temporary: String?
    var fd = sluice_temporary_file(segments, 0o600)
    if fd < 0 {
      let name = segments + "/.part-" + String(sluice_random(), radix: 16)
      fd = try System.call("open") { sluice_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
      temporary = name
    }
    let own = FileDescriptor(fd)
    do throws(SystemError) {
      try StoreDirectory.copy(file.raw, to: own.raw)
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

  /// Removes what was not used for longest until at most `bytes` are left, and what a killed writer left. With the lock held.
  private func shrink(to bytes: UInt64) {
    for name in RunDirectory.entries(segments) where name.hasPrefix(".part-") { unlink(segments + "/" + name) }
    var entries = self.entries()
    var total = entries.reduce(0) { $0 + $1.bytes }
    guard total > bytes else { return }
    entries.sort { ($0.used, $0.name) < ($1.used, $1.name) }
    for entry in entries where total > bytes {
      unlink(segments + "/" + entry.name)
      total -= entry.bytes
    }
  }

  // MARK: Everything

  /// What is there now.
  public func entries() -> [Entry] {
    var found: [Entry] = []
    for name in RunDirectory.entries(segments) where Self.parse(name) != nil {
      var status = stat()
      guard lstat(segments + "/" + name, &status) == 0 else { continue }
      let used = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
      found.append(Entry(name: name, bytes: UInt64(clamping: status.st_size), used: used))
    }
    return found
  }

  /// Removes every segment, and what else the store has written. Returns how many segments and bytes. Throws 75 when somebody
  /// else writes in it for `seconds`.
  public func clear(waiting seconds: UInt64 = 2) throws(SluiceError) -> (segments: Int, bytes: UInt64) {
    let lock: FileDescriptor
    let end = sluice_now_ns() + seconds * 1_000_000_000
    do throws(SystemError) {
      lock = try StoreDirectory.lock(directory) { sluice_now_ns() < end }
    } catch {
      if error.errno == EWOULDBLOCK {
        throw SluiceError(
          .tryAgain, "is locked by another program", at: directory, advice: "wait for the runs that write there, or stop them")
      }
      throw SluiceError(.cannotCreate, "cannot be locked: \(error.reason)", at: directory)
    }
    defer { withExtendedLifetime(lock) {} }
    let before = entries()
    shrink(to: 0)
    for entry in before where entry.bytes == 0 { unlink(segments + "/" + entry.name) }
    ProgramIdentity.forget(directory)
    let left = entries()
    if let first = left.first {
      throw SluiceError(.cannotCreate, "cannot be removed", at: segments + "/" + first.name)
    }
    return (before.count, before.reduce(0) { $0 + $1.bytes })
  }

  private static func parse(_ name: String) -> (key: SegmentKey, checksum: Checksum)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let key = SegmentKey(hex: parts[0]), let checksum = Checksum(hex: parts[1]) else { return nil }
    return (key, checksum)
  }
}
