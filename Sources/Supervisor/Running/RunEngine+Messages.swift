import CSluice
import ControlBus
import Plan
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase

/// Between workers and scheduler: messages and leases to events, actions to messages.
extension RunEngine {
  func take(_ message: Message, from worker: WorkerHandle, _ index: Int) {
    guard let lease = worker.lease else { return }
    if message.kind?.isProgress == true { worker.progress += 1 }
    switch MessageMeaning(message, from: index, worker.role, lease: lease, slotCount: regions.slotCount) {
    case .ready:
      worker.isReady = true
      if worker.role == .filter {
        scheduler.handle(.filterReady(index, serves: worker.filter.key, credit: pool.role(of: worker).credit))
      } else {
        scheduler.handle(.workerReady(index, role: worker.role))
      }
    case .event(let event): scheduler.handle(event)
    case .block(let slot, let generation):
      scheduler.handle(
        .soundFilled(worker: index, slot: slot, generation: generation, header: regions.soundBlock(slot)))
    case .released(let slot): LeaseScan.takeReleases(of: slot, worker, &scheduler)
    case .segmentWritten(let segment, let bytes): segmentWritten(segment, bytes, worker, index)
    case .line(let number): show(lease.text(number), from: worker)
    case .failure(let failure): takeFailure(failure, lease.text(failure.text), worker, index)
    case .nothing: break
    case .violation(let text): worker.kill(.violation(text))
    }
  }

  /// What a third party's encoder wrote counts when it has been checked.
  private func segmentWritten(_ segment: Int, _ bytes: UInt64, _ worker: WorkerHandle, _ index: Int) {
    guard !worker.isOurs, sink.takesSegments, scheduler.isWriting(segment, index) else {
      return scheduler.handle(.segmentWritten(worker: index, segment: segment, bytes: bytes))
    }
    do throws(SluiceError) { try sink.check(segment, of: worker, bytes: bytes) } catch { failure = failure ?? error }
  }

  /// A line of a worker's for the user.
  private func show(_ line: String, from worker: WorkerHandle) {
    guard worker.isOurs || worker.flood.takesLine() else { return worker.kill(.violation("it says too much")) }
    if let text = lines.text(line, of: worker) { observer.warning(text) }
  }

  private func takeFailure(_ found: MessageMeaning.Failure, _ words: String, _ worker: WorkerHandle, _ index: Int) {
    let text = pool.limits.explain(words, of: worker)
    // A third party's word is not enough to end the run: one of ours shall try it.
    guard worker.isOurs else { return worker.kill(.violation("it failed: \(text)")) }
    switch found.scope {
    case .stream(let handle):
      scheduler.handle(.streamFailed(worker: index, handle: handle, reason: text, code: found.code))
    case .picture(let job): scheduler.handle(.filterFailed(worker: index, job: job, reason: text, code: found.code))
    case .worker: failure = failure ?? sink.located(SluiceError(ExitCode(rawValue: found.code) ?? .software, text))
    }
  }

  /// A third party's connection became readable: it ends, or it says what nobody asked for. Its slots come back when the
  /// process has ended, which it may do by itself in a moment.
  func guestSpoke(_ worker: WorkerHandle) {
    guard let connection = worker.connection else { return }
    var byte: UInt8 = 0
    let isEnd = recv(connection.raw, &byte, 1, Int32(MSG_DONTWAIT)) <= 0
    worker.attachment?.connection = nil
    if isEnd {
      worker.isDismissedSince = clock.now
    } else if worker.killedFor == nil {
      worker.kill(.violation("it sent what nobody asked for"))
    }
  }

  // MARK: actions

  /// Mirrors the ledger into the slot table, then does what the scheduler decided.
  func perform() throws(SluiceError) {
    if scheduler.hasHeld { sink.distrust() }
    regions.mirror(&scheduler)
    for action in scheduler.takeActions() {
      if case .render(_, let job, let sequence, let frame, let slot, let generation, let inputs) = action {
        regions.control.store(
          job: job, sequence: sequence, frame: frame, slot: UInt32(slot), generation: generation, inputs: inputs)
      }
      if let (worker, message) = ActionMessage.of(action, quota: { scheduler.quota($0) }) {
        bus.queue(message, to: worker)
      } else {
        try carryOut(action)
      }
    }
    bus.flush(pool)
  }

  private func carryOut(_ action: SchedulerAction) throws(SluiceError) {
    switch action {
    case .begin(let worker, let segment):
      hand(try sink.open(segment), of: UInt32(segment.index), to: worker)
      bus.queue(ActionMessage.begin(segment, inOrder: !sink.takesSegments), to: worker)
    case .beginSound(let worker, let alone):
      hand(try sink.openSound(alone: alone), of: UInt32(SLUICE_JOB_SOUND), to: worker)
      bus.queue(ActionMessage.beginSound(inOrder: alone), to: worker)
    case .segmentDone(let segment, let bytes):
      report.segmentsWritten += 1
      try sink.finished(segment, bytes: bytes)
    case .soundDone(let bytes): if try sink.soundFinished(bytes: bytes) { dismissSound() }
    case .dismiss(let index):
      pool[index]?.isDismissedSince = clock.now
      bus.queue(Message(.quit), to: index)
    case .kill(let index, let cause): pool[index]?.kill(cause)
    case .quarantined(let index): pool.explain(index)
    case .warn(let text): observer.warning(text)
    case .fail(let text, let code): throw SluiceError(ExitCode(rawValue: code) ?? .badInput, text)
    case .open, .grant, .deny, .close, .render, .filter, .encode, .finish, .fillSound, .encodeSound, .finishSound: break
    }
  }

  /// What an encoder is to write to.
  private func hand(_ file: FileDescriptor, of job: UInt32, to index: Int) {
    if let connection = pool[index]?.connection { AttachListener.hand(file, of: job, over: connection) }
  }

  /// The work of those that make the sound is done; the memory is for others.
  private func dismissSound() {
    for worker in pool.workers where worker.role.isOfSound {
      worker.isLeaving = true
      worker.isDismissedSince = clock.now
      if let index = worker.index { bus.queue(Message(.quit), to: index) }
    }
  }
}
