import CSluice
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// A connection to a living run's control socket, from another process. Used from one thread.
public final class RunClient {
  /// The run's name: that of its directory.
  public let name: String
  /// Process of its supervisor.
  public let pid: Int32
  private let connection: FileDescriptor
  /// pidfd of the supervisor: what `waitForEnd` waits for.
  private let process: FileDescriptor
  private var input: [UInt8] = []
  /// Longest answer that is read.
  private static let limit = 1 << 20

  /// nil when nobody lives there.
  init?(name: String, directory: String) {
    let fd = sluice_connect_stream(directory + "/control")
    guard fd >= 0 else { return nil }
    connection = FileDescriptor(fd)
    var pid: pid_t = 0
    var uid: uid_t = 0
    guard sluice_peer(fd, &pid, &uid) == 0, uid == getuid() else { return nil }
    let watch = sluice_peer_pidfd(fd)
    guard watch >= 0 else { return nil }
    process = FileDescriptor(watch)
    self.name = name
    self.pid = pid
  }

  /// Living runs of this user, by name.
  public static func all() -> [RunClient] {
    RunDirectory.places().flatMap { place in
      RunDirectory.entries(place).filter { !$0.hasPrefix(".") }
        .compactMap { RunClient(name: $0, directory: place + "/" + $0) }
    }
  }

  /// The run that is called `word`: its name, its process, or the beginning of its name.
  /// Throws 66 when there is none, 2 when several begin so.
  public static func find(_ word: String) throws(SluiceError) -> RunClient {
    let runs = all()
    if let exact = runs.first(where: { $0.name == word }) ?? runs.first(where: { "\($0.pid)" == word }) { return exact }
    let candidates = runs.filter { !word.isEmpty && $0.name.hasPrefix(word) }
    if candidates.count > 1 {
      throw SluiceError(
        .usage, "several runs are called so: \(candidates.map(\.name).joined(separator: ", "))", at: word,
        advice: "write more of the name")
    }
    guard let found = candidates.first else {
      throw SluiceError(.noInput, "no such run", at: word, advice: "sluice ps shows those that live")
    }
    return found
  }

  /// Sends a request. False when the run is gone.
  public func send(_ request: JSONValue) -> Bool {
    var bytes = Array((request.line + "\n").utf8)
    while !bytes.isEmpty {
      let n = Glibc.send(connection.raw, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      if n > 0 {
        bytes.removeFirst(n)
      } else if sluice_errno() == EAGAIN {
        guard wait(for: connection, POLLOUT, until: sluice_now_ns() + 2_000_000_000) else { return false }
      } else if sluice_errno() != EINTR {
        return false
      }
    }
    return true
  }

  public enum Answer {
    case value(JSONValue)
    /// It ended without an answer.
    case gone
    /// It lives and says nothing: it is stopped, or overloaded.
    case silent
  }

  /// The answer to the request before, at the latest at `deadline` (monotonic nanoseconds); nil: however long it takes.
  public func receive(until deadline: UInt64?) -> Answer {
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      if let end = input.firstIndex(of: 0x0a) {
        let line = Array(input[..<end])
        input.removeSubrange(...end)
        guard let value = try? JSONReader.read(line), value.object != nil else { return .gone }
        return .value(value)
      }
      let n = Glibc.read(connection.raw, &chunk, chunk.count)
      if n > 0 {
        input += chunk[..<n]
        if input.count > Self.limit { return .gone }
      } else if n < 0, sluice_errno() == EAGAIN {
        guard wait(for: connection, POLLIN, until: deadline) else { return .silent }
      } else if n == 0 || sluice_errno() != EINTR {
        return .gone
      }
    }
  }

  /// Asks and waits for the answer. Throws what the run answers when it refuses, and 66 when it has ended meanwhile.
  public func ask(_ request: JSONValue) throws(SluiceError) -> JSONValue {
    guard send(request), case .value(let answer) = receive(until: nil) else {
      throw SluiceError(.noInput, "the run ended before it answered", at: name)
    }
    if answer["ok"]?.bool == true { return answer }
    throw SluiceError(
      (answer["code"]?.number?.integer).flatMap { ExitCode(rawValue: Int32(truncatingIfNeeded: $0)) } ?? .software,
      answer["what"]?.string ?? "refused", at: answer["place"]?.string ?? "", advice: answer["advice"]?.string ?? "")
  }

  /// Waits until the supervisor's process has ended: nothing of the run is left then.
  public func waitForEnd() { _ = wait(for: process, POLLIN, until: nil) }

  private func wait(for descriptor: FileDescriptor, _ events: Int32, until deadline: UInt64?) -> Bool {
    var fd = pollfd(fd: descriptor.raw, events: Int16(events), revents: 0)
    while true {
      let now = sluice_now_ns()
      if let deadline, now >= deadline { return false }
      let pause = deadline.map { Int32(min(60_000, ($0 - now) / 1_000_000 + 1)) } ?? -1
      if poll(&fd, 1, pause) > 0 { return true }
    }
  }
}
