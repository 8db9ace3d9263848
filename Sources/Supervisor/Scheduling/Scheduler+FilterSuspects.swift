import FrameModel
import SharedRing
import Timeline

/// A picture that ends its filter workers again and again: found as other faulty work is (Scheduler+Suspects), named, and with
/// `--on-error hold` got over. What is held are output frames: they show the frame before. So the bytes do not depend on when the
/// workers died. Only a still, which may stand for hours, is left out instead.
extension Scheduler {
  /// A picture of a stream record (nil: whole frames) at one filter; `frame`: of its job.
  struct FilterSuspect: Hashable, Sendable {
    var record: Int?
    var filter: Int
    var frame: Int64
  }

  /// Pictures quarantined in a row, none of the filter's done in between, at which the filter itself is at fault.
  static let quarantinedInRow = 10

  private func suspect(_ job: FilterJob) -> FilterSuspect {
    FilterSuspect(record: streamRecord(job.place), filter: job.filter, frame: job.frame)
  }

  /// A filter worker died: of its jobs the first was in work. Before they are forgotten.
  mutating func suspectPicture(of worker: Int) {
    guard let first = filtering.jobs.filter({ $0.value.worker == worker }).min(by: { $0.key < $1.key })?.value else { return }
    let limit = setup.filterDeaths[filtering.table[first.filter].name] ?? setup.defaultFilterDeaths
    let deaths = filtering.suspects[suspect(first), default: 0] + 1
    filtering.suspects[suspect(first)] = deaths
    guard deaths >= limit else { return }
    quarantine(first, reason: "its worker ended \(Scheduler.times(deaths))over this\(atLast)")
  }

  /// A worker says that it cannot: so would the next. `job` nil: it did not say which.
  mutating func filterFailed(_ worker: Int, _ job: UInt32, _ reason: String, _ code: Int32) {
    let jobs = filtering.jobs.filter { $0.value.worker == worker }
    guard let found = jobs[job] ?? jobs.min(by: { $0.key < $1.key })?.value else {
      return fail("a filter: \(reason)", code: code)
    }
    quarantine(found, reason: reason, code: code)
    // Where it stands with its other pictures is not known; its successor begins anew.
    if !failed { actions.append(.kill(worker: worker, reason: Scheduler.cannotFilter)) }
  }

  /// Reason of a kill that is no death of the worker's own.
  static let cannotFilter = "it could not filter a picture"

  /// A picture came out well.
  mutating func clear(_ job: FilterJob) {
    guard !filtering.suspects.isEmpty || !filtering.quarantined.isEmpty else { return }
    filtering.suspects[suspect(job)] = nil
    filtering.quarantined[job.filter] = nil
  }

  private mutating func quarantine(_ job: FilterJob, reason: String, code: Int32 = 70) {
    let suspect = suspect(job)
    let name = "filter \"\(filtering.table[job.filter].name)\""
    let text = "\(place(of: suspect)): \(name): \(reason)"
    filtering.suspects[suspect] = nil
    quarantines += 1
    guard setup.holdOnError else { return fail(text, code: code) }
    filtering.quarantined[job.filter, default: 0] += 1
    guard filtering.quarantined[job.filter] ?? 0 < Scheduler.quarantinedInRow else {
      return fail("\(text); so it went with \(Scheduler.quarantinedInRow) pictures in a row", code: code)
    }
    filtering.spoiled.insert(suspect)
    switch job.place.owner {
    case .stream(let handle):
      guard let use = uses[handle] else { return }
      if use.isStill {
        actions.append(.warn("\(text); it is left out"))
        return leaveOut(handle)
      }
      let frames =
        use.deliveries.first { $0.slot == job.input && $0.frames.lowerBound == job.frame }?.frames ?? job.frame..<job.frame + 1
      actions.append(.warn("\(text); the frame before is held"))
      if let lane = use.lane { holdFrames(frames, lane: lane) }
    case .lane(let lane):
      actions.append(.warn("\(text); the frame before is held"))
      holdFrames(job.frame..<job.frame + 1, lane: lane)
    }
  }

  /// "clip.mp4, at 1.250 s (output frame 30)", "output frame 30, at 1.250 s".
  func place(of suspect: FilterSuspect) -> String {
    guard let index = suspect.record else {
      return "output frame \(suspect.frame), at \(Scheduler.seconds(Rational(suspect.frame) / canvas.rate))"
    }
    let record = plan.stream(index)
    let time = record.start + record.step * Rational(suspect.frame - record.firstFrame)
    return "\(plan.source(record.source).place), at \(Scheduler.seconds(time)) (output frame \(suspect.frame))"
  }

  /// These show the frame before; what was encoded of their segments is begun again. True when that is news.
  @discardableResult
  private mutating func holdFrames(_ frames: Range<Int64>, lane: Int) -> Bool {
    var isNews = false
    for frame in frames where frame < lanes[lane].end && heldFrames.insert(frame).inserted { isNews = true }
    guard isNews else { return false }
    if let encoder = lanes[lane].encoder {
      actions.append(.kill(worker: encoder, reason: Scheduler.beginsAgain))
    } else {
      rewindLater.insert(lane)
    }
    return true
  }

  /// The layer of a still has no picture.
  private mutating func leaveOut(_ handle: UInt32) {
    guard let use = uses[handle] else { return }
    let dropped = use.deliveries
    uses[handle]?.deliveries.removeAll()
    uses[handle]?.failed = true
    hasFailedStream = true
    for delivery in dropped { release(delivery.slot.slot, by: Ledger.queue) }
  }

  /// A picture that is known to end its filter goes on as it is: the frames that it is for are held. True when it was one.
  mutating func passSpoiled(stream handle: UInt32, _ index: Int, filter: Int) -> Bool {
    guard !filtering.spoiled.isEmpty, let use = uses[handle] else { return false }
    let spoiled = filtering.spoiled.filter { $0.record == use.record && $0.filter == filter }
    guard !spoiled.isEmpty else { return false }
    guard let lane = use.lane else {
      leaveOut(handle)
      return true
    }
    var frames = use.deliveries[index].frames
    if filtering.table[filter].everyFrame { frames = frames.lowerBound..<frames.lowerBound + 1 }
    guard spoiled.contains(where: { frames.contains($0.frame) }) else { return false }
    if filtering.table[filter].everyFrame { splitFirst(handle, index) }
    uses[handle]?.deliveries[index].stage += 1
    holdFrames(frames, lane: lane)
    return true
  }

  /// The same for a whole frame: it shows another frame's picture, or the canvas.
  mutating func passSpoiled(lane: Int, _ index: Int, filter: Int) -> Bool {
    guard !filtering.spoiled.isEmpty else { return false }
    let frame = lanes[lane].window[index]
    guard filtering.spoiled.contains(FilterSuspect(record: nil, filter: filter, frame: frame.filterFrame)) else { return false }
    lanes[lane].window[index].stage += 1
    return true
  }
}
