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
    let signs = ["allocate memory", "malloc", "no memory", "out of memory", "memoryerror", "bad_alloc"]
    guard let limit = memoryLimit(of: worker), signs.contains(where: words.contains) else { return text }
    return text + "; \(worker.name)'s own memory is limited to \(limit >> 20) MiB (\(limitKey(worker)))"
  }

  /// nil: it has none.
  private func memoryLimit(of worker: WorkerHandle) -> UInt64? {
    if worker.role != SLUICE_ROLE_FILTER { return memoryLimit(worker.role) }
    return worker.isOurs ? prepared.launch.role(of: worker).limits.memory : nil
  }

  private func limitKey(_ worker: WorkerHandle) -> String {
    let title = worker.role == SLUICE_ROLE_FILTER ? "filters.\(worker.filter ?? "")" : WorkerHandle.title(worker.role)
    return "workers.\(title).memoryLimit in a launch file"
  }

  /// How a worker ended, in words for the user.
  func ending(of worker: WorkerHandle) -> String {
    guard let limit = memoryLimit(of: worker), let status = (worker.process as? ChildProcess)?.status else {
      return worker.process.ending
    }
    // Other people's programs do not say why.
    if worker.role == SLUICE_ROLE_FILTER {
      return worker.process.ending + "; its memory is limited to \(limit >> 20) MiB (\(limitKey(worker)))"
    }
    return wantedMemory(status) ? shortOfMemory("workers.\(WorkerHandle.title(worker.role))", worker.role) : worker.process.ending
  }

  /// Whether one of our programs ended because it got no memory.
  func wantedMemory(_ status: Int32?) -> Bool {
    guard let status else { return false }
    return sluice_exited(status) && sluice_exit_status(status) == ShortMemory.exitStatus
  }

  func shortOfMemory(_ key: String, _ role: sluice_role) -> String {
    "its memory limit of \(memoryLimit(role) >> 20) MiB reached (raise \(key).memoryLimit in a launch file)"
  }
}
