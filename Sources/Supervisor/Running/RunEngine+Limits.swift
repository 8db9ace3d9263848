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

  /// How a worker ended, in words for the user.
  func ending(of worker: WorkerHandle) -> String {
    guard let status = (worker.process as? ChildProcess)?.status, sluice_exited(status),
      sluice_exit_status(status) == ShortMemory.exitStatus
    else { return worker.process.ending }
    let role = WorkerHandle.program(worker.role).dropFirst("sluice-".count)
    return
      "its memory limit of \(memoryLimit(worker.role) >> 20) MiB reached (raise workers.\(role).memoryLimit in a launch file)"
  }
}
