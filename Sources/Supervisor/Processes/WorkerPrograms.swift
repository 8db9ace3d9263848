import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Where the worker programs lie: beside this program, or in ../libexec/sluice.
public enum WorkerPrograms {
  public static func find(_ name: String, directory: String?) throws(SluiceError) -> String {
    var candidates: [String] = []
    if let directory {
      candidates = [directory]
    } else {
      var buffer = [CChar](repeating: 0, count: 4096)
      let n = readlink("/proc/self/exe", &buffer, buffer.count - 1)
      if n > 0 {
        let own = String(decoding: buffer[0..<n].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        candidates = [folder, folder + "/../libexec/sluice"]
      }
    }
    for folder in candidates where access(folder + "/" + name, X_OK) == 0 { return folder + "/" + name }
    throw SluiceError(
      .unavailable, "the worker program is missing", at: name,
      advice: "install it beside sluice or in ../libexec/sluice, or set SLUICE_WORKER_DIRECTORY")
  }
}

/// A child process: spawned in a group of its own, watched through a pidfd, reaped once.
public final class ChildProcess {
  public let pid: pid_t
  public let watch: FileDescriptor
  public private(set) var status: Int32? = nil
  /// Most memory that it had resident at a time, bytes; 0 until it has ended. What its libraries and files take is part of it.
  public private(set) var peakBytes: UInt64 = 0

  /// - Parameter descriptors: (ours, number in the child).
  public init(
    _ program: String, arguments: [String], environment: [String: String] = [:], descriptors: [(Int32, Int32)] = []
  ) throws(SluiceError) {
    var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = []
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text)
      let key = String(pair.prefix { $0 != "=" })
      if environment[key] == nil { envp.append(strdup(text)) }
      entry += 1
    }
    for (key, value) in environment.sorted(by: { $0.key < $1.key }) { envp.append(strdup("\(key)=\(value)")) }
    envp.append(nil)
    defer {
      for case let text? in argv + envp { free(text) }
    }
    var pid: pid_t = 0
    let ours = descriptors.map { $0.0 }
    let theirs = descriptors.map { $0.1 }
    let code = sluice_spawn(program, &argv, &envp, ours, theirs, Int32(descriptors.count), true, &pid)
    guard code == 0 else {
      throw SluiceError(.unavailable, "cannot start: \(String(cString: strerror(code)))", at: program)
    }
    let fd = sluice_pidfd_open(pid)
    guard fd >= 0 else {
      kill(pid, SIGKILL)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
      throw SluiceError(.unavailable, "pidfd_open: \(SystemError("pidfd_open").reason)", at: program)
    }
    self.pid = pid
    watch = FileDescriptor(fd)
  }

  deinit { end() }

  /// True when it has ended (and is reaped now).
  public func hasEnded() -> Bool {
    if status != nil { return true }
    return reap(WNOHANG)
  }

  public func signal(_ number: Int32) { if status == nil { _ = sluice_pidfd_signal(watch.raw, number) } }

  /// Waits up to `milliseconds` for its end; true when it ended.
  public func wait(milliseconds: Int32) -> Bool {
    if hasEnded() { return true }
    var fd = pollfd(fd: watch.raw, events: Int16(POLLIN), revents: 0)
    let clock = MonotonicClock.system  // poll(2) knows no other
    let until = clock.now + UInt64(milliseconds) * 1_000_000
    while !hasEnded() {
      let now = clock.now
      if now >= until { return false }
      _ = poll(&fd, 1, Int32((until - now) / 1_000_000) + 1)
    }
    return true
  }

  /// Ends it for certain and reaps it: SIGKILL to its group.
  public func end() {
    if hasEnded() { return }
    kill(-pid, SIGKILL)
    signal(SIGKILL)
    while !reap(0), sluice_errno() == EINTR {}
  }

  /// True when it is reaped now.
  private func reap(_ options: Int32) -> Bool {
    var raw: Int32 = 0
    var usage = rusage()
    guard wait4(pid, &raw, options, &usage) == pid else { return false }
    status = raw
    peakBytes = UInt64(clamping: usage.ru_maxrss) << 10
    return true
  }

  /// "exit status 70", "signal 9 (Killed)".
  public var ending: String {
    guard let status else { return "running" }
    if sluice_exited(status) { return "exit status \(sluice_exit_status(status))" }
    let number = sluice_term_signal(status)
    return "signal \(number) (\(String(cString: strsignal(number))))"
  }
}
