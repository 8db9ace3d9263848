import CSluice

/// Places in a worker at which the tests end it: before and after each store and each send of the slot protocol. The names are
/// those of ipc-schema/model/slots.pml, where a crash is tried after any step.
///
/// `SLUICE_KILL_POINT=ROLE:NAME:COUNT[:ACTION[:FILE]]`, several with commas between, makes a worker of that role do ACTION
/// (kill, stop, hang, exit) when it passes the point for the COUNT-th time; with FILE only the worker that can remove that file.
/// So each entry with a file happens once a run, and a worker that was started again takes the next one. Off, a point costs
/// one load.
public enum KillPoint: String, CaseIterable, Sendable {
  case attachHello = "attach.after-hello"
  case attachLease = "attach.after-lease"
  case readyBeforeSend = "ready.before-send"
  case readyAfterSend = "ready.after-send"
  /// A command was taken in: before anything is done about it.
  case take = "take.before"
  /// A granted slot is about to be written; pixels and header stand in it.
  case fillBefore = "fill.before"
  case fillAfter = "fill.after"
  case publishBeforeDone = "publish.before-done"
  case publishAfterDone = "publish.after-done"
  case publishBeforeSend = "publish.before-send"
  case publishAfterSend = "publish.after-send"
  /// A consumer is about to read a slot; it has read it.
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
  /// A fresh encoder is made; it is there.
  case beginBefore = "begin.before"
  case beginAfter = "begin.after"
  case finishedBeforeSend = "finished.before-send"
  case finishedAfterSend = "finished.after-send"

  /// The worker passes this point.
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

  /// Called first thing by a worker program, with its role.
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
    default: raise(SIGKILL)  // to itself: allowed in the sandbox
    }
  }
}

/// Work that ends whoever does it, for the tests: `SLUICE_POISON=ROLE:FRAME:TEXT` kills a worker of that role at that output
/// frame, a decoder only in a source whose name ends in TEXT.
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
    if frames.contains(frame), source.hasSuffix(text) { raise(SIGKILL) }
  }
}
