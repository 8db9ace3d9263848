import CSluice
import ControlBus
import FrameModel
import SharedRing
import SluiceBase
import Timeline

/// Messages to events, actions to messages.
extension RunEngine {
  func kill(_ worker: WorkerHandle, _ reason: String) {
    if worker.killedFor == nil { worker.killedFor = reason }
    worker.process.signal(SIGKILL)
  }

  func take(_ message: Message, from worker: WorkerHandle, _ index: Int) {
    let slot = Int(message.slot)
    if message.kind == .done || message.kind == .finished || message.kind == .end { worker.progress += 1 }
    switch message.kind {
    case .ready where worker.role == SLUICE_ROLE_FILTER:
      worker.isReady = true
      filterReady(worker, index)
    case .done where worker.role == SLUICE_ROLE_FILTER:
      guard isDone(message, worker) else { return }
      scheduler.handle(.filtered(worker: index, job: message.job, slot: slot, generation: message.generation))
    case .ready where worker.isForSound:
      worker.isReady = true
      scheduler.handle(.soundEncoderReady(index))
    case .done where worker.role == SLUICE_ROLE_AUDIO:
      guard isDone(message, worker) else { return }
      takeSound(slot, message.generation, index)
    case .finished where worker.isForSound: scheduler.handle(.soundWritten(worker: index, bytes: message.arg))
    case .ready:
      worker.isReady = true
      scheduler.handle(.workerReady(index, role: worker.role.rawValue))
    case .done where worker.role == SLUICE_ROLE_DECODER:
      guard isDone(message, worker) else { return }
      scheduler.handle(
        .published(
          worker: index, handle: message.stream, slot: slot, generation: message.generation, first: message.frame,
          count: Int64(message.count), held: message.arg & 1 != 0))
    case .done where worker.role == SLUICE_ROLE_RENDERER:
      guard isDone(message, worker) else { return }
      scheduler.handle(.rendered(worker: index, job: Int(message.job), slot: slot, generation: message.generation))
    case .release where worker.role == SLUICE_ROLE_DECODER || worker.role == SLUICE_ROLE_ENCODER:
      takeReleases(of: slot, worker, index)
    case .need where worker.role == SLUICE_ROLE_DECODER:
      scheduler.handle(.needsSlot(worker: index, handle: message.stream))
    case .end where worker.role == SLUICE_ROLE_DECODER:
      scheduler.handle(.streamEnded(worker: index, handle: message.stream))
    case .finished where worker.role == SLUICE_ROLE_ENCODER:
      let segment = Int(message.job)
      if !worker.isOurs, !prepared.direct, scheduler.isWriting(segment, index) {
        return checkSegment(segment, of: worker, bytes: message.arg)
      }
      scheduler.handle(.segmentWritten(worker: index, segment: segment, bytes: message.arg))
    case .warn:
      if !show(worker.lease?.text(message.arg) ?? "", from: worker) { kill(worker, "it says too much") }
    case .fail: takeFailure(message, worker, index)
    default: kill(worker, "it sent a message of type \(message.type)")
    }
  }

  /// The lease is the truth, the message only the doorbell: done[slot] must hold the generation (acquire; pairs with the
  /// worker's release store).
  private func isDone(_ message: Message, _ worker: WorkerHandle) -> Bool {
    guard message.slot < UInt32(control.slotCount), let done = worker.lease?.done(Int(message.slot)) else {
      kill(worker, "it announced slot \(message.slot), which is out of range")
      return false
    }
    if done == message.generation { return true }
    // `rescan` found it before the message was read, and the slot was granted and filled once more since.
    if Int32(bitPattern: done &- message.generation) > 0 { return false }
    kill(worker, "it announced slot \(message.slot), which its lease does not show as done")
    return false
  }

  /// What the worker's running count says that the ledger does not know yet. The message is only the doorbell: one that was lost
  /// is made up for by the next, or by `rescan`; one that comes twice says nothing new.
  private func takeReleases(of slot: Int, _ worker: WorkerHandle, _ index: Int) {
    guard slot >= 0, slot < worker.seenReleases.count, let lease = worker.lease else {
      return kill(worker, "it released slot \(slot), which is out of range")
    }
    let count = min(Int(lease.released(slot) &- worker.seenReleases[slot]), scheduler.ledger.uses(slot, by: index))
    guard count > 0 else { return }
    worker.seenReleases[slot] &+= UInt32(count)
    worker.noticedReleases[slot] = nil
    let generation = scheduler.ledger[slot].generation
    if worker.role == SLUICE_ROLE_ENCODER {
      scheduler.handle(.encoderReleased(worker: index, slot: slot, generation: generation, count: count))
    } else {
      for _ in 0..<count { scheduler.handle(.codecReleased(worker: index, slot: slot, generation: generation)) }
    }
  }

  /// Reads the leases without having been told to: a lost doorbell costs time, never a slot or a frame.
  func rescan() { for worker in workers { rescan(worker) } }

  func rescan(_ worker: WorkerHandle) {
    guard let index = worker.index, let lease = worker.lease else { return }
    for slot in scheduler.ledger.slots.indices where scheduler.ledger[slot].holders >> UInt64(index) & 1 != 0 {
      if worker.role == SLUICE_ROLE_ENCODER || worker.role == SLUICE_ROLE_DECODER && isOverdue(slot, worker, lease) {
        takeReleases(of: slot, worker, index)
      }
    }
    worker.lastHeartbeat = lease.heartbeat
    rescanFilters(index, lease)
    if worker.role == SLUICE_ROLE_AUDIO { rescanSound(index, lease) }
    for job in scheduler.jobs(of: index) where lease.done(job.slot) == job.generation {
      scheduler.handle(.rendered(worker: index, job: job.job, slot: job.slot, generation: job.generation))
    }
  }

  /// A decoder may have said, before it let go, that the slot serves more frames. So its release counts without a message
  /// only when a heartbeat came since it was noticed (it sends before it beats) and one more look has passed.
  private func isOverdue(_ slot: Int, _ worker: WorkerHandle, _ lease: LeaseReader) -> Bool {
    guard lease.released(slot) != worker.seenReleases[slot] else {
      worker.noticedReleases[slot] = nil
      return false
    }
    guard let since = worker.noticedReleases[slot] else {
      worker.noticedReleases[slot] = sluice_now_ns()
      return false
    }
    return worker.lastHeartbeat > since
  }

  private func takeFailure(_ message: Message, _ worker: WorkerHandle, _ index: Int) {
    let text = tellingLimit(worker.lease?.text(message.arg) ?? "unknown failure", worker)
    // A third party's word is not enough to end the run: one of ours shall try it.
    guard worker.isOurs else { return kill(worker, "it failed: \(text)") }
    let code = Int32(truncatingIfNeeded: Int64(message.count))
    if worker.role == SLUICE_ROLE_DECODER, message.stream != 0 {
      scheduler.handle(.streamFailed(worker: index, handle: message.stream, reason: text, code: code))
    } else if worker.role == SLUICE_ROLE_FILTER {
      scheduler.handle(.filterFailed(worker: index, job: message.job, reason: text, code: code))
    } else if failure == nil {
      failure = located(SluiceError(ExitCode(rawValue: code) ?? .software, text))
    }
  }

  /// Mirrors the ledger into the slot table, then does what the scheduler decided; messages to one worker go out as one.
  func perform() throws(SluiceError) {
    if scheduler.hasHeld { flow.store?.stop() }
    for slot in scheduler.takeChangedSlots() { control.store(slot, scheduler.ledger[slot]) }
    for action in scheduler.takeActions() {
      switch action {
      case .open(let worker, let handle, let stream, let first, let end):
        // The lane may need less than the record has; slots are counted by the record.
        queue(
          Message(.open, frame: first, stream: handle, count: scheduler.quota(handle), arg: UInt64(stream), arg2: UInt64(end)),
          worker)
      case .grant(let worker, let handle, let slot, let generation):
        queue(Message(.grant, slot: UInt32(slot), generation: generation, stream: handle), worker)
      case .deny(let worker, let handle): queue(Message(.grant, stream: handle), worker)
      case .close(let worker, let handle): queue(Message(.close, stream: handle), worker)
      case .render(let worker, let job, let sequence, let frame, let slot, let generation, let inputs):
        control.store(
          job: job, sequence: sequence, frame: frame, slot: UInt32(slot), generation: generation, inputs: inputs)
        queue(
          Message(.render, slot: UInt32(slot), generation: generation, frame: frame, job: UInt32(job), arg: sequence), worker)
      case .filter(let worker, let job, let filter, let stream, let frame, let input, let output):
        queue(filterMessage(worker, job, filter, stream, frame, input, output), worker)
      case .begin(let worker, let segment): try begin(worker, segment)
      case .encode(let worker, let frame, let slot, let generation):
        queue(Message(.encode, slot: UInt32(slot), generation: generation, frame: frame), worker)
      case .finish(let worker, let segment):
        queue(
          Message(
            .finish, frame: segment.frames.upperBound, job: UInt32(segment.index), count: UInt32(segment.frames.count)),
          worker)
      case .fillSound(let worker, let slot, let generation, let block):
        queue(
          Message(.grant, slot: UInt32(slot), generation: generation, frame: block, stream: Scheduler.soundStream), worker)
      case .beginSound(let worker, let alone): try beginSound(worker, alone: alone)
      case .encodeSound(let worker, let slot, let generation, let block):
        queue(
          Message(.encode, slot: UInt32(slot), generation: generation, frame: block, stream: Scheduler.soundStream), worker)
      case .finishSound(let worker, let blocks, _):
        queue(Message(.finish, frame: blocks, job: UInt32(SLUICE_JOB_SOUND), count: UInt32(clamping: blocks)), worker)
      case .soundDone(let bytes): try soundDone(bytes)
      case .dismiss(let index):
        workers.first { $0.index == index }?.dismissedAt = sluice_now_ns()
        queue(Message(.quit), index)
      case .kill(let index, let reason):
        if let worker = workers.first(where: { $0.index == index }) { kill(worker, reason) }
      case .segmentDone(let segment, let bytes): try segmentDone(segment, bytes)
      case .warn(let text): observer.warning(text)
      case .fail(let text, let code): throw SluiceError(ExitCode(rawValue: code) ?? .badInput, text)
      }
    }
    for (index, messages) in outgoing where !messages.isEmpty {
      if let worker = workers.first(where: { $0.index == index }) { deliver(messages, to: worker) }
      outgoing[index] = []
    }
  }

  func queue(_ message: Message, _ worker: Int) {
    var message = message
    message.worker = UInt16(worker)
    outgoing[worker, default: []].append(message)
  }

  private func begin(_ index: Int, _ segment: Segment) throws(SluiceError) {
    let file: FileDescriptor
    if prepared.direct {
      file = try directDescriptor(part: segment.index)
    } else {
      file = try output.segmentFile()
      segmentFiles[segment.index] = file
    }
    hand(file, of: UInt32(segment.index), to: index)
    let kind = prepared.direct ? SLUICE_BEGIN_OUTPUT : SLUICE_BEGIN_SEGMENT
    queue(
      Message(
        .begin, frame: segment.frames.lowerBound, job: UInt32(segment.index), count: UInt32(segment.frames.count),
        arg: UInt64(kind.rawValue)), index)
  }

  /// What an encoder is to write to.
  func hand(_ file: FileDescriptor, of job: UInt32, to index: Int) {
    var packet = sluice_region()
    packet.kind = SLUICE_REGION_OUTPUT.rawValue
    packet.ring = job
    packet.writable = 1
    guard let connection = workers.first(where: { $0.index == index })?.connection else { return }
    _ = sluice_send_fd(connection.raw, &packet, MemoryLayout.size(ofValue: packet), file.raw)
  }

  private func segmentDone(_ segment: Segment, _ bytes: UInt64) throws(SluiceError) {
    segmentsWritten += 1
    if prepared.direct {
      try directPartDone(segment.index, bytes)
    } else if let file = segmentFiles.removeValue(forKey: segment.index) {
      try segmentFinished(segment, file)
    }
  }
}
