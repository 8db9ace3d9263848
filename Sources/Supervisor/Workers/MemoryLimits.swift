import Scheduling
import SlotLedger

/// What the workers of a run may take of memory, and words about it.
struct MemoryLimits: Sendable {
  let launch: LaunchDescription
  /// Bound on all processes of the run, bytes, and the part of it that is planned for what is not rings.
  let budget: UInt64
  private let planned: UInt64

  init(_ launch: LaunchDescription, _ memory: MemoryPlan, budget: UInt64) {
    let shared = zip(memory.rings, memory.sizes[0].slots).reduce(UInt64(0)) { $0 + UInt64($1.0.slotBytes * $1.1) }
    self.init(launch, planned: memory.bytes > shared ? memory.bytes - shared : 0, budget: budget)
  }

  init(_ launch: LaunchDescription, planned: UInt64, budget: UInt64) {
    self.launch = launch
    self.planned = planned
    self.budget = budget
  }

  /// Bytes of its own memory that a worker of this role may take. The plan counts everything together, so every role may have all of it
  /// that is not rings.
  func bytes(_ role: WorkerRole) -> UInt64 { launch.role(role).limits.memoryLimit(planned: planned, budget: budget) }

  func limit(of role: WorkerRole) -> WorkerEnd.MemoryLimit {
    WorkerEnd.MemoryLimit(bytes: bytes(role), key: "workers.\(role.title).memoryLimit in a launch file")
  }

  /// nil: it has none.
  func limit(of worker: WorkerHandle) -> WorkerEnd.MemoryLimit? {
    guard worker.role == .filter else { return limit(of: worker.role) }
    guard worker.isOurs, let bytes = launch.role(of: worker).limits.memory else { return nil }
    return WorkerEnd.MemoryLimit(bytes: bytes, key: "workers.filters.\(worker.filter.name ?? "").memoryLimit in a launch file")
  }

  /// Why a worker ended, or is being ended.
  func end(of worker: WorkerHandle) -> WorkerEnd {
    if let reason = worker.killedFor { return reason }
    guard let status = worker.process.status else { return .unknown }
    return worker.role == .filter
      ? WorkerEnd(foreignStatus: status, used: worker.memory.now, limit: limit(of: worker))
      : WorkerEnd(status: status, used: worker.memory.now, limit: limit(of: worker))
  }

  /// A library that could get no memory says only that; which limit it was and how to raise it is added here.
  func explain(_ text: String, of worker: WorkerHandle) -> String {
    let words = text.lowercased()
    let signs = ["allocate memory", "malloc", "no memory", "out of memory", "memoryerror", "bad_alloc"]
    guard let limit = limit(of: worker), signs.contains(where: words.contains) else { return text }
    return text + "; \(worker.name)'s own memory is limited to \(limit.size) (\(limit.key))"
  }
}
