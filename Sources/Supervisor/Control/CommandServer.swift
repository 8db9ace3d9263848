import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// The run's `control` socket: a JSON object a line in, one a line out. `sluice ps`, `attach`, `detach` and `stop` speak to it.
///
/// Served from the supervisor's one event loop. A slow or hostile peer costs a descriptor and some kilobytes, never time:
/// nothing here blocks, connections, lengths and requests a second are bounded, and a connection's next request is looked at
/// only when it has taken the answer to the last.
final class CommandServer {
  static let connectionLimit = 32
  static let lineLimit = 4096
  /// Requests of one connection between two ticks, a tenth of a second.
  static let budget = 20

  final class Client {
    let connection: FileDescriptor
    fileprivate var input: [UInt8] = []
    fileprivate var output: [UInt8] = []
    /// Its request is being worked on.
    fileprivate var isBusy = false
    /// It sends no more; it may still read.
    fileprivate var hasEnded = false
    fileprivate var isGone = false
    fileprivate var budget = CommandServer.budget
    fileprivate var lastUse: UInt64

    fileprivate init(_ connection: FileDescriptor, now: UInt64) {
      self.connection = connection
      lastUse = now
    }
  }

  private let listener: FileDescriptor
  private let clock: MonotonicClock
  private var clients: [Client] = []
  private var acceptBudget = CommandServer.budget

  init(path: String, clock: MonotonicClock = .system) throws(SluiceError) {
    self.clock = clock
    let fd = sluice_listen_stream(path)
    guard fd >= 0 else { throw SluiceError(.cannotCreate, "cannot listen: \(SystemError("bind").reason)", at: path) }
    listener = FileDescriptor(fd)
  }

  /// Appends what to poll, for `take`. A client that must wait for something else than itself asks for nothing.
  func list(_ fds: inout [pollfd]) {
    fds.append(pollfd(fd: listener.raw, events: acceptBudget > 0 ? Int16(POLLIN) : 0, revents: 0))
    for client in clients {
      var events: Int16 = 0
      if !client.output.isEmpty {
        events = Int16(POLLOUT)
      } else if !client.isBusy, !client.hasEnded, client.budget > 0 {
        events = Int16(POLLIN)
      }
      fds.append(pollfd(fd: client.isGone ? -1 : client.connection.raw, events: events, revents: 0))
    }
  }

  /// Reads and writes what is possible, as poll(2) says of what `list` listed.
  func take(_ polled: ArraySlice<pollfd>) {
    for (client, state) in zip(clients, polled.dropFirst()) where state.revents != 0 {
      if state.revents & Int16(POLLOUT) != 0 { flush(client) }
      if state.revents & Int16(POLLIN) != 0 { read(client) }
      // Hung up in both directions: there is nobody to answer. What it sent before is still done.
      if state.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { client.isGone = true }
    }
    if let first = polled.first, first.revents != 0 { accept() }
  }

  /// The next request that is to be answered; nil when there is none. What is no JSON object is answered here.
  func next() -> (client: Client, request: JSONValue)? {
    defer { clients.removeAll { $0.isGone && !$0.isBusy } }
    for client in clients {
      while !client.isBusy, client.output.isEmpty, client.budget > 0, let line = line(of: client) {
        client.budget -= 1
        client.lastUse = clock.now
        client.isBusy = true
        if let request = try? JSONReader.read(line), request.object != nil { return (client, request) }
        answer(client, CommandServer.refusal(SluiceError(.usage, "a request is a JSON object on a line")))
      }
      if !client.isBusy, client.output.isEmpty {
        if client.hasEnded { client.isGone = true }
        if client.input.count > CommandServer.lineLimit {
          client.isBusy = true
          client.hasEnded = true
          client.input.removeAll()
          answer(
            client,
            CommandServer.refusal(SluiceError(.usage, "a request has at most \(CommandServer.lineLimit) bytes")))
        }
      }
    }
    return nil
  }

  func answer(_ client: Client, _ value: JSONValue) {
    client.isBusy = false
    guard !client.isGone else { return }
    client.output = Array((value.line + "\n").utf8)
    flush(client)
  }

  /// Call it ten times a second: gives every client its requests back.
  func tick() {
    acceptBudget = CommandServer.budget
    for client in clients { client.budget = CommandServer.budget }
  }

  static func refusal(_ error: SluiceError) -> JSONValue {
    .object([JSONMember("ok", .bool(false))] + error.jsonMembers)
  }

  private func accept() {
    guard acceptBudget > 0 else { return }
    acceptBudget -= 1
    guard let (connection, _) = Peer.accept(listener) else { return }
    if clients.count >= CommandServer.connectionLimit {
      // The one that has said nothing for longest makes room; when all wait for an answer the new one goes.
      guard let idle = clients.filter({ !$0.isBusy }).min(by: { $0.lastUse < $1.lastUse }) else { return }
      clients.removeAll { $0 === idle }
    }
    clients.append(Client(connection, now: clock.now))
  }

  private func read(_ client: Client) {
    var chunk = [UInt8](repeating: 0, count: CommandServer.lineLimit + 1 - min(client.input.count, CommandServer.lineLimit))
    let n = Glibc.read(client.connection.raw, &chunk, chunk.count)
    if n > 0 {
      client.input += chunk[..<n]
    } else if n == 0 {
      client.hasEnded = true
    } else if sluice_errno() != EAGAIN, sluice_errno() != EINTR {
      client.isGone = true
    }
  }

  private func line(of client: Client) -> [UInt8]? {
    guard let end = client.input.firstIndex(of: 0x0a) else { return nil }
    let line = Array(client.input[..<end])
    client.input.removeSubrange(...end)
    return line
  }

  private func flush(_ client: Client) {
    while !client.output.isEmpty {
      let n = send(client.connection.raw, client.output, client.output.count, Int32(MSG_NOSIGNAL))
      if n > 0 {
        client.output.removeFirst(n)
      } else {
        if sluice_errno() == EINTR { continue }
        if sluice_errno() != EAGAIN { client.isGone = true }
        return
      }
    }
  }
}
