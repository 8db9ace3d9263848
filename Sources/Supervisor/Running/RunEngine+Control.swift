import CSluice
import Scheduling
import SlotLedger
import SluiceBase

/// What the control socket asks of a run.
extension RunEngine: RunControl {
  var workers: [WorkerHandle] { pool.workers }

  func attach(_ role: WorkerRole, _ count: Int) throws(SluiceError) -> [WorkerHandle] {
    try reception.makeRoom(for: role, count, &scheduler)
    var workers: [WorkerHandle] = []
    for _ in 0..<count { workers.append(try pool.startOneMore(role, isExtra: true)) }
    return workers
  }

  func canLeave(_ worker: WorkerHandle) -> Bool { !pool.isLast(worker) }

  func leave(_ worker: WorkerHandle) {
    guard !worker.isLeaving else { return }
    worker.isLeaving = true
    if let index = worker.index, worker.isReady {
      scheduler.handle(.workerLeaving(index))
    } else {
      worker.process.signal(SIGKILL)
    }
  }

  func end(of worker: WorkerHandle) -> WorkerEnd { pool.limits.end(of: worker) }

  func state() -> JSONValue {
    report.state(
      scheduler, pool, sink, now: clock.now,
      facts: [
        JSONMember("run", .string(ports.directory.name)), JSONMember("pid", .number(getpid())),
        JSONMember("state", .string(sink.isWhole ? "finishing" : scheduler.isDone ? "joining" : "rendering")),
        JSONMember("project", .string(OutputTarget.absolute(configuration.project.path))),
        JSONMember("output", .string(sink.place)), JSONMember("attachSocket", .string(ports.directory.attachSocket)),
        JSONMember("controlSocket", .string(ports.directory.controlSocket)),
      ])
  }
}
