import CSluice

/// Places in a worker at which the tests end it: before and after each store and each send of the slot protocol. The names are
/// those of ipc-schema/model/slots.pml, where a crash is tried after any step.
///
/// `SLUICE_KILL_POINT=ROLE:NAME:COUNT[:ACTION[:FILE]]`, several with commas between, makes a worker of that role do ACTION
/// (kill, stop, hang, exit) when it passes the point for the COUNT-th time. With FILE only the worker that can remove that file
/// does so: each entry with a file then happens once a run, and a worker that was started again takes the next one. A point
/// that is not armed costs one load.
public enum KillPoint: String, CaseIterable, Sendable {
  case attachHello = "attach.after-hello"
  case attachLease = "attach.after-lease"
  case readyBeforeSend = "ready.before-send"
  case readyAfterSend = "ready.after-send"
  /// A command was read; nothing was done for it yet.
  case take = "take.before"
  /// Before a granted slot is written, and after its pixels and header were written.
  case fillBefore = "fill.before"
  case fillAfter = "fill.after"
  case publishBeforeDone = "publish.before-done"
  case publishAfterDone = "publish.after-done"
  case publishBeforeSend = "publish.before-send"
  case publishAfterSend = "publish.after-send"
  /// Before and after a consumer reads a slot.
  case readBefore = "read.before"
  case readAfter = "read.after"
  case releaseBeforeStore = "release.before-store"
  case releaseAfterStore = "release.after-store"
  case releaseBeforeSend = "release.before-send"
  case releaseAfterSend = "release.after-send"
  case needBeforeSend = "need.before-send"
  case needAfterSend = "need.after-send"
  case endBeforeSend = "end.before-send"
  case endAfterSend = "end.after-send"
  /// Before and after a new encoder is made.
  case beginBefore = "begin.before"
  case beginAfter = "begin.after"
  case finishedBeforeSend = "finished.before-send"
  case finishedAfterSend = "finished.after-send"

  /// Called by the worker where it passes this point.
  @inline(__always)
  public func pass() {
    if sluice_kill_points_armed() { KillPoint.reach(self) }
  }

  private struct Entry: Sendable {
    var point: KillPoint
    var action: String
  }
  /// Set before the worker has a second thread, read afterwards.
  nonisolated(unsafe) private static var armed: Entry?

  /// A worker program calls this first, with its role.
  public static func arm(role: String) {
    guard let text = System.environment("SLUICE_KILL_POINT") else { return }
    for entry in text.split(separator: ",") {
      let words = entry.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard words.count >= 3, words[0] == role, let point = KillPoint(rawValue: words[1]), let count = Int32(words[2]) else {
        continue
      }
      if words.count > 4, unlink(words[4]) != 0 { continue }
      armed = Entry(point: point, action: words.count > 3 ? words[3] : "kill")
      return sluice_arm_kill_points(count)
    }
  }

  private static func reach(_ point: KillPoint) {
    guard let armed, armed.point == point, sluice_kill_point_is_due() else { return }
    switch armed.action {
    case "stop": raise(SIGSTOP)
    case "hang": Monitor(()).wait { _ in nil as Void? }
    case "exit": exit(0)
    default: raise(SIGKILL)  // The sandbox allows a signal to the process itself.
    }
  }
}

/// Work that ends whoever does it, for the tests: `SLUICE_POISON=ROLE:FRAME:TEXT` crashes a worker of that role (SIGSEGV) at that
/// output frame, a decoder only in a source whose name ends in TEXT.
public struct Poison: Sendable {
  private let frame: Int64
  private let text: String

  /// nil when nothing is to be poisoned for this role.
  public init?(role: String) {
    guard let words = System.environment("SLUICE_POISON")?.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false),
      words.count == 3, words[0] == role, let frame = Int64(words[1])
    else { return nil }
    self.frame = frame
    text = String(words[2])
  }

  public func strike(_ source: String, _ frames: Range<Int64>) {
    guard frames.contains(frame), source.hasSuffix(text) else { return }
    // The handler of crashes (`ShortMemory`) returns from the first: a true fault would then happen again.
    while true { raise(SIGSEGV) }
  }
}
