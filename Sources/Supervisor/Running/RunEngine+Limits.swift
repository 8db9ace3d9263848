import CSluice
import SluiceBase

/// Limits of this run's workers.
extension RunEngine {
  /// Bytes of its own memory that a worker of this role may take. The plan counts everything together, so every role may
  /// have all of it that is not rings.
  func memoryLimit(_ role: sluice_role) -> UInt64 {
    let shared = zip(memory.rings, memory.sizes[0].slots).reduce(UInt64(0)) { $0 + UInt64($1.0.slotBytes * $1.1) }
    let planned = memory.bytes > shared ? memory.bytes - shared : 0
    return prepared.launch.role(role).limits.memoryLimit(planned: planned, budget: prepared.memory)
  }

  /// Says so when somebody asked for workers that are held to nothing.
  func warnOfUncontained() {
    let roles = prepared.launch.uncontained
    guard !roles.isEmpty else { return }
    observer.warning(
      "containment is off for \(roles.map { $0 + "s" }.joined(separator: ", ")) (\(configuration.launchFile ?? "launch file")): "
        + "a hostile media file could read, change and send whatever you can")
  }

  /// A library that could get no memory says only that; which limit it was and how to raise it is added here.
  func tellingLimit(_ text: String, _ worker: WorkerHandle) -> String {
    let words = text.lowercased()
    guard worker.role != SLUICE_ROLE_FILTER, ["allocate memory", "malloc", "no memory"].contains(where: words.contains) else {
      return text
    }
    return text + "; \(worker.name)'s own memory is limited to \(memoryLimit(worker.role) >> 20) MiB (\(limitKey(worker.role)))"
  }

  private func limitKey(_ role: sluice_role) -> String { "workers.\(WorkerHandle.title(role)).memoryLimit in a launch file" }

  /// How a worker ended, in words for the user.
  func ending(of worker: WorkerHandle) -> String {
    guard let status = (worker.process as? ChildProcess)?.status, sluice_exited(status),
      sluice_exit_status(status) == ShortMemory.exitStatus
    else { return worker.process.ending }
    return "its memory limit of \(memoryLimit(worker.role) >> 20) MiB reached (raise \(limitKey(worker.role)))"
  }
}
