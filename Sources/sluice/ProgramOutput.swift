import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// Runs a program that answers a question on its standard output and ends.
enum ProgramOutput {
  /// Its output, at most 1 MiB. A program that fails, or says nothing within `seconds`, is an error of code 69.
  static func of(_ path: String, _ arguments: [String], seconds: Int32 = 10) throws(SluiceError) -> [UInt8] {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SluiceError(.unavailable, "\(SystemError("pipe"))", at: path) }
    let reading = FileDescriptor(ends[0])
    var writing: FileDescriptor? = FileDescriptor(ends[1])
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var child: pid_t = 0
    let failure = sluice_spawn(path, &argv, sluice_current_environ(), [ends[1]], [1], 1, true, &child)
    withExtendedLifetime(writing) {}
    writing = nil
    guard failure == 0 else {
      throw SluiceError(.unavailable, "cannot be started: \(SystemError("spawn", errno: failure).reason)", at: path)
    }
    let output = read(reading, until: sluice_now_ns() + UInt64(seconds) * 1_000_000_000)
    if output == nil { kill(child, SIGKILL) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, sluice_errno() == EINTR {}
    guard let output else { throw SluiceError(.unavailable, "does not answer", at: path) }
    guard sluice_exited(status), sluice_exit_status(status) == 0 else {
      throw SluiceError(.unavailable, "fails", at: path, advice: "run it by hand: \(path) \(arguments.joined(separator: " "))")
    }
    return output
  }

  /// nil when the time is over or too much comes.
  private static func read(_ fd: FileDescriptor, until deadline: UInt64) -> [UInt8]? {
    var out: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while out.count <= 1 << 20 {
      let now = sluice_now_ns()
      guard now < deadline else { return nil }
      var waiting = pollfd(fd: fd.raw, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32((deadline - now) / 1_000_000) + 1)
      if ready < 0, sluice_errno() == EINTR { continue }
      guard ready > 0, let n = try? System.call("read", { Glibc.read(fd.raw, &chunk, chunk.count) }) else { return nil }
      if n == 0 { return out }
      out += chunk[..<n]
    }
    return nil
  }
}
