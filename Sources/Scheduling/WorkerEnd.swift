import Glibc

/// Why a worker ended. It travels with the event of the worker's death, and decides by itself what follows: whether the work that
/// the worker had is suspected, whether the end counts as one of its role's `restarts`, and what the user is told.
public enum WorkerEnd: Sendable, Equatable {
  /// The program ended by itself. `limit`: of a program that does not say whether it got no memory.
  case exit(Int32, limit: MemoryLimit? = nil)
  /// `limit` as above.
  case signal(Int32, limit: MemoryLimit? = nil)
  /// It got no memory, and said so.
  case outOfMemory(MemoryLimit)
  /// Ended by a signal from outside when its memory was near its limit: most likely for want of memory.
  case endedNearLimit(signal: Int32, MemoryLimit)
  /// A process that is no child of ours: how it ended is not ours to know.
  case unknown

  // What follows are ends by the supervisor.

  case deadline(Deadline, seconds: Int)
  /// It broke the protocol; the words say how.
  case violation(String)
  /// Somebody flooded the control bus: all workers begin anew.
  case busFlooded
  /// Its segment begins again, because a frame before it is held.
  case beginsAgain
  /// A filter said that it cannot filter a picture: its successor begins anew.
  case cannotFilter

  /// What a worker did not do in time.
  public enum Deadline: Sendable, Equatable {
    case heartbeat
    /// Nobody but it was waited for.
    case progress
    /// A filter at one picture.
    case picture
    /// READY after HELLO.
    case ready
  }

  /// Private memory that a worker may take, bytes, and the place where the user sets that.
  public struct MemoryLimit: Sendable, Equatable {
    public var bytes: UInt64
    /// "workers.decoder.memoryLimit in a launch file".
    public var key: String
    public init(bytes: UInt64, key: String) {
      self.bytes = bytes
      self.key = key
    }
    /// "600 MiB".
    public var size: String { "\(bytes >> 20) MiB" }
    /// Whether a process with so much private memory may have been ended for it.
    public func isNear(_ used: UInt64) -> Bool { used >= bytes / 4 * 3 }
  }

  /// How an end counts towards the ends after which a worker is not started again.
  public enum Weight: Sendable, Equatable {
    /// Not at all: the supervisor wanted it.
    case none
    /// As one of the role's `restarts`.
    case restart
    /// By a limit of its own (`EndsInRow`), since nothing that runs here is to blame.
    case fromOutside
  }

  public var weight: Weight {
    switch self {
    case .busFlooded, .beginsAgain, .cannotFilter: .none
    case .signal(let number, _): Self.isFault(number) ? .restart : .fromOutside
    case .exit, .outOfMemory, .endedNearLimit, .unknown, .deadline, .violation: .restart
    }
  }

  /// Whether the work that the worker had may have caused it.
  public var suspectsWork: Bool { weight == .restart }

  /// Whether the user is told that the worker ended and is started again.
  public var isShown: Bool { self != .beginsAgain }

  /// Signals that a program's own fault raises; all others are sent by somebody else, or come from limits on the whole machine.
  private static func isFault(_ signal: Int32) -> Bool {
    [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP].contains(signal)
  }

  /// For messages, after "ended with".
  public var words: String {
    switch self {
    case .exit(let status, let limit): "exit status \(status)" + Self.note(limit)
    case .signal(let number, let limit): Self.name(number) + Self.note(limit)
    case .outOfMemory(let limit): "its memory limit of \(limit.size) reached (raise \(limit.key))"
    case .endedNearLimit(let number, let limit):
      "\(Self.name(number)), its memory near the limit of \(limit.size) (\(limit.key))"
    case .unknown: "an end of its own"
    case .deadline(.heartbeat, let seconds): "it sent no heartbeat for \(seconds) s"
    case .deadline(.progress, let seconds): "it made no progress for \(seconds) s"
    case .deadline(.picture, let seconds): "it was at one picture for \(seconds) s"
    case .deadline(.ready, let seconds): "it did not say READY within \(seconds) s"
    case .violation(let text): text
    case .busFlooded: "the control bus was flooded"
    case .beginsAgain: "a frame before it is held"
    case .cannotFilter: "it could not filter a picture"
    }
  }

  private static func note(_ limit: MemoryLimit?) -> String {
    limit.map { "; its memory is limited to \($0.size) (\($0.key))" } ?? ""
  }

  /// "signal 9 (Killed)".
  private static func name(_ signal: Int32) -> String { "signal \(signal) (\(String(cString: strsignal(signal))))" }
}
