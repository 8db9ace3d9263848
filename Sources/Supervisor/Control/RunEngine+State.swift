import CSluice
import SluiceBase

/// What `sluice ps` shows: how the run is now.
extension RunEngine {
  func state() -> JSONValue {
    let progress = progress(final: false)
    let rate = configuration.project.canvas.rate.double
    return .object([
      "ok": .bool(true), "run": .string(directory.name), "pid": .number(getpid()),
      "state": .string(isWritten ? "finishing" : scheduler.isDone ? "joining" : "rendering"),
      "project": .string(absolute(configuration.project.path)),
      "output": .string(output.kind == .file ? absolute(configuration.output) : outputName),
      "attachSocket": .string(directory.attachSocket), "controlSocket": .string(directory.controlSocket),
      "frames": .number(progress.frames), "totalFrames": .number(progress.totalFrames),
      "wallSeconds": .number(thousandths: progress.wallSeconds), "fps": .number(thousandths: progress.fps),
      "speed": .number(thousandths: rate > 0 ? progress.fps / rate : 0),
      "secondsLeft": progress.secondsLeft.map { .number(thousandths: $0) } ?? .null,
      "limitedBy": .string(progress.limitedBy), "memoryBytes": .number(currentMemory),
      "peakMemoryBytes": .number(peakMemory), "memoryBudgetBytes": .number(prepared.memory),
      "lanes": .number(scheduler.laneCount), "restarts": .number(restarts),
      "workers": .array(workers.map(state)),
    ])
  }

  /// The same for somebody who is elsewhere.
  private func absolute(_ path: String) -> String {
    guard !path.isEmpty, !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    return String(cString: here) + "/" + path
  }

  private func state(_ worker: WorkerHandle) -> JSONValue {
    .object([
      "name": .string(worker.name), "role": .string(WorkerHandle.title(worker.role)), "pid": .number(worker.process.pid),
      "origin": .string(worker.isOurs ? "ours" : "attached"),
      "state": .string(
        worker.killedFor != nil ? "ending" : worker.isLeaving ? "leaving" : worker.isReady ? "ready" : "starting"),
      "frames": .number(worker.lease?.value(.frames) ?? 0), "restarts": .number(worker.restarts),
      "privateBytes": .number(worker.privateBytes), "peakPrivateBytes": .number(worker.peakPrivateBytes),
    ])
  }
}

extension JSONValue {
  /// A measured figure, to a thousandth.
  static func number(thousandths value: Double) -> JSONValue {
    value.isFinite ? .number((value * 1000).rounded() / 1000) : .null
  }
}
