import CSluice
import SluiceBase
import Supervisor
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Files that the program will write: checked before any work starts. The run itself writes under another name and renames.
public enum OutputFile {
  /// Refuses an existing file without `overwrite`, a directory, and a place where nothing can be written (code 73), and
  /// a file that is one of `inputs` (code 2). Devices and pipes are written as they are.
  public static func check(_ path: String, overwrite: Bool, inputs: [String]) throws(SluiceError) {
    if let address = NetworkAddress(path) { throw address.refusedAsOutput(at: path) }
    var found = stat()
    if stat(path, &found) == 0 {
      let kind = found.st_mode & S_IFMT
      if kind == S_IFDIR { throw SluiceError(.cannotCreate, "is a directory", at: path, advice: "name a file in it") }
      if kind != S_IFREG { return }
      try checkIsNoInput(path, inputs)
      if !overwrite { throw SluiceError(.cannotCreate, "exists already", at: path, advice: "add -y to replace it") }
    } else if path.hasSuffix("/") {
      throw SluiceError(.cannotCreate, "names a directory", at: path, advice: "name a file in it")
    }
    try checkDirectory(of: path)
  }

  /// Refuses a file that is one of `inputs` (code 2), by whatever name.
  public static func checkIsNoInput(_ path: String, _ inputs: [String]) throws(SluiceError) {
    var found = stat()
    guard stat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return }
    for input in inputs where isSame(input, found) {
      throw SluiceError(.usage, "is read by this very run", at: path, advice: "write to another file")
    }
  }

  /// Refuses a place where nothing can be written (code 73).
  public static func checkDirectory(of path: String) throws(SluiceError) {
    let directory = Folder.of(OutputTarget.behindLinks(path))
    guard access(directory, W_OK | X_OK) != 0 else { return }
    let reason = sluice_errno()
    let advice = reason == ENOENT ? "make the directory first" : "choose a directory in which you may write"
    throw SluiceError(
      .cannotCreate, "cannot be written: \(directory): \(String(cString: strerror(reason)))", at: path, advice: advice)
  }

  private static func isSame(_ path: String, _ other: stat) -> Bool {
    var found = stat()
    return stat(path, &found) == 0 && found.st_dev == other.st_dev && found.st_ino == other.st_ino
  }

  /// Writes a small file whole or not at all. Replaces a regular file; a device or pipe is written as it is.
  public static func write(_ text: String, to path: String) throws(SluiceError) {
    var found = stat()
    let isSpecial = stat(path, &found) == 0 && found.st_mode & S_IFMT != S_IFREG
    do throws(SystemError) {
      guard isSpecial else { return try Folder.replace(path, with: text) }
      let file = FileDescriptor(try System.call("open") { sluice_open(path, O_WRONLY | O_CLOEXEC, 0) })
      try System.writeAll(file.raw, text)
    } catch {
      throw SluiceError(.cannotCreate, "cannot be written: \(error.reason)", at: path)
    }
  }
}
