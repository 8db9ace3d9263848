import FrameModel

/// A stream that is decoded with no other beside it in its worker.
struct Trial: Equatable, Sendable {
  var handle: UInt32
  var worker: Int
}

/// Streams that were there when their decoders died, twice and without a picture in between, are opened only when a lane cannot
/// go on without them, and then one after another: each alone in a decoder, until it has delivered a picture or has ended the
/// decoder often enough to be quarantined. What runs in that decoder is parked meanwhile: closed, and opened again later where
/// it stood. So a file is named only when there was no other. One that is not waited for may itself wait for slots, and could
/// prove nothing.
extension Scheduler {
  /// Seen at two deaths, and nothing came of it since.
  private func isSuspect(_ use: StreamUse) -> Bool {
    guard let deaths = suspects[StreamPlace(use)], !use.ended, !use.closing else { return false }
    return deaths >= min(2, setup.decoderDeaths)
  }

  /// Begins and ends trials; `decoders` take streams.
  mutating func arrangeTrial(_ decoders: [Int]) {
    if let tried = trial {
      let goesOn = uses[tried.handle].map { isSuspect($0) && isMissing($0) && ($0.worker == nil || hasSlotToFill($0)) } ?? false
      if !goesOn || !decoders.contains(tried.worker) { trial = nil }
    }
    guard !suspects.isEmpty else { return }
    if trial == nil { trial = nextTrial(decoders) }
    guard let tried = trial, let use = uses[tried.handle], use.worker == nil else { return }
    var isAlone = true
    for handle in uses.keys.sorted() {
      guard let other = uses[handle], other.worker == tried.worker, !other.ended else { continue }
      isAlone = false
      park(other)
    }
    if isAlone, !endIfPoisoned(tried.handle) { place(tried.handle, in: tried.worker) }
  }

  /// The first suspect that is waited for, in the decoder that has the least to park.
  private func nextTrial(_ decoders: [Int]) -> Trial? {
    let waiting = uses.values.filter { $0.worker == nil && isSuspect($0) && isMissing($0) }
    guard let use = waiting.min(by: { $0.handle < $1.handle }) else { return nil }
    return decoders.min { (load(of: $0), $0) < (load(of: $1), $1) }.map { Trial(handle: use.handle, worker: $0) }
  }

  /// With its END it is without a decoder; what it has delivered stays.
  private mutating func park(_ use: StreamUse) {
    guard let worker = use.worker, !use.isClosed, use.next < end(of: use) else { return }
    uses[use.handle]?.parking = true
    actions.append(.close(worker: worker, handle: use.handle))
  }

  /// Whether a stream without a decoder may be opened in this one: not beside one that is tried, and no suspect beside others.
  func mayJoin(_ decoder: Int, _ use: StreamUse) -> Bool {
    suspects.isEmpty || trial?.worker != decoder && !isSuspect(use)
  }
}
