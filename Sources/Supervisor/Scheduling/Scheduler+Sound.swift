import CSluice
import FrameModel
import SharedRing
import Timeline

/// Sound: one continuous stream of blocks, filled in order by one worker, taken in order by one encoder. What is lost is made again
/// from the start; the bits are the same.
extension Scheduler {
  static let soundStream = UInt32(SLUICE_STREAM_SOUND)

  /// Whether the sound lets a lane's frame go to the encoder that takes both.
  func isSoundAhead(of frame: Int64, lane: Int) -> Bool {
    guard let sound, sound.setup.destination == .lane, lane == 0, !sound.isSent else { return true }
    return Rational(frame) / canvas.rate <= sound.sent + sound.setup.lead
  }

  /// Whether the output that takes both may be finished.
  var isSoundSent: Bool { sound.map { $0.setup.destination != .lane || $0.isSent } ?? true }

  mutating func soundWorkerReady(_ worker: Int) {
    guard sound != nil, sound?.worker == nil else { return nonsense(worker, "one audio worker is enough") }
    sound?.worker = worker
    for index in sound?.window.indices ?? 0..<0 where sound?.window[index].ready == false {
      guard let use = sound?.window[index] else { continue }
      // A new generation: a late word of a dead one must not pass for this one's.
      let generation = ledger.renew(use.slot.slot, owner: worker)
      sound?.window[index].slot.generation = generation
      actions.append(.fillSound(worker: worker, slot: use.slot.slot, generation: generation, block: use.block))
    }
  }

  mutating func soundEncoderReady(_ worker: Int) {
    guard let sound, sound.setup.destination != .lane, sound.encoder == nil else {
      return nonsense(worker, "one encoder of sound is enough")
    }
    self.sound?.encoder = worker
  }

  /// Grants what there is room for, and hands on what is filled.
  mutating func advanceSound() {
    guard var state = sound, !state.isWritten else { return }
    if let worker = state.worker {
      while state.nextGrant < state.setup.blocks,
        let slot = ledger.grant(ring: state.setup.ring, to: worker, stream: Scheduler.soundStream, frame: state.nextGrant)
      {
        let generation = ledger[slot].generation
        state.window.append(
          SoundBlockUse(block: state.nextGrant, slot: SlotReference(slot: slot, generation: generation)))
        actions.append(.fillSound(worker: worker, slot: slot, generation: generation, block: state.nextGrant))
        state.nextGrant += 1
      }
    }
    encodeSound(&state)
    sound = state
  }

  private mutating func encodeSound(_ state: inout SoundState) {
    let isLane = state.setup.destination == .lane
    guard let encoder = isLane ? lanes.first?.encoder : state.encoder, !isLane || lanes[0].begun, !state.finishing else { return }
    if !isLane, !state.begun {
      state.begun = true
      actions.append(.beginSound(worker: encoder, alone: state.setup.destination == .output))
    }
    while let first = state.window.first, first.ready, state.encoding < state.setup.encodeCredit {
      if isLane, lanes[0].nextEncode < lanes[0].end,
        state.sent > Rational(lanes[0].nextEncode) / canvas.rate + state.setup.lead
      {
        break
      }
      state.window.removeFirst()
      ledger.hold(first.slot.slot, by: encoder)
      ledger.release(first.slot.slot, by: Ledger.queue)
      state.encoding += 1
      state.nextEncode = first.block + 1
      actions.append(
        .encodeSound(worker: encoder, slot: first.slot.slot, generation: first.slot.generation, block: first.block))
    }
    guard !isLane, state.isSent else { return }
    state.finishing = true
    actions.append(.finishSound(worker: encoder, blocks: state.setup.blocks, alone: state.setup.destination == .output))
  }

  mutating func soundFilled(_ worker: Int, _ slot: Int, _ generation: UInt32, _ header: SoundBlock?) {
    let reference = SlotReference(slot: slot, generation: generation)
    guard let state = sound, state.worker == worker else { return }
    if let index = state.abandoned.firstIndex(of: reference) {
      sound?.abandoned.remove(at: index)
      if ledger.publish(slot, generation: generation, owner: worker, frame: -1) {
        ledger.hold(slot, by: Ledger.queue)
        ledger.release(slot, by: Ledger.queue)
      }
      return
    }
    guard let index = state.window.firstIndex(where: { $0.slot == reference && !$0.ready }) else { return }
    let block = state.window[index].block
    guard header?.number == block, ledger.publish(slot, generation: generation, owner: worker, frame: block) else {
      return nonsense(worker, "slot \(slot) has no valid header of block \(block)")
    }
    ledger.hold(slot, by: Ledger.queue)
    sound?.window[index].ready = true
    sound?.deaths = 0
  }

  /// True when the slot was one of sound.
  mutating func soundReleased(_ worker: Int, _ slot: Int, _ generation: UInt32, _ count: Int) -> Bool {
    guard slot >= 0, slot < ledger.slots.count, ledger[slot].stream == Scheduler.soundStream else { return false }
    guard ledger[slot].generation == generation else { return true }
    guard count > 0, count <= ledger.uses(slot, by: worker) else {
      nonsense(worker, "slot \(slot) was given back more often than it was lent")
      return true
    }
    sound?.encoding -= count
    for _ in 0..<count { ledger.release(slot, by: worker) }
    return true
  }

  mutating func soundWritten(_ worker: Int, _ bytes: UInt64) {
    guard let state = sound, state.encoder == worker, state.finishing, !state.isWritten else {
      return nonsense(worker, "the sound is not being written")
    }
    sound?.isWritten = true
    actions.append(.soundDone(bytes: bytes))
  }

  /// True when the dead one was sound's alone.
  mutating func soundWorkerDied(_ worker: Int) -> Bool {
    guard let state = sound else { return false }
    if state.worker == worker {
      sound?.worker = nil
      for slot in state.abandoned { ledger.revoke(slot.slot) }
      sound?.abandoned.removeAll()
      countDeath(state)
      return true
    }
    guard state.encoder == worker else { return false }
    for slot in ledger.slots.indices { ledger.reclaim(slot, from: worker) }
    sound?.encoder = nil
    if !state.isWritten { rewindSound() }
    return true
  }

  /// Everything of the sound is made again for another encoder.
  mutating func rewindSound() {
    guard let state = sound else { return }
    for use in state.window {
      if use.ready {
        ledger.release(use.slot.slot, by: Ledger.queue)
      } else if state.worker == nil {
        ledger.revoke(use.slot.slot)
      } else {
        sound?.abandoned.append(use.slot)
      }
    }
    sound?.window.removeAll()
    sound?.nextGrant = 0
    sound?.nextEncode = 0
    sound?.encoding = 0
    sound?.begun = false
    sound?.finishing = false
  }

  private mutating func countDeath(_ state: SoundState) {
    guard let block = state.window.first(where: { !$0.ready })?.block else { return }
    let deaths = state.deathBlock == block ? state.deaths + 1 : 1
    sound?.deaths = deaths
    sound?.deathBlock = block
    guard deaths >= state.setup.deaths else { return }
    fail("\(soundPlace(block)): the audio worker ended \(deaths) times in a row while it mixed this", code: 65)
  }

  /// Time of a block, and the files that are heard in it.
  func soundPlace(_ block: Int64) -> String {
    guard let plan = plan.sound else { return "sound" }
    let first = block * Int64(SoundBlock.frames), end = first + Int64(SoundBlock.frames)
    var files: [String] = []
    for clip in plan.clips where clip.first < end && clip.end > first {
      let path = self.plan.source(clip.source).place
      if !files.contains(path) { files.append(path) }
    }
    let time = Scheduler.seconds(plan.start + Rational(first, Int64(plan.sampleRate)))
    let more = files.count > 3 ? " and \(files.count - 3) more" : ""
    return "\(files.isEmpty ? "sound" : files.prefix(3).joined(separator: ", ") + more), at \(time) of the timeline"
  }

  /// Slots that the audio worker is to fill.
  func soundGrants(of worker: Int) -> [(slot: Int, generation: UInt32)] {
    guard let sound, sound.worker == worker else { return [] }
    let open = sound.window.filter { !$0.ready }.map(\.slot) + sound.abandoned
    return open.map { ($0.slot, $0.generation) }
  }

  /// Blocks that the encoder of the sound has let go of.
  var soundReach: Int64 { sound.map { $0.nextEncode - Int64($0.encoding) } ?? 0 }

  /// Whom sound waits for, for `waiting`.
  var soundWaiting: [Waiting] {
    guard let sound, !sound.isWritten else { return [] }
    var list: [Waiting] = []
    if let worker = sound.worker, let next = sound.window.first(where: { !$0.ready }) {
      list.append(Waiting(key: .sound, worker: worker, mark: next.block))
    }
    if let encoder = sound.encoder, sound.encoding > 0 || sound.finishing {
      list.append(Waiting(key: .encoder(encoder), worker: encoder, mark: sound.nextEncode &* 64 + Int64(sound.encoding)))
    }
    return list
  }
}
