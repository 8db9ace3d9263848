import CSluice
import Scheduling
import SlotLedger
import SluiceBase

/// What requests of the control socket ask of a run.
protocol RunControl: AnyObject {
  /// How the run is, as `sluice ps` shows it.
  func state() -> JSONValue
  /// Workers that are there, those that are about to end included.
  var workers: [WorkerHandle] { get }
  /// Starts more workers of a role. Throws when that makes no sense or there is no room.
  func attach(_ role: WorkerRole, _ count: Int) throws(SluiceError) -> [WorkerHandle]
  /// Whether the run can do without a worker.
  func canLeave(_ worker: WorkerHandle) -> Bool
  /// Lets a worker go when it has done what it has.
  func leave(_ worker: WorkerHandle)
  /// Why a worker ended.
  func end(of worker: WorkerHandle) -> WorkerEnd
}

/// Carries out the requests of the control socket: `{"do": "state" | "attach" | "detach" | "stop", …}`. Used from the supervisor's thread.
final class ControlCommands {
  /// A request that is answered when something has happened.
  private struct Pending {
    enum Goal {
      /// All of them are ready.
      case ready([WorkerHandle])
      /// It has gone.
      case gone(WorkerHandle)
    }
    var client: CommandServer.Client
    var goal: Goal
  }

  private let server: CommandServer
  private var pending: [Pending] = []

  init(_ server: CommandServer) { self.server = server }

  /// Registers the socket and its connections. Requests that came in are carried out by `serve`.
  func attach(to loop: EventLoop) {
    loop.watch(
      list: server.list, { (polled: ArraySlice<pollfd>) throws(SluiceError) in self.server.take(polled) })
  }

  /// Ten times a second: gives every client its requests back.
  func tick() { server.tick() }

  /// Carries out what was asked. Throws `interrupted` when somebody stops the run.
  func serve(_ run: some RunControl) throws(SluiceError) {
    settle(run)
    while let (client, request) = server.next() {
      do throws(SluiceError) {
        switch request["do"]?.string {
        case "state": server.answer(client, run.state())
        case "attach": try attach(request, client, run)
        case "detach": try detach(request, client, run)
        case "stop":
          server.answer(client, .object(["ok": .bool(true)]))
          throw SluiceError(.interrupted, "stopped by sluice stop")
        default: throw SluiceError(.usage, "a request does \"state\", \"attach\", \"detach\" or \"stop\"")
        }
      } catch {
        if error.code == .interrupted { throw error }
        server.answer(client, CommandServer.refusal(error))
      }
    }
  }

  /// The run is over: nobody is left waiting.
  func dismiss(_ run: some RunControl) {
    settle(run)
    for command in pending {
      server.answer(command.client, CommandServer.refusal(SluiceError(.tryAgain, "the run ended meanwhile")))
    }
    pending = []
  }

  /// Answers the requests whose goal is reached, or cannot be any more.
  private func settle(_ run: some RunControl) {
    guard !pending.isEmpty else { return }
    func isThere(_ worker: WorkerHandle) -> Bool { run.workers.contains { $0 === worker } }
    pending = pending.filter { command in
      switch command.goal {
      case .ready(let handles):
        if let lost = handles.first(where: { !$0.isReady && !isThere($0) }) {
          let reason = run.end(of: lost).words
          server.answer(
            command.client,
            CommandServer.refusal(SluiceError(.unavailable, "\(lost.name) ended with \(reason) before it was ready")))
          return false
        }
        guard handles.allSatisfy(\.isReady) else { return true }
        server.answer(
          command.client, .object(["ok": .bool(true), "workers": .array(handles.map { .string($0.name) })]))
        return false
      case .gone(let handle):
        if isThere(handle) { return true }
        server.answer(command.client, .object(["ok": .bool(true), "worker": .string(handle.name)]))
        return false
      }
    }
  }

  private func attach(_ request: JSONValue, _ client: CommandServer.Client, _ run: some RunControl) throws(SluiceError) {
    guard let name = request["role"]?.string, let role = WorkerRole.attachable.first(where: { $0.title == name }) else {
      throw SluiceError(.usage, "a role is decoder, renderer or encoder", at: "role")
    }
    let count = Int(request["count"]?.number?.integer ?? 1)
    guard (1...32).contains(count) else { throw SluiceError(.usage, "must be from 1 to 32", at: "count") }
    pending.append(Pending(client: client, goal: .ready(try run.attach(role, count))))
  }

  private func detach(_ request: JSONValue, _ client: CommandServer.Client, _ run: some RunControl) throws(SluiceError) {
    let wanted = request["worker"]?.string
    guard let worker = run.workers.first(where: { $0.name == wanted || "\($0.process.pid)" == wanted }) else {
      throw SluiceError(
        .noInput, "the run has no such worker", at: wanted ?? "",
        advice: NearestName.of(wanted ?? "", in: run.workers.map(\.name)).map { "did you mean \($0)?" } ?? "sluice ps names them")
    }
    if worker.role.isOfSound, !worker.isLeaving {
      throw SluiceError(
        .tryAgain, "is the only one of its kind: without it the run's sound would begin again", at: worker.name,
        advice: "end the run with sluice stop")
    }
    guard run.canLeave(worker) else {
      throw SluiceError(
        .tryAgain, "is the run's only \(worker.role.title): without it nothing goes on", at: worker.name,
        advice: "attach another first, or end the run with sluice stop")
    }
    run.leave(worker)
    pending.append(Pending(client: client, goal: .gone(worker)))
  }
}
