import CSluice
import SharedRing
import SluiceBase

/// What a worker sent since the last tick, and lines for the user in its life.
struct Traffic {
  var messages = 0
  var lines = 0
  /// Records that no honest worker sends in a tenth of a second: it has at most SLUICE_MAX_SLOTS slots to speak of.
  static let messageLimit = 50_000
  /// Lines of a third party's that the user gets to see.
  static let lineLimit = 100
}

/// Workers that attach by themselves (token 0): other people's programs, on the terms of ipc-schema/SPEC.md. They are watched
/// and ended through a pidfd, never started, and believed nothing.
extension RunEngine {
  enum Admission {
    case admitted(WorkerHandle)
    case refused(UInt32)
  }

  func admit(_ connection: FileDescriptor, _ hello: sluice_hello) -> Admission {
    let role = sluice_role(rawValue: hello.role)
    if role == SLUICE_ROLE_FILTER {
      guard scheduler.hasFilter(hello.filter) else { return .refused(2) }
    } else {
      guard WorkerHandle.role(WorkerHandle.title(role)) == role, hello.features & SLUICE_FEATURE_PLAN.rawValue != 0,
        role != SLUICE_ROLE_ENCODER || !prepared.direct
      else { return .refused(2) }
    }
    // What it takes of memory is its own, but an encoder's lane is the run's.
    if role == SLUICE_ROLE_ENCODER {
      do throws(SluiceError) { try makeRoom(for: role, 1) } catch { return .refused(3) }
    }
    // Half of the numbers are kept for workers of ours.
    guard !scheduler.isDone, workers.count(where: { !$0.isOurs }) < Int(SLUICE_MAX_WORKERS) / 2,
      let process = ForeignProcess(peerOf: connection)
    else { return .refused(3) }
    let handle = WorkerHandle(
      name: "\(WorkerHandle.title(role))-\(nextNumber(role))", role: role, process: process, token: 0, restarts: 0)
    guard role != SLUICE_ROLE_FILTER || admitsFilter(handle, hello) else { return .refused(2) }
    workers.append(handle)
    // What others decode, draw and encode is not known to be what our programs would make of it.
    if role != SLUICE_ROLE_FILTER { flow.store?.stop() }
    observer.warning("\(handle.name) (process \(process.pid)) attached by itself")
    return .admitted(handle)
  }

  /// A third party's connection became readable: it ends, or it says what nobody asked for. Its slots come back when the
  /// process has ended, which it may do by itself in a moment.
  func linkEnded(_ worker: WorkerHandle) {
    var byte: UInt8 = 0
    let isEnd = worker.connection.map { recv($0.raw, &byte, 1, Int32(MSG_DONTWAIT)) } ?? 0 <= 0
    worker.connection = nil
    if isEnd {
      worker.dismissedAt = sluice_now_ns()
    } else if worker.killedFor == nil {
      kill(worker, "it sent what nobody asked for")
    }
  }

  /// Ends third parties that said HELLO but not READY.
  func dropUnready() {
    for worker in workers where !worker.isOurs && !worker.isReady && worker.killedFor == nil {
      let seconds = prepared.launch.role(of: worker).deadlineSeconds
      guard sluice_now_ns() - worker.started > UInt64(seconds) * 1_000_000_000 else { continue }
      kill(worker, "it did not say READY within \(seconds) s")
    }
  }

  /// Counts what came from a worker. False when it is too much; the worker is being ended then.
  func isBearable(_ count: Int, from worker: WorkerHandle) -> Bool {
    worker.traffic.messages += count
    guard worker.traffic.messages > Traffic.messageLimit else { return true }
    kill(worker, "it sent more than anybody can mean")
    return false
  }

  /// A line of a worker's for the user; a third party's with its name, and not too many.
  func show(_ line: String, from worker: WorkerHandle) -> Bool {
    if worker.isOurs {
      // A file that several lanes come to is damaged once.
      if shown.count < 4096, !shown.insert(line).inserted { return true }
      observer.warning(line)
      return true
    }
    worker.traffic.lines += 1
    guard worker.traffic.lines <= Traffic.lineLimit else { return false }
    observer.warning("\(worker.name): \(line)")
    return true
  }

  /// A worker that is not started again has gone. Somebody must be left to do its work: else one of ours takes its place.
  func goodbye(_ worker: WorkerHandle) throws(SluiceError) {
    if !worker.isOurs, !worker.isLeaving {
      let reason = worker.killedFor.map { "was ended: \($0)" } ?? "has left"
      observer.warning("\(worker.name) (process \(worker.process.pid)), which had attached by itself, \(reason)")
    } else if worker.isExtra, !worker.isReady {
      observer.warning("\(worker.name) ended with \(worker.killedFor ?? worker.process.ending) before it was ready")
    }
    if worker.isOfSound {
      // There is one of each, which is needed as long as there is sound to be made.
      if scheduler.sound?.isWritten == false { try spawn(worker.role, 0, forSound: worker.isForSound) }
      return
    }
    // A filter is somebody else's: the render waits for the next one.
    if worker.role == SLUICE_ROLE_FILTER { return }
    guard !workers.contains(where: { $0.isColleague(of: worker) && !$0.isLeaving }) else { return }
    try spawn(worker.role, nextNumber(worker.role))
  }
}
