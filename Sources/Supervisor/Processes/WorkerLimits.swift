import CSluice
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What a worker may do and take; of one role, from the launch file.
public struct WorkerLimits: Sendable, Equatable {
  /// Held to its files and system calls by Landlock and seccomp (WorkerRuntime/Sandbox), as far as the kernel has them.
  public var isContained = true
  /// Bytes of its own memory (RLIMIT_DATA: private and writable, whether touched or not; the rings do not count). nil: more
  /// than enough for what the run is planned to need.
  public var memory: UInt64? = nil
  /// Processors that it may run on; nil: all.
  public var cpus: Int? = nil
  /// Whether a crash leaves a core file.
  public var dumpsCore = false

  public init() {}

  static let keys = ["containment", "memoryLimit", "cpus", "coreDumps"]
  /// Of other people's programs, which contain themselves or not.
  static let foreignKeys = ["memoryLimit", "cpus", "coreDumps"]

  /// Environment of the worker program: what it must know before it attaches.
  func environment(budget: UInt64) -> [String: String] {
    var environment = [
      "SLUICE_CONTAINMENT": isContained ? "full" : "off", "SLUICE_MEMORY": "\(budget)", "SLUICE_SUPERVISOR": "\(getpid())",
    ]
    // A worker that crashes is one line of ours and not a stack trace, unless somebody asks for it.
    if System.environment("SWIFT_BACKTRACE") == nil { environment["SWIFT_BACKTRACE"] = "enable=no" }
    return environment
  }

  /// Bytes that it may take: what the launch file says, else the larger of four times its part in the plan and the whole
  /// budget, and 256 MiB of stacks and arenas that are reserved but seldom touched.
  func memoryLimit(planned: UInt64, budget: UInt64) -> UInt64 { memory ?? max(planned * 4, budget) + (256 << 20) }

  /// To a process that has just been started, the `number`th of its role. What the system refuses is left.
  /// - Parameter memoryLimit: nil: none.
  func apply(to pid: pid_t, number: Int, memoryLimit: UInt64?) {
    if let memoryLimit { sluice_limit_memory(pid, memoryLimit) }
    if !dumpsCore, System.environment("SWIFT_BACKTRACE") == nil { sluice_limit_core(pid) }
    if let cpus { sluice_limit_cores(pid, Int32(number * cpus), Int32(cpus)) }
  }
}

extension LaunchDescription {
  /// What the user is told when somebody asked for workers that are held to nothing; nil: nobody did.
  func uncontainedWarning(_ file: String?) -> String? {
    let roles = [("decoder", decoder), ("renderer", renderer), ("encoder", encoder), ("audio worker", audio)].filter {
      !$0.1.limits.isContained
    }.map(\.0)
    guard !roles.isEmpty else { return nil }
    return
      "containment is off for \(roles.map { $0 + "s" }.joined(separator: ", ")) (\(file ?? "launch file")): "
      + "a hostile media file could read, change and send whatever you can"
  }
}
