import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What has been made and can be made again, by kind and key, in a directory of the user's. A file `KIND/KEY.CHECKSUM.2` holds
/// one entry; its time of modification is its last use. The checksum is over kind, key and contents.
///
/// Several runs may use one store at once, and each may be killed at any instant: a file appears under its name in one step,
/// whole and on the disk; who writes or removes holds a lock, which ends with its process; who reads needs none. What is read is
/// checked, so that whatever happens to the directory costs time, never a byte of the output. Thread-safe.
public final class Store: Sendable {
  public enum Access: Sendable {
    case readWrite
    /// Nothing in the directory is written, touched or removed.
    case readOnly
  }
  public enum Kept: Equatable, Sendable {
    case kept
    /// Larger than its kind, or the whole store, may be.
    case tooLarge
    /// The store is read only.
    case notWritten
  }

  public let directory: String
  public let limits: StoreLimits
  public let access: Access

  /// `$XDG_CACHE_HOME/sluice`, or `~/.cache/sluice`; nil when neither variable is set.
  public static func standardDirectory(environment: (String) -> String?) -> String? {
    if let base = environment("XDG_CACHE_HOME"), base.hasPrefix("/") { return base + "/sluice" }
    guard let home = environment("HOME"), !home.isEmpty else { return nil }
    return home + "/.cache/sluice"
  }

  /// To write, makes the directory (0700) where there is none, and removes entries of an earlier version, which are never read.
  /// Throws 73 where it cannot be used so, or others may write in it.
  public init(directory: String, limits: StoreLimits = StoreLimits(), access: Access = .readWrite) throws(SluiceError) {
    self.directory = directory
    self.limits = limits
    self.access = access
    guard access == .readWrite else {
      try StoreDirectory.check(directory)
      return
    }
    try StoreDirectory.make(directory)
    for kind in ContentKind.allCases { try StoreDirectory.make(folder(kind)) }
    try StoreDirectory.tag(directory)
    removeOutdated()
  }

  private func folder(_ kind: ContentKind) -> String { directory + "/" + kind.folder }
  private func path(_ entry: StoreEntry) -> String { folder(entry.kind) + "/" + entry.name }

  // MARK: Reading

  /// What is there now.
  public func entries() -> [StoreEntry] { ContentKind.allCases.flatMap(entries(of:)) }

  private func entries(of kind: ContentKind) -> [StoreEntry] {
    Folder.entries(folder(kind)).compactMap { name in
      var status = stat()
      guard lstat(folder(kind) + "/" + name, &status) == 0 else { return nil }
      let used = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
      return StoreEntry(kind: kind, name: name, bytes: UInt64(clamping: status.st_size), used: used)
    }
  }

  /// Entries of a kind by key, as they are now. A key may have several, of which any may be damaged.
  public func index(of kind: ContentKind) -> [ContentKey: [StoreEntry]] {
    Dictionary(grouping: entries(of: kind)) { $0.key }
  }

  public enum Found { case file(FileDescriptor), nothing, damaged }

  /// A descriptor on the entry's file, read whole and found to be what was stored under this key; it stays good whatever
  /// happens to the name. A damaged file is removed.
  public func open(_ entry: StoreEntry) -> Found {
    let path = path(entry)
    // Whatever has that name now must neither block nor lead elsewhere.
    let fd = sluice_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0)
    guard fd >= 0 else { return .nothing }
    let file = FileDescriptor(fd)
    var status = stat()
    guard fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .nothing }
    guard let found = try? Checksum(entry.kind, entry.key, file: fd), found == entry.checksum else {
      if access == .readWrite { unlink(path) }
      return .damaged
    }
    if access == .readWrite { _ = sluice_touch(fd) }
    return .file(file)
  }

  /// A small entry as a whole; nil when there is no undamaged one.
  public func contents(_ kind: ContentKind, _ key: ContentKey, limit: Int = 1 << 20) -> [UInt8]? {
    for entry in entries(of: kind) where entry.key == key && entry.bytes <= limit {
      if case .file(let file) = open(entry), let bytes = try? System.readAll(file.raw, limit: limit) { return bytes }
    }
    return nil
  }

  // MARK: Writing

  /// Takes a finished file in; those that were not used for longest go where it would be too much. Reads, copies (where the
  /// store is on another file system) and waits for the disk: not for the supervisor's loop. For the lock it waits as long
  /// as `mayWait` says so; EWOULDBLOCK then.
  public func keep(
    _ file: FileDescriptor, _ kind: ContentKind, _ key: ContentKey, while mayWait: () -> Bool = { true }
  ) throws(SystemError) -> Kept {
    guard access == .readWrite else { return .notWritten }
    var status = stat()
    try System.call("fstat") { fstat(file.raw, &status) }
    let bytes = UInt64(clamping: status.st_size)
    guard bytes <= limits.bytes(of: kind) else {
      try trim(while: mayWait)
      return .tooLarge
    }
    // Before the lock, which others wait for; and before the name, which says that it is whole.
    let checksum = try Checksum(kind, key, file: file.raw)
    try System.call("fsync") { fsync(file.raw) }
    let lock = try StoreDirectory.lock(directory, while: mayWait)
    defer { withExtendedLifetime(lock) {} }
    shrink(to: limits, room: (kind, bytes))
    let entry = StoreEntry(kind: kind, key: key, checksum: checksum, bytes: bytes, used: 0)
    // What has the name already may be damaged: this is not.
    unlink(path(entry))
    if sluice_link_file(file.raw, path(entry)) != 0 {
      try StoreDirectory.put(entry.name, in: folder(kind)) { own throws(SystemError) in
        try StoreDirectory.copy(file.raw, to: own)
      }
    }
    try System.call("fsync") { sluice_sync_directory(folder(kind)) }
    return .kept
  }

  /// The same for a few bytes in memory.
  public func keep(
    _ bytes: [UInt8], _ kind: ContentKind, _ key: ContentKey, while mayWait: () -> Bool = { true }
  ) throws(SystemError) -> Kept {
    let file = FileDescriptor(try System.call("memfd_create") { sluice_memfd("entry") })
    let written = bytes.withUnsafeBytes { bytes in
      Result { () throws(SystemError) in try System.writeAll(file.raw, bytes) }
    }
    try written.get()
    return try keep(file, kind, key, while: mayWait)
  }

  /// Holds the store to its limits, which may be smaller than those of the run before. Waits for the lock like `keep`.
  public func trim(while mayWait: () -> Bool) throws(SystemError) {
    guard access == .readWrite else { return }
    var index = StoreIndex(entries())
    guard !index.shrink(to: limits).isEmpty else { return }
    let lock = try StoreDirectory.lock(directory, while: mayWait)
    defer { withExtendedLifetime(lock) {} }
    shrink(to: limits)
  }

  /// Whatever has this key.
  public func remove(_ kind: ContentKind, _ key: ContentKey) {
    guard access == .readWrite else { return }
    for entry in entries(of: kind) where entry.key == key { unlink(path(entry)) }
  }

  /// Removes every entry, and what else the store has written. Returns what was there. Throws 75 when somebody else writes in
  /// it for `seconds`.
  public func clear(waiting seconds: UInt64 = 2) throws(SluiceError) -> [StoreEntry] {
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
    for entry in before { unlink(path(entry)) }
    for kind in ContentKind.allCases { StoreDirectory.sweep(folder(kind)) }
    if let left = entries().first { throw SluiceError(.cannotCreate, "cannot be removed", at: path(left)) }
    return before
  }

  /// Also removes what killed writers left. With the lock held.
  private func shrink(to limits: StoreLimits, room: (kind: ContentKind, bytes: UInt64)? = nil) {
    for kind in ContentKind.allCases { StoreDirectory.sweep(folder(kind)) }
    var index = StoreIndex(entries())
    for entry in index.shrink(to: limits, room: room) { unlink(path(entry)) }
  }

  /// Entries of version 1 were all segments, and what programs are made of stood in a file of its own. Whoever holds the lock
  /// leaves them to the next run.
  private func removeOutdated() {
    let segments = folder(.segment)
    let names = Folder.entries(segments).filter(StoreEntry.isOutdated).map { segments + "/" + $0 }
    let programs = directory + "/programs"
    guard !names.isEmpty || Glibc.access(programs, F_OK) == 0,
      let lock = try? StoreDirectory.lock(directory, while: { false })
    else { return }
    defer { withExtendedLifetime(lock) {} }
    for path in names + [programs] { unlink(path) }
  }
}
