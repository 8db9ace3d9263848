import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// The directory of one run (0700): its sockets and a lock file that is held as long as the supervisor lives.
/// Removed at the end; one that a killed supervisor left is swept by the next start and by `sluice clean`.
public final class RunDirectory {
  public let path: String
  public let name: String
  private let lock: FileDescriptor
  public var attachSocket: String { path + "/attach" }
  public var controlSocket: String { path + "/control" }
  public var busEndpoint: String { "ipc://" + path + "/bus" }

  public init() throws(SluiceError) {
    let base = try RunDirectory.base()
    var digits = String(sluice_random(), radix: 16)
    digits = String(repeating: "0", count: 16 - digits.count) + digits
    name = String(digits.prefix(12))
    path = base + "/" + name
    // It gets its name when it is locked: a sweep at the same time must not find it without an owner.
    let unnamed = base + "/." + name
    guard mkdir(unnamed, 0o700) == 0 else {
      throw SluiceError(.cannotCreate, "cannot make the run's directory: \(SystemError("mkdir").reason)", at: path)
    }
    let fd = sluice_open(unnamed + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard fd >= 0, flock(fd, LOCK_EX | LOCK_NB) == 0, rename(unnamed, path) == 0 else {
      let reason = SystemError("flock").reason
      if fd >= 0 { close(fd) }
      RunDirectory.remove(unnamed)
      throw SluiceError(.cannotCreate, "cannot lock the run's directory: \(reason)", at: path)
    }
    lock = FileDescriptor(fd)
    _ = try? "\(getpid())\n".withCString { text throws(SystemError) in
      try System.call("write") { write(fd, text, strlen(text)) }
    }
  }

  deinit { RunDirectory.remove(path) }

  /// Where runs of this user may be: what `base` gives here and elsewhere, as in a service or on another terminal. Only
  /// directories that nobody else can write.
  static func places() -> [String] {
    var places: [String] = []
    if let own = System.environment("SLUICE_RUNTIME_DIR"), !own.isEmpty {
      places = [own]
    } else {
      if let runtime = System.environment("XDG_RUNTIME_DIR"), !runtime.isEmpty { places.append(runtime + "/sluice") }
      for place in ["/run/user/\(getuid())/sluice", "/tmp/sluice-\(getuid())"] where !places.contains(place) {
        places.append(place)
      }
    }
    return places.filter(isPrivate)
  }

  private static func isPrivate(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == getuid()
      && status.st_mode & 0o077 == 0
  }

  /// `$SLUICE_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/sluice`, else `/tmp/sluice-UID`: ours, 0700, no link. Short, because socket
  /// paths have 107 bytes.
  public static func base() throws(SluiceError) -> String {
    var path = "/tmp/sluice-\(getuid())"
    if let own = System.environment("SLUICE_RUNTIME_DIR"), !own.isEmpty {
      path = own
    } else if let runtime = System.environment("XDG_RUNTIME_DIR"), !runtime.isEmpty, runtime.utf8.count < 60,
      access(runtime, W_OK) == 0
    {
      path = runtime + "/sluice"
    }
    if mkdir(path, 0o700) != 0, sluice_errno() != EEXIST {
      throw SluiceError(.cannotCreate, "cannot make the directory of runs: \(SystemError("mkdir").reason)", at: path)
    }
    guard isPrivate(path) else {
      throw SluiceError(
        .cannotCreate, "is not a private directory of this user", at: path, advice: "remove it, or set XDG_RUNTIME_DIR")
    }
    return path
  }

  static func remove(_ path: String) {
    for name in Folder.entries(path) { unlink(path + "/" + name) }
    rmdir(path)
  }
}

public enum Leftovers {
  /// Removes the directories of runs whose supervisor is dead (nobody holds their lock). Returns how many.
  @discardableResult
  public static func sweep() -> Int {
    guard let base = try? RunDirectory.base() else { return 0 }
    var swept = 0
    for name in Folder.entries(base) {
      let path = base + "/" + name
      let fd = name.hasPrefix(".") ? -1 : sluice_open(path + "/lock", O_RDWR | O_CLOEXEC, 0)
      if fd < 0 {
        // Just being made, or half removed: only an old one goes.
        var status = stat()
        if lstat(path, &status) == 0, time(nil) - status.st_mtim.tv_sec > 60 {
          RunDirectory.remove(path)
          swept += 1
        }
        continue
      }
      if flock(fd, LOCK_EX | LOCK_NB) == 0 {
        RunDirectory.remove(path)
        swept += 1
      }
      close(fd)
    }
    return swept
  }
}
