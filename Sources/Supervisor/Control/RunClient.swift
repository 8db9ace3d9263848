import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// A connection to a living run's control socket, from another process. Used from one thread.
public final class RunClient {
  /// The run's name: that of its directory.
  public let name: String
  /// Process of its supervisor.
  public let pid: Int32
  private let directory: String
  private let clock = MonotonicClock.system
  private let connection: FileDescriptor
  /// pidfd of the supervisor: what `waitForEnd` waits for.
  private let process: FileDescriptor
  private var input: [UInt8] = []
  /// Longest answer that is read.
  private static let limit = 1 << 20
  /// Nanoseconds in which a living run says something: it takes microseconds, unless it is stopped.
  public static let patience: UInt64 = 2_000_000_000
  /// Nanoseconds that a run takes at most to end when it is told to.
  private static let lastPatience: UInt64 = 10_000_000_000

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
    self.directory = directory
  }

  /// Living runs of this user, by name.
  public static func all() -> [RunClient] {
    RunDirectory.places().flatMap { place in
      Folder.entries(place).filter { !$0.hasPrefix(".") }
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
        guard wait(for: connection, POLLOUT, until: clock.now + 2_000_000_000) else { return false }
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

  /// The answer to the request before, at the latest at `deadline` (monotonic nanoseconds).
  public func receive(until deadline: UInt64) -> Answer {
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

  /// Asks and waits for the answer, as long as the run answers others: a worker may take its time to come or go. Throws what the
  /// run answers when it refuses, 66 when it has ended meanwhile, and 75 when it says nothing.
  public func ask(_ request: JSONValue) throws(SluiceError) -> JSONValue {
    guard send(request), let answer = try answer() else {
      throw SluiceError(.noInput, "the run ended before it answered", at: name)
    }
    if answer["ok"]?.bool == true { return answer }
    throw SluiceError(json: answer, code: .software, what: "refused")
  }

  /// Ends the run, and waits until the supervisor's process has ended: nothing of the run is left then. Throws 75 when it does not.
  public func stop() throws(SluiceError) {
    // No answer is one, too: it ended by itself, which is what is wanted.
    if send(.object(["do": .string("stop")])) { _ = try answer() }
    guard wait(for: process, POLLIN, until: clock.now + Self.lastPatience) else {
      throw SluiceError(
        .tryAgain, "has not ended within \(Self.lastPatience / 1_000_000_000) s", at: name, advice: "end process \(pid)")
    }
  }

  /// nil: the run has ended.
  private func answer() throws(SluiceError) -> JSONValue? {
    while true {
      switch receive(until: clock.now + Self.patience) {
      case .value(let answer): return answer
      case .gone: return nil
      case .silent:
        guard isSilent else { continue }
        throw SluiceError(
          .tryAgain, "the run does not answer", at: name, advice: "its process \(pid) is stopped, or has too much to do")
      }
    }
  }

  /// Whether it answers nobody.
  private var isSilent: Bool {
    guard let other = RunClient(name: name, directory: directory), other.send(.object(["do": .string("state")])) else {
      return false  // it has ended: the next look shows it
    }
    if case .silent = other.receive(until: clock.now + Self.patience) { return true }
    return false
  }

  private func wait(for descriptor: FileDescriptor, _ events: Int32, until deadline: UInt64) -> Bool {
    var fd = pollfd(fd: descriptor.raw, events: Int16(events), revents: 0)
    while true {
      let now = clock.now
      if now >= deadline { return false }
      if poll(&fd, 1, Int32(min(60_000, (deadline - now) / 1_000_000 + 1))) > 0 { return true }
    }
  }
}
