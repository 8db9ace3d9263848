import SlotLedger

/// Pictures that end their filter workers again and again, or that a filter says it cannot do: named, and with `--on-error hold`
/// got over. What is held are output frames: they show the frame before. So the bytes do not depend on when the workers died. Only
/// a still, which may stand for hours, is left out instead.
struct FilterFaults: Sendable {
  private var items: Set<WorkItem> = []
  /// Of each filter: pictures quarantined in a row.
  private var inRow: [Int: Int] = [:]

  /// Pictures quarantined in a row, none of the filter's done in between, at which the filter itself is at fault.
  static let limitInRow = 10

  func isQuarantined(_ item: WorkItem) -> Bool { !items.isEmpty && items.contains(item) }

  /// The filter can do something.
  mutating func cameOut(_ filter: Int) { if !inRow.isEmpty { inRow[filter] = nil } }

  mutating func quarantine(_ job: FilterJob, _ name: String, reason: String, code: Int32, _ run: inout RunState) {
    let text = "\(run.place.filtered(job.record, job.frame)): \(name): \(reason)"
    run.out.actions.append(.quarantined(worker: job.worker))
    guard run.setup.holdOnError else { return run.out.fail(text, code: code) }
    inRow[job.filter, default: 0] += 1
    guard inRow[job.filter] ?? 0 < Self.limitInRow else {
      return run.out.fail("\(text); so it went with \(Self.limitInRow) pictures in a row", code: code)
    }
    items.insert(job.item)
    switch job.place.owner {
    case .stream(let handle):
      guard let use = run.slots.uses[handle] else { return }
      if use.isStill {
        run.out.warn("\(text); it is left out")
        return leaveOut(handle, &run)
      }
      let frames =
        use.deliveries.first { $0.slot == job.input && $0.frames.lowerBound == job.frame }?.frames ?? job.frame..<job.frame + 1
      run.out.warn("\(text); the frame before is held")
      if let lane = use.lane { run.hold(frames, lane: lane) }
    case .lane(let lane):
      run.out.warn("\(text); the frame before is held")
      run.hold(job.frame..<job.frame + 1, lane: lane)
    }
  }

  private func leaveOut(_ handle: UInt32, _ run: inout RunState) {
    run.held.hasStream = true
    run.slots.leaveOut(handle)
  }

  /// A picture that is known to end its filter goes on as it is: the frames that it is for are held. True when it was one.
  /// - Parameters:
  ///   - index: of the stream's deliveries.
  ///   - isEach: each frame is filtered for itself.
  func passes(_ handle: UInt32, _ index: Int, filter: Int, isEach: Bool, _ run: inout RunState) -> Bool {
    guard !items.isEmpty, let use = run.slots.uses[handle] else { return false }
    let known = frames(of: use.record, filter)
    guard !known.isEmpty else { return false }
    guard let lane = use.lane else {
      leaveOut(handle, &run)
      return true
    }
    var frames = use.deliveries[index].frames
    if isEach { frames = frames.lowerBound..<frames.lowerBound + 1 }
    guard known.contains(where: frames.contains) else { return false }
    if isEach { run.slots.splitFirst(handle, index) }
    run.slots.uses[handle]?.deliveries[index].stage += 1
    run.hold(frames, lane: lane)
    return true
  }

  private func frames(of record: Int, _ filter: Int) -> [Int64] {
    items.compactMap {
      guard case .filtered(record, filter, let frame) = $0 else { return nil }
      return frame
    }
  }
}
