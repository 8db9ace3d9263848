import FrameModel
import SlotLedger

/// Sound: one continuous stream of blocks, filled in order by one worker, taken in order by one encoder. What is lost is made again
/// from the start; the bits are the same.
struct SoundFlow: Sendable {
  /// A block on its way.
  struct Block: Sendable {
    var number: Int64
    var slot: SlotReference
    var ready = false
  }

  let setup: SoundSetup
  private(set) var worker: Int? = nil
  /// Of its own; nil in a lane's output.
  private(set) var encoder: Int? = nil
  /// In order: granted or filled, not with the encoder yet.
  private(set) var window: [Block] = []
  /// Granted before everything began again: they come back when they are filled.
  private var abandoned: [SlotReference] = []
  private var nextGrant: Int64 = 0
  private(set) var nextEncode: Int64 = 0
  private(set) var encoding = 0
  private var begun = false
  private(set) var finishing = false
  private(set) var isWritten = false

  init(_ setup: SoundSetup) { self.setup = setup }

  var isOfLane: Bool { setup.destination == .lane }
  var isSent: Bool { nextEncode == setup.blocks }
  /// Nothing of it is left to be done, as far as it does not go into a lane's output.
  var isDone: Bool { isWritten || isOfLane }
  /// Second up to which it is with its encoder.
  var sent: Rational { setup.time(of: nextEncode) }
  /// Blocks that the encoder has let go of.
  var reach: Int64 { nextEncode - Int64(encoding) }
  /// Block that the worker is at.
  var nextToFill: Int64? { window.first { !$0.ready }?.number }

  /// Whether it lets a lane's frame go to the encoder that takes both.
  func isAhead(of frame: Int64, lane: Int, _ rate: Rational) -> Bool {
    guard isOfLane, lane == 0, !isSent else { return true }
    return Rational(frame) / rate <= sent + setup.lead
  }

  /// Whether the output that takes both may be finished.
  var allowsFinish: Bool { !isOfLane || isSent }

  /// Slots that the worker is to fill.
  func grants(of worker: Int) -> [SlotReference] {
    self.worker == worker ? window.filter { !$0.ready }.map(\.slot) + abandoned : []
  }

  // MARK: workers

  mutating func workerReady(_ worker: Int, _ slots: inout SlotAccounts) {
    guard self.worker == nil else { return slots.out.nonsense(worker, "one audio worker is enough") }
    self.worker = worker
    for index in window.indices where !window[index].ready {
      // A new generation: a late word of a dead one must not pass for this one's.
      window[index].slot.generation = slots.ledger.renew(window[index].slot.slot, owner: worker)
      fill(window[index], worker, &slots.out)
    }
  }

  mutating func encoderReady(_ worker: Int, _ out: inout Outbox) {
    guard !isOfLane, encoder == nil else { return out.nonsense(worker, "one encoder of sound is enough") }
    encoder = worker
  }

  /// True when the dead one was sound's alone.
  mutating func workerDied(_ worker: Int, _ cause: WorkerEnd, _ run: inout RunState) -> Bool {
    if self.worker == worker {
      self.worker = nil
      for slot in abandoned { run.slots.ledger.revoke(slot.slot) }
      abandoned.removeAll()
      if cause.suspectsWork { suspectBlock(&run) }
      return true
    }
    guard encoder == worker else { return false }
    run.slots.reclaimAll(from: worker)
    encoder = nil
    if !isWritten { rewind(&run.slots.ledger) }
    return true
  }

  private func suspectBlock(_ run: inout RunState) {
    guard let block = nextToFill else { return }
    run.faults.clearBlocks(except: .block(block))
    guard let deaths = run.faults.blame(.block(block), limit: run.setup.faultLimits.audio) else { return }
    run.out.fail(
      "\(run.place.block(block)): the audio worker ended \(deaths) times in a row while it mixed this", code: 65)
  }

  /// Everything of the sound is made again for another encoder.
  mutating func rewind(_ ledger: inout Ledger) {
    for block in window {
      if block.ready {
        ledger.release(block.slot.slot, by: Ledger.queue)
      } else if worker == nil {
        ledger.revoke(block.slot.slot)
      } else {
        abandoned.append(block.slot)
      }
    }
    window.removeAll()
    nextGrant = 0
    nextEncode = 0
    encoding = 0
    begun = false
    finishing = false
  }

  // MARK: blocks

  /// Grants what there is room for, and hands on what is filled.
  mutating func advance(_ run: inout RunState) {
    guard !isWritten else { return }
    if let worker {
      while nextGrant < setup.blocks,
        let slot = run.slots.ledger.grant(ring: setup.ring, to: worker, stream: SlotAccounts.sound, frame: nextGrant)
      {
        window.append(Block(number: nextGrant, slot: run.slots.reference(slot)))
        fill(window[window.count - 1], worker, &run.out)
        nextGrant += 1
      }
    }
    encode(&run)
  }

  private func fill(_ block: Block, _ worker: Int, _ out: inout Outbox) {
    out.actions.append(
      .fillSound(worker: worker, slot: block.slot.slot, generation: block.slot.generation, block: block.number))
  }

  private mutating func encode(_ run: inout RunState) {
    let lane = isOfLane ? run.lanes.first : nil
    guard let encoder = isOfLane ? lane?.encoder : encoder, lane?.begun ?? true, !finishing else { return }
    if !isOfLane, !begun {
      begun = true
      run.out.actions.append(.beginSound(worker: encoder, alone: setup.destination == .output))
    }
    while let first = window.first, first.ready, encoding < setup.encodeCredit {
      if let lane, lane.nextEncode < lane.end, sent > Rational(lane.nextEncode) / run.canvas.rate + setup.lead { break }
      window.removeFirst()
      run.slots.ledger.hold(first.slot.slot, by: encoder)
      run.slots.ledger.release(first.slot.slot, by: Ledger.queue)
      encoding += 1
      nextEncode = first.number + 1
      run.out.actions.append(
        .encodeSound(worker: encoder, slot: first.slot.slot, generation: first.slot.generation, block: first.number))
    }
    guard !isOfLane, isSent else { return }
    finishing = true
    run.out.actions.append(.finishSound(worker: encoder, blocks: setup.blocks))
  }

  mutating func filled(_ worker: Int, _ slot: SlotReference, _ header: SoundBlock?, _ run: inout RunState) {
    guard self.worker == worker else { return }
    if let index = abandoned.firstIndex(of: slot) {
      abandoned.remove(at: index)
      if run.slots.ledger.publish(slot.slot, generation: slot.generation, owner: worker, frame: -1) {
        run.slots.freeUnheld(slot.slot)
      }
      return
    }
    guard let index = window.firstIndex(where: { $0.slot == slot && !$0.ready }) else { return }
    let block = window[index].number
    guard header?.number == block,
      run.slots.ledger.publish(slot.slot, generation: slot.generation, owner: worker, frame: block)
    else {
      return run.out.nonsense(worker, "slot \(slot.slot) has no valid header of block \(block)")
    }
    run.slots.ledger.hold(slot.slot, by: Ledger.queue)
    window[index].ready = true
    run.faults.clearBlocks()
  }

  mutating func encoderReleased(_ worker: Int, _ slot: SlotReference, _ count: Int, _ slots: inout SlotAccounts) {
    guard slots.ledger[slot.slot].generation == slot.generation else { return }
    guard count > 0, count <= slots.ledger.uses(slot.slot, by: worker) else {
      return slots.out.nonsense(worker, "slot \(slot.slot) was given back more often than it was lent")
    }
    encoding -= count
    for _ in 0..<count { slots.ledger.release(slot.slot, by: worker) }
  }

  mutating func written(_ worker: Int, _ bytes: UInt64, _ out: inout Outbox) {
    guard encoder == worker, finishing, !isWritten else { return out.nonsense(worker, "the sound is not being written") }
    isWritten = true
    out.actions.append(.soundDone(bytes: bytes))
  }
}
