import CSluice
import Scheduling
import SluiceBase
import SystemBase

extension WorkerEnd {
  /// How one of our own programs ended.
  /// - Parameters:
  ///   - status: of waitpid(2).
  ///   - used: private memory when it was last looked at, bytes.
  ///   - limit: nil: it had none.
  init(status: Int32, used: UInt64, limit: MemoryLimit?) {
    if sluice_exited(status) {
      let code = sluice_exit_status(status)
      if code == ShortMemory.exitStatus, let limit { self = .outOfMemory(limit) } else { self = .exit(code) }
      return
    }
    let end = WorkerEnd.signal(sluice_term_signal(status))
    if end.weight == .fromOutside, let limit, limit.isNear(used) {
      self = .endedNearLimit(signal: sluice_term_signal(status), limit)
    } else {
      self = end
    }
  }

  /// The same of somebody else's program: it does not say why it ended, so its limit is told with its end.
  init(foreignStatus status: Int32, used: UInt64, limit: MemoryLimit?) {
    switch WorkerEnd(status: status, used: used, limit: limit) {
    case .outOfMemory: self = .exit(ShortMemory.exitStatus, limit: limit)
    case .exit(let code, _): self = .exit(code, limit: limit)
    case .signal(let number, _): self = .signal(number, limit: limit)
    case let end: self = end
    }
  }
}
