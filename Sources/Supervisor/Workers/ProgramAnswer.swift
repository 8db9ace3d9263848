import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// What a program of ours printed, and how it ended: for questions that are answered in one go (a probe, an identity, a check), not
/// for workers. `run` blocks the calling thread; it may be called from any.
public struct ProgramAnswer: Sendable {
  /// Whole lines of its standard output, without their ends, in order.
  public private(set) var lines: [String] = []
  /// How it ended, as wait(2) tells it. nil: it did not come to its end, because it was silent for too long or because it had
  /// printed as many lines as were wanted.
  public private(set) var status: Int32? = nil

  /// Most memory that it had resident at a time, bytes.
  public private(set) var peakBytes: UInt64 = 0

  /// It came to its end without an error.
  public var isSuccess: Bool { status == 0 }

  /// What a program may do and take.
  public struct Bounds: Sendable {
    var limits: WorkerLimits
    /// Bytes of its own memory.
    var memoryLimit: UInt64
  }

  /// Starts a program, reads what it prints, and waits for its end. Nothing of it is left afterwards. Throws 69 when it cannot be
  /// started.
  /// - Parameters:
  ///   - descriptors: (ours, number in the program); its standard output is taken.
  ///   - bounds: nil: none.
  ///   - wanted: lines after which it is ended.
  ///   - silence: milliseconds without a byte or an end after which it is ended.
  public static func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], descriptors: [(Int32, Int32)] = [],
    bounds: Bounds? = nil, wanted: Int = .max, silence: Int32
  ) throws(SluiceError) -> ProgramAnswer {
    var ends: [Int32] = [-1, -1]
    guard sluice_pipe(&ends) == 0 else { throw SluiceError(.unavailable, "pipe: \(SystemError("pipe").reason)") }
    let reader = FileDescriptor(ends[0])
    var writer: FileDescriptor? = FileDescriptor(ends[1])
    let child = try ChildProcess(
      program, arguments: arguments, environment: environment, descriptors: descriptors + [(ends[1], 1)])
    withExtendedLifetime(writer) {}
    writer = nil  // only the program has it open now, so its end is seen
    if let bounds { bounds.limits.apply(to: child.pid, number: 0, memoryLimit: bounds.memoryLimit) }
    var answer = ProgramAnswer()
    let isOver = answer.read(reader.raw, child, wanted, silence)
    child.end()  // of one that has ended already it takes the status
    if isOver { answer.status = child.status }
    answer.peakBytes = child.peakBytes
    return answer
  }

  /// True when the program has come to its end.
  private mutating func read(_ reader: Int32, _ child: ChildProcess, _ wanted: Int, _ silence: Int32) -> Bool {
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    var isOpen = true
    while lines.count < wanted {
      if let end = pending.firstIndex(of: 0x0a) {
        lines.append(String(decoding: pending[..<end], as: UTF8.self))
        pending.removeSubrange(...end)
        continue
      }
      // Another process may keep the pipe open, so the end of the program is waited for by its pidfd.
      var fds = [
        pollfd(fd: isOpen ? reader : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: child.watch.raw, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&fds, 2, silence)
      if ready == 0 { return false }
      if ready < 0 { continue }
      if fds[0].revents != 0 {
        let n = Glibc.read(reader, &chunk, chunk.count)
        if n > 0 { pending += chunk[..<n] } else if n == 0 { isOpen = false }
      } else if fds[1].revents != 0 {
        return true
      }
    }
    return false
  }
}
