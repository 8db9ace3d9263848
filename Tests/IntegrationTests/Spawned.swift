import CSluice
import Foundation

/// A program running in a process group of its own. Its standard error goes to a file; its standard output to a file, or
/// to a pipe that the test reads as slowly as it likes.
final class Spawned {
  enum Output { case file, pipe }

  let pid: pid_t
  /// Read end of the pipe; -1 for a file.
  private(set) var reader: Int32 = -1
  private let outPath: String
  private let errPath: String
  private var status: Int32?

  init(
    _ program: String, _ arguments: [String], environment: [String: String], directory: String, output: Output = .file
  ) throws {
    let base = "\(directory)/.\(UUID().uuidString)"
    outPath = base + ".out"
    errPath = base + ".err"
    let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
    let errors = sluice_open(errPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    var ends: [Int32] = [-1, -1]
    if output == .pipe {
      guard sluice_pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
    } else {
      ends[1] = sluice_open(outPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    }
    defer { for fd in [null, errors, ends[1]] { close(fd) } }
    // env -C changes the directory and then becomes the program.
    let words = ["/usr/bin/env", "-C", directory, program] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var child: pid_t = 0
    let code = sluice_spawn(words[0], &argv, &envp, [null, ends[1], errors], [0, 1, 2], 3, true, &child)
    guard code == 0 else {
      if ends[0] >= 0 { close(ends[0]) }
      throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT)
    }
    pid = child
    reader = ends[0]
  }

  deinit {
    closeReader()
    if status == nil {
      kill(-pid, SIGKILL)
      wait()
    }
    unlink(outPath)
    unlink(errPath)
  }

  func signal(_ number: Int32) { kill(pid, number) }

  func closeReader() {
    if reader >= 0 { close(reader) }
    reader = -1
  }

  /// Exactly `count` bytes, or fewer at the end of the output.
  func read(_ count: Int) -> Data {
    var data = Data(count: count)
    var filled = 0
    while filled < count {
      let n = data.withUnsafeMutableBytes { Glibc.read(reader, $0.baseAddress! + filled, count - filled) }
      if n > 0 { filled += n } else if n == 0 || errno != EINTR { break }
    }
    return data.prefix(filled)
  }

  func readAll() -> Data {
    var data = Data()
    while true {
      let part = read(1 << 20)
      data += part
      if part.count < 1 << 20 { return data }
    }
  }

  /// Exit status, or 1000 + the number of the signal that ended it. Waits, at most `seconds`; then it is killed and nil.
  @discardableResult
  func wait(within seconds: Double = 60) -> Int32? {
    if let status { return status }
    var raw: Int32 = 0
    let ended = eventually(within: seconds) { waitpid(self.pid, &raw, WNOHANG) == self.pid }
    if !ended {
      kill(-pid, SIGKILL)
      waitpid(pid, &raw, 0)
    }
    let code = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 1000 + (raw & 0x7f)
    status = code
    return ended ? code : nil
  }

  /// It has ended; `wait` tells how.
  var hasEnded: Bool {
    var info = siginfo_t()
    if status != nil { return true }
    return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0
  }

  var output: Data { FileManager.default.contents(atPath: outPath) ?? Data() }
  var errors: String { String(decoding: FileManager.default.contents(atPath: errPath) ?? Data(), as: UTF8.self) }
}

/// True as soon as `condition` is; false when it was not within `seconds`, a watchdog.
func eventually(within seconds: Double, _ condition: () -> Bool) -> Bool {
  let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
  while !condition() {
    if DispatchTime.now().uptimeNanoseconds > end { return false }
    poll(nil, 0, 4)
  }
  return true
}

/// What /proc tells about processes.
enum Processes {
  static var all: [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
  }

  /// Program's name (15 bytes) and state of a process that has not ended.
  static func state(_ pid: pid_t) -> (name: String, state: Character, parent: pid_t)? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
    else { return nil }
    let rest = text[text.index(after: close)...].split(separator: " ")
    guard rest.count > 1, let state = rest[0].first, let parent = pid_t(rest[1]), state != "Z" else { return nil }
    return (String(text[text.index(after: open)..<close]), state, parent)
  }

  /// Living children of a process by program name.
  static func children(of parent: pid_t, named name: String) -> [pid_t] {
    all.filter { state($0).map { $0.parent == parent && $0.name == name } ?? false }.sorted()
  }

  /// Living processes whose environment holds the entry: all that a run started, whoever their parent is now.
  static func withEnvironment(_ entry: String) -> [pid_t] {
    all.filter { pid in
      guard state(pid) != nil, let data = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
      return data.split(separator: 0).contains { $0.elementsEqual(entry.utf8) }
    }
  }
}
