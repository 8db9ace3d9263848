import CSluice
import SluiceBase

/// A command that is answered when something has happened.
struct PendingCommand {
  enum Goal {
    /// All of them are ready.
    case ready([WorkerHandle])
    /// It has gone.
    case gone(WorkerHandle)
  }
  var client: CommandServer.Client
  var goal: Goal
}

/// What the control socket's requests do: `{"do": "state" | "attach" | "detach" | "stop", …}`.
extension RunEngine {
  func serveCommands() throws(SluiceError) {
    settleCommands()
    while let (client, request) = commands.next() {
      do throws(SluiceError) {
        switch request["do"]?.string {
        case "state": commands.answer(client, state())
        case "attach": try attach(request, client)
        case "detach": try detach(request, client)
        case "stop":
          commands.answer(client, .object(["ok": .bool(true)]))
          throw SluiceError(.interrupted, "stopped by sluice stop")
        default: throw SluiceError(.usage, "a request does \"state\", \"attach\", \"detach\" or \"stop\"")
        }
      } catch {
        if error.code == .interrupted { throw error }
        commands.answer(client, CommandServer.refusal(error))
      }
    }
  }

  /// Answers the commands whose goal is reached, or cannot be any more.
  private func settleCommands() {
    var open: [PendingCommand] = []
    for command in pendingCommands {
      switch command.goal {
      case .ready(let handles):
        if let lost = handles.first(where: { handle in !handle.isReady && !workers.contains { $0 === handle } }) {
          let reason = lost.killedFor ?? lost.process.ending
          commands.answer(
            command.client,
            CommandServer.refusal(SluiceError(.unavailable, "\(lost.name) ended with \(reason) before it was ready")))
        } else if handles.allSatisfy(\.isReady) {
          commands.answer(
            command.client, .object(["ok": .bool(true), "workers": .array(handles.map { .string($0.name) })]))
        } else {
          open.append(command)
        }
      case .gone(let handle):
        if workers.contains(where: { $0 === handle }) {
          open.append(command)
        } else {
          commands.answer(command.client, .object(["ok": .bool(true), "worker": .string(handle.name)]))
        }
      }
    }
    pendingCommands = open
  }

  /// The run is over: nobody is left waiting.
  func dismissCommands() {
    settleCommands()
    for command in pendingCommands {
      commands.answer(command.client, CommandServer.refusal(SluiceError(.tryAgain, "the run ended meanwhile")))
    }
    pendingCommands = []
  }

  private func attach(_ request: JSONValue, _ client: CommandServer.Client) throws(SluiceError) {
    guard let name = request["role"]?.string, let role = WorkerHandle.role(name) else {
      throw SluiceError(.usage, "a role is decoder, renderer or encoder", at: "role")
    }
    let count = Int(request["count"]?.number?.integer ?? 1)
    guard (1...32).contains(count) else { throw SluiceError(.usage, "must be from 1 to 32", at: "count") }
    try makeRoom(for: role, count)
    var handles: [WorkerHandle] = []
    for _ in 0..<count {
      try spawn(role, nextNumber(role))
      let handle = workers[workers.count - 1]
      handle.isExtra = true
      handles.append(handle)
    }
    pendingCommands.append(PendingCommand(client: client, goal: .ready(handles)))
  }

  private func detach(_ request: JSONValue, _ client: CommandServer.Client) throws(SluiceError) {
    guard let word = request["worker"]?.string,
      let worker = workers.first(where: { $0.name == word || "\($0.process.pid)" == word })
    else {
      let wanted = request["worker"]?.string ?? ""
      throw SluiceError(
        .noInput, "the run has no such worker", at: wanted,
        advice: NearestName.of(wanted, in: workers.map(\.name)).map { "did you mean \($0)?" } ?? "sluice ps names them")
    }
    if worker.isOfSound, !worker.isLeaving {
      throw SluiceError(
        .tryAgain, "is the only one of its kind: without it the run's sound would begin again", at: worker.name,
        advice: "end the run with sluice stop")
    }
    guard !isLast(worker) else {
      throw SluiceError(
        .tryAgain, "is the run's only \(WorkerHandle.title(worker.role)): without it nothing goes on", at: worker.name,
        advice: "attach another first, or end the run with sluice stop")
    }
    leave(worker)
    pendingCommands.append(PendingCommand(client: client, goal: .gone(worker)))
  }

  /// Whether no other worker is there to do its work.
  private func isLast(_ worker: WorkerHandle) -> Bool {
    !workers.contains {
      $0 !== worker && $0.isColleague(of: worker) && $0.isReady && !$0.isLeaving && $0.killedFor == nil
        && ($0.serves == worker.serves || $0.serves == 0)
    }
  }

  /// Number for the name of a new worker: none is given twice in a run.
  func nextNumber(_ role: sluice_role) -> Int {
    let title = WorkerHandle.title(role)
    var highest = -1
    for name in workers.filter({ $0.role == role }).map(\.name) + retired.filter({ $0.role == title }).map(\.name) {
      highest = max(highest, WorkerHandle.number(in: name) ?? -1)
    }
    return highest + 1
  }
}

extension WorkerHandle {
  /// Role by its name on the command line.
  static func role(_ name: String) -> sluice_role? {
    [SLUICE_ROLE_DECODER, SLUICE_ROLE_RENDERER, SLUICE_ROLE_ENCODER].first { title($0) == name }
  }
}

extension RunEngine {
  /// Serves commands where the event loop has ended already: while an external encoder finishes.
  func serveCommandsAlone() throws(SluiceError) {
    var fds = commands.watched
    commands.tick()
    if poll(&fds, nfds_t(fds.count), 0) > 0 { commands.take(fds[...]) }
    try serveCommands()
  }
}
