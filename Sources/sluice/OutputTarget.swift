import CSluice
import SluiceBase
import Supervisor

#if canImport(Glibc)
import Glibc
#endif

/// Checks of what will be written, before any work starts. The run itself writes under another name and renames.
enum OutputTarget {
  /// Refuses an existing file without `overwrite`, a directory, and a place where nothing can be written (code 73), and
  /// a file that is one of `inputs` (code 2). Devices and pipes are written as they are.
  static func check(_ path: String, overwrite: Bool, inputs: [String]) throws(SluiceError) {
    var found = stat()
    if stat(path, &found) == 0 {
      let kind = found.st_mode & S_IFMT
      if kind == S_IFDIR { throw SluiceError(.cannotCreate, "is a directory", at: path, advice: "name a file in it") }
      if kind != S_IFREG { return }
      for input in inputs where isSame(input, found) {
        throw SluiceError(.usage, "is read by this very run", at: path, advice: "write to another file")
      }
      if !overwrite { throw SluiceError(.cannotCreate, "exists already", at: path, advice: "add -y to replace it") }
    } else if path.hasSuffix("/") {
      throw SluiceError(.cannotCreate, "names a directory", at: path, advice: "name a file in it")
    }
    try checkDirectory(of: path)
  }

  static func checkDirectory(of path: String) throws(SluiceError) {
    let directory = Self.directory(of: Supervisor.OutputTarget.behindLinks(path))
    guard access(directory, W_OK | X_OK) != 0 else { return }
    let reason = sluice_errno()
    let advice =
      reason == ENOENT ? "make the directory first" : "choose a directory in which you may write"
    throw SluiceError(
      .cannotCreate, "cannot be written: \(directory): \(String(cString: strerror(reason)))", at: path, advice: advice)
  }

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func isSame(_ path: String, _ other: stat) -> Bool {
    var found = stat()
    return stat(path, &found) == 0 && found.st_dev == other.st_dev && found.st_ino == other.st_ino
  }

  /// Writes a small file whole or not at all: under a name of its own, then renamed. Replaces what exists.
  static func writeAtomically(_ text: String, to path: String) throws(SluiceError) {
    var found = stat()
    let isSpecial = stat(path, &found) == 0 && found.st_mode & S_IFMT != S_IFREG
    let temporary = isSpecial ? path : "\(path).\(getpid()).part"
    do throws(SystemError) {
      let flags = O_WRONLY | O_CLOEXEC | (isSpecial ? 0 : O_CREAT | O_EXCL)
      let file = FileDescriptor(try System.call("open") { sluice_open(temporary, flags, 0o666) })
      try System.writeAll(file.raw, text)
      if !isSpecial { try System.call("rename") { rename(temporary, path) } }
    } catch {
      if !isSpecial { unlink(temporary) }
      throw SluiceError(.cannotCreate, "cannot be written: \(error.reason)", at: path)
    }
  }
}
