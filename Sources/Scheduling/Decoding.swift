import FrameModel
import Plan
import SlotLedger

/// Decode streams and the decoders that run them: which decoder gets which stream, what they deliver, and what ends them.
///
/// Of a decoder that ended those streams are suspected that had a slot to fill: any other waits, and does nothing. Streams that were
/// there at two deaths without a picture in between are opened only when a lane cannot go on without them, and then one after
/// another: each alone in a decoder, until it has delivered a picture or has ended the decoder often enough to be quarantined. What
/// runs in that decoder is parked meanwhile: closed, and opened again later where it stood. So a file is named only when there was
/// no other. One that is not waited for may itself wait for slots, and could prove nothing.
struct Decoding: Sendable {
  /// A stream that is decoded with no other beside it in its worker.
  struct Trial: Equatable, Sendable {
    var handle: UInt32
    var worker: Int
  }
  private(set) var trial: Trial?
  /// Frames of records from which on they are not decoded any more.
  private(set) var quarantined: [Int: Int64] = [:]

  /// Where a stream ends: as its decoder was told, else at the picture that ends its decoders.
  func end(of use: StreamUse) -> Int64 {
    use.worker == nil ? min(use.frames.upperBound, quarantined[use.record] ?? .max) : use.end
  }

  // MARK: places

  /// Gives streams without a decoder to the decoder with the fewest streams.
  mutating func placeStreams(_ run: inout RunState) {
    let decoders = run.roster.stayingDecoders
    guard !decoders.isEmpty else { return }
    arrangeTrial(decoders, &run)
    for handle in run.slots.handles {
      guard let use = run.slots.uses[handle], use.worker == nil, !use.ended, !use.closing else { continue }
      if endIfQuarantined(handle, &run) { continue }
      if let worker = decoder(for: use, among: decoders, run) { place(handle, in: worker, &run.slots) }
    }
  }

  /// Its source's own decoder where there is one, else the one with the fewest streams.
  private func decoder(for use: StreamUse, among decoders: [Int], _ run: RunState) -> Int? {
    let own = run.setup.decoderPerSource ? decoders[run.plan.stream(use.record).source % decoders.count] : -1
    func rank(_ decoder: Int) -> (Int, Int, Int) { (decoder == own ? 0 : 1, Self.load(of: decoder, run.slots), decoder) }
    return decoders.filter { mayJoin($0, use, run) }.min { rank($0) < rank($1) }
  }

  /// Streams that are open in a decoder.
  private static func load(of decoder: Int, _ slots: SlotAccounts) -> Int {
    slots.uses.values.count { $0.worker == decoder && !$0.ended }
  }

  private func place(_ handle: UInt32, in worker: Int, _ slots: inout SlotAccounts) {
    guard var use = slots.uses[handle] else { return }
    use.end = end(of: use)
    use.worker = worker
    slots.uses[handle] = use
    slots.out.actions.append(.open(worker: worker, handle: handle, stream: use.record, first: use.next, end: use.end))
    slots.topUp(handle)
  }

  // MARK: trials

  /// Seen at two deaths, and nothing came of it since.
  private func isSuspect(_ use: StreamUse, _ run: RunState) -> Bool {
    !use.ended && !use.closing && run.faults.deaths(over: use.item) >= min(2, run.setup.faultLimits.decoder)
  }

  /// Begins and ends trials; `decoders` take streams.
  private mutating func arrangeTrial(_ decoders: [Int], _ run: inout RunState) {
    if let tried = trial {
      let goesOn =
        run.slots.uses[tried.handle].map {
          isSuspect($0, run) && run.lanes.isMissing($0) && ($0.worker == nil || run.slots.hasSlotToFill($0))
        } ?? false
      if !goesOn || !decoders.contains(tried.worker) { trial = nil }
    }
    guard !run.faults.isEmpty else { return }
    if trial == nil { trial = nextTrial(decoders, run) }
    guard let tried = trial, let use = run.slots.uses[tried.handle], use.worker == nil else { return }
    var isAlone = true
    for handle in run.slots.handles {
      guard let other = run.slots.uses[handle], other.worker == tried.worker, !other.ended else { continue }
      isAlone = false
      park(other, &run.slots)
    }
    if isAlone, !endIfQuarantined(tried.handle, &run) { place(tried.handle, in: tried.worker, &run.slots) }
  }

  /// The first suspect that is waited for, in the decoder that has the least to park.
  private func nextTrial(_ decoders: [Int], _ run: RunState) -> Trial? {
    let waiting = run.slots.uses.values.filter { $0.worker == nil && isSuspect($0, run) && run.lanes.isMissing($0) }
    guard let use = waiting.min(by: { $0.handle < $1.handle }) else { return nil }
    return decoders.min { (Self.load(of: $0, run.slots), $0) < (Self.load(of: $1, run.slots), $1) }.map {
      Trial(handle: use.handle, worker: $0)
    }
  }

  /// With its END it is without a decoder; what it has delivered stays.
  private func park(_ use: StreamUse, _ slots: inout SlotAccounts) {
    guard let worker = use.worker, !use.isClosed, use.next < end(of: use) else { return }
    slots.uses[use.handle]?.parking = true
    slots.out.actions.append(.close(worker: worker, handle: use.handle))
  }

  /// Whether a stream without a decoder may be opened in this one: not beside one that is tried, and no suspect beside others.
  private func mayJoin(_ decoder: Int, _ use: StreamUse, _ run: RunState) -> Bool {
    run.faults.isEmpty || trial?.worker != decoder && !isSuspect(use, run)
  }

  /// A stream that is to begin where it is quarantined is over at once.
  private func endIfQuarantined(_ handle: UInt32, _ run: inout RunState) -> Bool {
    guard let use = run.slots.uses[handle], let last = quarantined[use.record], use.next >= last else { return false }
    run.slots.hold(handle)
    run.slots.retireIfIdle(handle)
    return true
  }

  // MARK: what decoders say

  func published(
    _ worker: Int, _ handle: UInt32, _ picture: SlotReference, first: Int64, count: Int64, held: Bool, _ run: inout RunState
  ) {
    let slot = picture.slot
    guard run.slots.isSlot(slot) else { return run.out.nonsense(worker, "slot \(slot) is out of range") }
    // Late words of an earlier grant or a closed stream are no fault: they are ignored.
    guard run.slots.ledger.isCurrent(slot, generation: picture.generation, owner: worker),
      run.slots.ledger[slot].stream == handle, var use = run.slots.uses[handle], use.worker == worker
    else { return }
    let again = run.slots.ledger[slot].state == .ready
    guard again || run.slots.ledger.publish(slot, generation: picture.generation, owner: worker, frame: first) else {
      return run.out.nonsense(worker, "slot \(slot) was not granted")
    }
    // Between CLOSE and END pictures may be missing.
    if use.closing || use.ended || use.parking && first != use.next {
      if held, !again { run.slots.ledger.hold(slot, by: worker) } else { run.slots.freeUnheld(slot) }
      return
    }
    guard first == use.next, count > 0, first + count <= use.frames.upperBound, run.slots.describe(slot) != nil else {
      run.slots.ledger.hold(slot, by: worker)  // taken back when it is dead
      return run.out.nonsense(
        worker, "frames \(first) to \(first &+ count &- 1) of stream \(use.record) are not the next ones")
    }
    run.slots.ledger.hold(slot, by: Ledger.queue)
    if held, !again { run.slots.ledger.hold(slot, by: worker) }
    use.deliveries.append(Delivery(slot: picture, frames: first..<first + count))
    run.faults.clear(use.item)
    use.next = first + count
    run.slots.uses[handle] = use
    // Frames that none of the layers showed have been composed without it.
    if let lane = use.lane, first + count <= run.lanes[lane].nextCompose { run.slots.dropPassed(lane, run.lanes) }
  }

  func streamEnded(_ worker: Int, _ handle: UInt32, _ slots: inout SlotAccounts) {
    guard var use = slots.uses[handle], use.worker == worker, !use.ended else { return }
    guard use.isClosed || use.next >= end(of: use) else {
      return slots.out.nonsense(
        worker, "stream \(use.record) ended at frame \(use.next), before \(use.frames.upperBound)")
    }
    let isParked = use.parking && !use.closing && use.next < use.end
    use.parking = false
    if isParked { use.worker = nil } else { use.ended = true }
    slots.uses[handle] = use
    if !isParked, !use.closing, use.next < use.frames.upperBound { slots.hold(handle) }
    slots.takeBack(handle, from: worker)
    slots.retireIfIdle(handle)
  }

  func streamFailed(_ worker: Int, _ handle: UInt32, _ reason: String, _ code: Int32, _ run: inout RunState) {
    guard let use = run.slots.uses[handle], use.worker == worker, !use.ended else { return }
    guard run.setup.holdOnError else { return run.out.fail(reason, code: code) }
    run.held.hasStream = true
    run.out.warn("\(reason); the last good picture is held")
    run.slots.hold(handle)
    run.slots.takeBack(handle, from: worker)
    run.slots.retireIfIdle(handle)
  }

  // MARK: deaths

  /// Published frames stay good; what was not published is decoded again from there by another decoder.
  /// - Parameter cause: nil: what it was at is not suspected.
  mutating func decoderDied(_ worker: Int, _ cause: WorkerEnd?, _ run: inout RunState) {
    if let cause { suspectStreams(of: worker, cause, &run) }
    for handle in run.slots.handles where run.slots.uses[handle]?.worker == worker {
      run.slots.takeBack(handle, from: worker)
      if let use = run.slots.uses[handle], use.closing || use.next == use.frames.upperBound {
        run.slots.uses[handle]?.ended = true
      }
      run.slots.uses[handle]?.worker = nil
      run.slots.uses[handle]?.parking = false
      run.slots.retireIfIdle(handle)
    }
  }

  /// Before their slots are taken back.
  private mutating func suspectStreams(of worker: Int, _ cause: WorkerEnd, _ run: inout RunState) {
    let there = run.slots.handles.filter { run.slots.uses[$0]?.worker == worker && run.slots.uses[$0]?.ended == false }
    for handle in there {
      guard let use = run.slots.uses[handle], !use.isClosed, use.next < end(of: use), run.slots.hasSlotToFill(use) else {
        continue
      }
      let deaths = run.faults.blame(use.item, limit: run.setup.faultLimits.decoder, isAlone: there.count == 1)
      guard let deaths else { continue }
      run.out.actions.append(.quarantined(worker: worker))
      quarantine(use, deaths, cause, &run)
    }
  }

  private mutating func quarantine(_ use: StreamUse, _ deaths: Int, _ cause: WorkerEnd, _ run: inout RunState) {
    let text =
      "\(run.place.picture(use.record, use.next)): the decoder ended \(PlaceText.times(deaths))while it decoded this "
      + "(output frame \(use.next)), at last with \(cause.words)"
    guard run.setup.holdOnError else { return run.out.fail(text, code: 65) }
    run.out.warn("\(text); the last good picture is held")
    quarantined[use.record] = use.next
    run.slots.hold(use.handle)
  }
}
