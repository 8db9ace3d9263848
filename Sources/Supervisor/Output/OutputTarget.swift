import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Where a run's bytes go: standard output, the standard input of an external encoder, or a file that gets its name only
/// when it is whole.
public final class OutputTarget {
  public enum Kind: Equatable, Sendable { case standardOutput, command, file }

  public let kind: Kind
  /// nil once `finish` has closed a pipe.
  public private(set) var descriptor: FileDescriptor?
  private let path: String
  private let overwrite: Bool
  /// A named temporary beside the output, where the file system knows no nameless files.
  private var temporary: String? = nil
  private var command: ChildProcess? = nil

  /// A FIFO, which somebody reads in order.
  static func isPipe(_ path: String) -> Bool {
    var status = stat()
    return path != "-" && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// There is something of this name that is no file: a FIFO, a device. It is written to as it is.
  private static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
  }

  /// The name behind symbolic links, also where nothing has it yet.
  public static func behindLinks(_ path: String) -> String {
    var path = path
    var name = [CChar](repeating: 0, count: Int(PATH_MAX))
    for _ in 0..<40 {
      let n = readlink(path, &name, name.count)
      guard n > 0, n < name.count else { return path }
      let target = String(decoding: name[..<n].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      path = target.hasPrefix("/") ? target : directory(of: path) + "/" + target
    }
    return path
  }

  public static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The same for somebody who is elsewhere.
  static func absolute(_ path: String) -> String {
    guard !path.isEmpty, !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    return String(cString: here) + "/" + path
  }

  /// Waits for the reader of a FIFO. A file that is named by a symbolic link is replaced, not the link.
  public init(path: String, overwrite: Bool, command text: String?) throws(SluiceError) {
    self.path = text == nil && path != "-" ? OutputTarget.behindLinks(path) : path
    let path = self.path
    self.overwrite = overwrite
    if let text {
      var fds: [Int32] = [-1, -1]
      guard sluice_pipe(&fds) == 0 else { throw SluiceError(.unavailable, "pipe: \(SystemError("pipe").reason)") }
      let reader = FileDescriptor(fds[0])
      kind = .command
      descriptor = FileDescriptor(fds[1])
      command = try ChildProcess(
        "/bin/sh", arguments: ["-c", text], environment: ["SLUICE_OUTPUT": path], descriptors: [(reader.raw, 0)])
      return
    }
    if path == "-" {
      guard sluice_is_writable(1) else { throw SluiceError(.cannotCreate, "is closed", at: "standard output") }
      kind = .standardOutput
      descriptor = FileDescriptor(dup(1))
      _ = sluice_set_cloexec(descriptor?.raw ?? -1, true)
      return
    }
    kind = .file
    if OutputTarget.isSpecial(path) {
      let fd = sluice_open(path, O_WRONLY | O_CLOEXEC, 0)
      guard fd >= 0 else { throw SluiceError(.cannotCreate, "cannot open: \(SystemError("open").reason)", at: path) }
      descriptor = FileDescriptor(fd)
      return
    }
    let folder = OutputTarget.directory(of: path)
    var fd = sluice_temporary_file(folder, 0o666)
    if fd < 0 {
      let name = path + ".part-" + String(sluice_random(), radix: 16)
      fd = sluice_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard fd >= 0 else { throw SluiceError(.cannotCreate, "cannot write: \(SystemError("open").reason)", at: path) }
      temporary = name
    } else {
      temporary = ""
    }
    descriptor = FileDescriptor(fd)
  }

  /// A regular file of ours: what was written may be written over.
  var canBeginAgain: Bool { temporary != nil }

  deinit { if let temporary, !temporary.isEmpty { unlink(temporary) } }

  /// A nameless file in the output's directory for a segment; in /tmp when the output is no file.
  public func segmentFile() throws(SluiceError) -> FileDescriptor {
    try OutputTarget.segmentFile(in: kind == .file ? OutputTarget.directory(of: path) : "/tmp")
  }

  /// A nameless file in a directory.
  static func segmentFile(in folder: String) throws(SluiceError) -> FileDescriptor {
    var fd = sluice_temporary_file(folder, 0o600)
    if fd < 0 {
      let name = folder + "/.sluice-" + String(sluice_random(), radix: 16)
      fd = sluice_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if fd >= 0 { unlink(name) }
    }
    guard fd >= 0 else { throw SluiceError(.cannotCreate, "cannot write: \(SystemError("open").reason)", at: folder) }
    return FileDescriptor(fd)
  }

  /// Takes back what was written, so that it can be written once more. False where that cannot be: a pipe, a device.
  func rewind() -> Bool {
    guard kind == .file, temporary != nil, let descriptor else { return false }
    return ftruncate(descriptor.raw, 0) == 0 && lseek(descriptor.raw, 0, SEEK_SET) == 0
  }

  /// How the external encoder ended; nil where there is none, or it runs on. Gives one that closed its input a moment to end.
  func commandEnding() -> String? {
    guard let command, command.wait(milliseconds: 200) else { return nil }
    return command.ending
  }

  /// The file is whole: gives it its name, in one step. Waits for an external encoder; `tick`, called several times a
  /// second meanwhile, ends that by throwing.
  public func finish(tick: () throws(SluiceError) -> Void = {}) throws(SluiceError) {
    switch kind {
    case .standardOutput: return
    case .command:
      descriptor = nil  // the end of its input
      guard let command else { return }
      while !command.wait(milliseconds: 100) { try tick() }
      if let status = command.status, !(sluice_exited(status) && sluice_exit_status(status) == 0) {
        throw SluiceError(.cannotCreate, "the encoder command ended with \(command.ending)", at: "--encoder-command")
      }
    case .file:
      guard let temporary else { return }
      try name(temporary)
      self.temporary = nil
      // What the encoder wrote is on the disk already. Where folders cannot be synchronised nothing is lost but that.
      _ = sluice_sync_directory(OutputTarget.directory(of: path))
    }
  }

  private func name(_ temporary: String) throws(SluiceError) {
    var name = temporary
    if name.isEmpty {
      // linkat(2) does not replace; so a name beside it first, then rename(2), which does where it may.
      name = path + ".part-" + String(sluice_random(), radix: 16)
      guard let descriptor, sluice_link_file(descriptor.raw, name) == 0 else {
        throw SluiceError(.cannotCreate, "cannot name the output: \(SystemError("linkat").reason)", at: path)
      }
    }
    if (overwrite ? rename(name, path) : sluice_rename_new(name, path)) == 0 { return }
    let error = SystemError("rename")
    unlink(name)
    guard error.errno != EEXIST else {
      throw SluiceError(.cannotCreate, "was made by somebody else meanwhile", at: path, advice: "give -y to overwrite it")
    }
    throw SluiceError(.cannotCreate, "cannot rename the output: \(error.reason)", at: path)
  }

  /// What is left of an external encoder is ended.
  func abandon() { command?.end() }
}
