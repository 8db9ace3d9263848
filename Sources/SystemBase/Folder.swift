import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// Directories and the files in them, by path.
public enum Folder {
  /// Names of what lies in a folder, sorted, without `.` and `..`. Throws 66 when it cannot be read.
  public static func names(in path: String) throws(SluiceError) -> [String] {
    guard let stream = opendir(path) else {
      throw SluiceError(.noInput, SystemError("opendir").reason.lowercased(), at: path)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  /// The same; none when the folder cannot be read.
  public static func entries(_ path: String) -> [String] { (try? names(in: path)) ?? [] }

  /// The folder in which a path lies, by the path's text alone.
  public static func of(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Writes a small file completely or not at all: to a temporary file beside it, which is then renamed. Replaces a file that is
  /// there.
  public static func replace(_ path: String, with text: String, mode: mode_t = 0o666) throws(SystemError) {
    let temporary = path + ".part-" + String(sluice_random(), radix: 16)
    do throws(SystemError) {
      let file = FileDescriptor(
        try System.call("open") { sluice_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) })
      try System.writeAll(file.raw, text)
      try System.call("rename") { rename(temporary, path) }
    } catch {
      unlink(temporary)
      throw error
    }
  }
}
