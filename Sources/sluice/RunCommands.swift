import CSluice
import CommandInterface
import SluiceBase
import Supervisor

/// `sluice ps`.
enum RunListCommand {
  static func run(_ invocation: Invocation) throws {
    let runs = RunClient.all()
    for run in runs { _ = run.send(.object(["do": .string("state")])) }
    let deadline = sluice_now_ns() + RunClient.patience
    var states: [JSONValue] = []
    for run in runs {
      switch run.receive(until: deadline) {
      case .value(let state):
        guard state["ok"]?.bool == true, let members = state.object else { continue }
        states.append(.object(members.filter { $0.key != "ok" }))
      case .silent:
        states.append(.object(["run": .string(run.name), "pid": .number(run.pid), "state": .string("silent")]))
      case .gone: break  // it ended just now
      }
    }
    try Console.print(invocation.settings.flag(.json) ? JSONValue.array(states).pretty : RunTable.text(states))
  }
}

/// `sluice attach`.
enum AttachCommand {
  static func run(_ invocation: Invocation) throws {
    guard let role = invocation.settings.text(.role) else {
      throw SluiceError(.usage, "no role is named", advice: "add --role decoder, renderer or encoder")
    }
    let answer = try RunClient.find(invocation.operands[0]).ask(
      .object([
        "do": .string("attach"), "role": .string(role), "count": .number(invocation.settings.count(.count) ?? 1),
      ]))
    try Console.print((answer["workers"]?.array ?? []).compactMap(\.string).map { $0.printable + "\n" }.joined())
  }
}

/// `sluice detach`.
enum DetachCommand {
  static func run(_ invocation: Invocation) throws {
    _ = try RunClient.find(invocation.operands[0]).ask(
      .object(["do": .string("detach"), "worker": .string(invocation.operands[1])]))
  }
}

/// `sluice stop`.
enum StopCommand {
  static func run(_ invocation: Invocation) throws {
    try RunClient.find(invocation.operands[0]).stop()
  }
}
