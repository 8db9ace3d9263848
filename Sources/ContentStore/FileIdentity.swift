import CSluice
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What changes when a file's contents do.
public struct FileIdentity: Hashable, Sendable, CustomStringConvertible {
  public let bytes: Int64
  /// Nanoseconds. `changed` is set by the kernel alone.
  public let modified: Int64
  public let changed: Int64
  public let inode: UInt64

  /// nil when there is no such regular file.
  public init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of an open file; nil when it is no regular one.
  init?(open file: Int32) {
    var status = stat()
    guard fstat(file, &status) == 0 else { return nil }
    self.init(status)
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
    bytes = Int64(status.st_size)
    modified = nanoseconds(status.st_mtim)
    changed = nanoseconds(status.st_ctim)
    inode = UInt64(status.st_ino)
  }

  public var description: String { "\(bytes) \(modified) \(changed) \(inode)" }
}

/// The files of a run as they were when it began. Thread-safe.
public final class FileWatch: Sendable {
  private let noted = Monitor([String: FileIdentity?]())
  /// The kernel's time of a change is as coarse as its ticks: a file that changed just now could change once more without
  /// looking different.
  private static let settling: Int64 = 50_000_000

  public init() {}

  /// As the file was at the first look; nil: it was not there.
  public func identity(_ path: String) -> FileIdentity? {
    if let known = noted.with({ $0[path] }) { return known }
    var found = FileIdentity(path)
    if let file = found, let age = Self.age(file.changed), age < Self.settling {
      _ = poll(nil, 0, Int32((Self.settling - age) / 1_000_000) + 1)
      found = FileIdentity(path)
    }
    let first = found
    return noted.with { known in
      if let other = known[path] { return other }
      known[path] = .some(first)
      return first
    }
  }

  /// Whether it is as it was at the first look.
  public func isUnchanged(_ path: String) -> Bool {
    guard let first = identity(path) else { return false }
    return FileIdentity(path) == first
  }

  /// nil for a time that is still to come.
  private static func age(_ changed: Int64) -> Int64? {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let age = Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec) &- changed
    return age >= 0 ? age : nil
  }
}
