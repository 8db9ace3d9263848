import CSluice
import FrameModel
import SharedRing
import Timeline

/// Filters: a stream's pictures between decoder and renderer, output frames between renderer and encoder. A picture (a delivery
/// of a stream, a frame of a lane's window) counts the filters that it is through in `stage`; with each its slot is replaced by
/// the filtered one, so that whoever comes after sees nothing of filters. A job is made when a worker has credit for it, and
/// forgotten when the worker dies: its picture is then simply not through yet.
extension Scheduler {
  /// Stream word of a filtered picture's slot.
  static let filteredStream: UInt32 = 0xffff_fe00

  public func hasFilter(_ key: UInt64) -> Bool { filtering.table.contains { key == 0 || $0.key == key } }

  /// nil for the key of any filter.
  func filterName(_ key: UInt64) -> String? { filtering.table.first { $0.key == key }?.name }

  mutating func filterReady(_ worker: Int, serves key: UInt64, credit: Int) {
    guard !filtering.workers.contains(where: { $0.index == worker }) else {
      return nonsense(worker, "it said twice that it is ready")
    }
    filtering.workers.append(FilterWorker(index: worker, serves: key, credit: max(1, credit)))
  }

  // MARK: starting

  /// Gives pictures to filter workers with credit: whole frames first, because they are nearer to the output; of the streams
  /// the one that its lane will need first.
  /// True when anything was done.
  mutating func startFilters() -> Bool {
    guard !filtering.table.isEmpty, !filtering.workers.isEmpty else { return false }
    var isFirst = true
    var goesOn = true
    while goesOn {
      goesOn = false
      if !filtering.output.isEmpty {
        for lane in lanes.indices where startNext(lane: lane) { goesOn = true }
      }
      for handle in filteredStreams() where startNext(stream: handle) { goesOn = true }
      if isFirst, !goesOn { return false }
      isFirst = false
    }
    return true
  }

  private func filteredStreams() -> [UInt32] {
    var order: [(jobs: Int, distance: Int64, handle: UInt32)] = []
    for use in uses.values {
      guard let first = use.deliveries.first(where: { $0.stage < use.filters.count }) else { continue }
      let jobs = filtering.jobs.values.count { $0.place.owner == .stream(use.handle) }
      let at = use.lane.map { lanes[$0].nextCompose } ?? 0
      order.append((jobs, first.frames.lowerBound - at, use.handle))
    }
    return order.sorted { ($0.jobs, $0.distance, $0.handle) < ($1.jobs, $1.distance, $1.handle) }.map(\.handle)
  }

  private mutating func startNext(stream handle: UInt32) -> Bool {
    guard let use = uses[handle] else { return false }
    stages: for stage in use.filters.indices.map({ $0 - use.filters.lowerBound }).reversed() {
      let place = FilterPlace(owner: .stream(handle), stage: stage)
      let filter = use.filters.lowerBound + stage
      for (index, delivery) in use.deliveries.enumerated() where delivery.stage <= stage {
        // In frame order within a stage: nothing overtakes a picture that is not here yet.
        guard delivery.stage == stage else { continue stages }
        let first = delivery.frames.lowerBound
        if passSpoiled(stream: handle, index, filter: filter) { return true }
        if isFiltering(place, filter, delivery.slot, first) { continue }
        guard start(place, filter, delivery.slot, frame: first) else { continue stages }
        if filtering.table[filter].everyFrame { splitFirst(handle, index) }
        return true
      }
    }
    return false
  }

  /// A delivery's first frame becomes one of its own. What is held for frames that could not be decoded stays with the last.
  mutating func splitFirst(_ handle: UInt32, _ index: Int) {
    guard var use = uses[handle] else { return }
    let frames = use.deliveries[index].frames
    let end = min(use.deliveries[index].goodEnd ?? frames.upperBound, frames.upperBound)
    guard end - frames.lowerBound > 1 else { return }
    var rest = use.deliveries[index]
    rest.frames = frames.lowerBound + 1..<frames.upperBound
    use.deliveries[index].frames = frames.lowerBound..<frames.lowerBound + 1
    use.deliveries.insert(rest, at: index + 1)
    uses[handle] = use
    ledger.hold(rest.slot.slot, by: Ledger.queue)
  }

  private mutating func startNext(lane: Int) -> Bool {
    stages: for stage in (0..<filtering.output.count).reversed() {
      let place = FilterPlace(owner: .lane(lane), stage: stage)
      let filter = filtering.output.lowerBound + stage
      for (index, frame) in lanes[lane].window.enumerated() where frame.stage <= stage {
        guard frame.ready, frame.stage == stage else { continue stages }
        if passSpoiled(lane: lane, index, filter: filter) { return true }
        if !filtering.table[filter].everyFrame, let memo = filtering.memos[place], memo.input == frame.slot {
          advance(lane, index, to: memo.output)
          counts.filterReused += 1
          return true
        }
        if isFiltering(place, filter, frame.slot, frame.filterFrame) { continue }
        guard start(place, filter, frame.slot, frame: frame.filterFrame) else { continue stages }
        return true
      }
    }
    return false
  }

  private func isFiltering(_ place: FilterPlace, _ filter: Int, _ input: SlotReference, _ frame: Int64) -> Bool {
    filtering.jobs.values.contains {
      $0.place == place && $0.input == input && (!filtering.table[filter].everyFrame || $0.frame == frame)
    }
  }

  /// A job for the picture in `input`; false when there is no slot or no worker for it now.
  private mutating func start(_ place: FilterPlace, _ filter: Int, _ input: SlotReference, frame: Int64) -> Bool {
    guard let worker = filterWorker(filter), let ring = filterRing(place) else { return false }
    if filtering.owned[place] ?? 0 >= quota(place) { forgetMemo(place) }
    guard filtering.owned[place] ?? 0 < quota(place),
      let slot = ledger.grant(ring: ring, to: worker, stream: Scheduler.filteredStream, frame: frame)
    else { return false }
    filtering.places[slot] = place
    filtering.owned[place, default: 0] += 1
    ledger.hold(input.slot, by: worker)
    let job = filtering.nextJob
    filtering.nextJob = job &+ 1
    let output = SlotReference(slot: slot, generation: ledger[slot].generation)
    filtering.jobs[job] = FilterJob(
      worker: worker, place: place, filter: filter, frame: frame, input: input, output: output)
    actions.append(
      .filter(
        worker: worker, job: job, filter: filter, stream: streamRecord(place), frame: frame,
        input: (input.slot, input.generation), output: (slot, output.generation)))
    return true
  }

  private func filterWorker(_ filter: Int) -> Int? {
    let key = filtering.table[filter].key
    return filtering.workers.filter { ($0.serves == 0 || $0.serves == key) && !leaving.contains($0.index) }
      .map { (load: filtering.load(of: $0.index), worker: $0) }.filter { $0.load < $0.worker.credit }
      .min { ($0.load, $0.worker.index) < ($1.load, $1.worker.index) }?.worker.index
  }

  private func filterRing(_ place: FilterPlace) -> Int? {
    switch place.owner {
    case .lane: setup.filters.outputRing
    case .stream(let handle): uses[handle].flatMap { setup.filters.streamRings[$0.record] }
    }
  }

  /// Record of the plan that the pictures are of; nil: whole frames.
  func streamRecord(_ place: FilterPlace) -> Int? {
    guard case .stream(let handle) = place.owner else { return nil }
    return uses[handle]?.record
  }

  private func quota(_ place: FilterPlace) -> Int {
    switch place.owner {
    case .lane: return FilterQuota.lane(stage: place.stage, of: filtering.output.count, finished: setup.filters.outputSlots)
    case .stream(let handle):
      guard let use = uses[handle] else { return 0 }
      let quota = FilterQuota.stream(
        stage: place.stage, of: use.filters.count, isStill: use.isStill, slack: setup.slack)
      return quota + (place.stage + 1 == use.filters.count ? keptByEncoder(place, use) : 0)
    }
  }

  /// Untouched pictures that went to the encoder and that it keeps until it gets the next ones.
  private func keptByEncoder(_ place: FilterPlace, _ use: StreamUse) -> Int {
    guard setup.encoderKeeps > 0, filtering.output.isEmpty, let lane = use.lane, let encoder = lanes[lane].encoder else {
      return 0
    }
    let kept = filtering.places.count { $0.value == place && ledger[$0.key].holders == 1 << UInt64(encoder) }
    return min(kept, setup.encoderKeeps)
  }

  // MARK: done

  mutating func filtered(_ worker: Int, _ index: UInt32, _ slot: Int, _ generation: UInt32) {
    guard let job = filtering.jobs[index], job.worker == worker,
      job.output == SlotReference(slot: slot, generation: generation)
    else { return }
    guard let picture = describe(slot), let source = describe(job.input.slot), picture.hasShape(of: source) else {
      return nonsense(worker, "the picture in slot \(slot) has no valid header, or another size or format than the one it got")
    }
    guard ledger.publish(slot, generation: generation, owner: worker, frame: job.frame) else { return }
    filtering.jobs[index] = nil
    counts.filtered += 1
    clear(job)
    switch job.place.owner {
    case .stream(let handle): finish(job, stream: handle)
    case .lane(let lane): finish(job, lane: lane)
    }
    release(job.input.slot, by: worker)
    dismissIdleFilters()
    if ledger[slot].state == .ready, ledger[slot].holders == 0 {  // nobody waits for it any more
      ledger.hold(slot, by: Ledger.queue)
      release(slot, by: Ledger.queue)
    }
  }

  private mutating func finish(_ job: FilterJob, stream handle: UInt32) {
    guard var use = uses[handle] else { return }
    var count = 0
    for index in use.deliveries.indices {
      let delivery = use.deliveries[index]
      guard delivery.stage == job.place.stage, delivery.slot == job.input else { continue }
      if filtering.table[job.filter].everyFrame, delivery.frames.lowerBound != job.frame { continue }
      use.deliveries[index].slot = job.output
      use.deliveries[index].stage += 1
      count += 1
    }
    uses[handle] = use
    for _ in 0..<count {
      ledger.hold(job.output.slot, by: Ledger.queue)
      release(job.input.slot, by: Ledger.queue)
    }
  }

  private mutating func finish(_ job: FilterJob, lane: Int) {
    let everyFrame = filtering.table[job.filter].everyFrame
    var found = false
    for index in lanes[lane].window.indices {
      let frame = lanes[lane].window[index]
      guard frame.ready, frame.stage == job.place.stage, frame.slot == job.input else { continue }
      if everyFrame, frame.filterFrame != job.frame { continue }
      if found { counts.filterReused += 1 }
      found = true
      advance(lane, index, to: job.output)
    }
    guard found, !everyFrame else { return }
    forgetMemo(job.place)
    ledger.hold(job.output.slot, by: Ledger.queue)
    filtering.memos[job.place] = FilterMemo(input: job.input, output: job.output)
  }

  /// A frame of the window is through one more filter.
  private mutating func advance(_ lane: Int, _ index: Int, to output: SlotReference) {
    let before = lanes[lane].window[index].slot
    ledger.hold(output.slot, by: Ledger.queue)
    lanes[lane].window[index].slot = output
    lanes[lane].window[index].stage += 1
    release(before.slot, by: Ledger.queue)
  }

  // MARK: endings

  /// Those that are to go and have no job.
  mutating func dismissIdleFilters() {
    for worker in filtering.workers where leaving.contains(worker.index) && filtering.load(of: worker.index) == 0 {
      if dismissed.insert(worker.index).inserted { actions.append(.dismiss(worker: worker.index)) }
    }
  }

  /// Its jobs' slots are free again, its inputs not held by it any more; the pictures wait where they were.
  mutating func filterDied(_ worker: Int) {
    suspectPicture(of: worker)
    defer { rewindHeld() }
    filtering.workers.removeAll { $0.index == worker }
    for (index, job) in filtering.jobs.sorted(by: { $0.key < $1.key }) where job.worker == worker {
      filtering.jobs[index] = nil
      ledger.revoke(job.output.slot)
      filteredSlotFreed(job.output.slot)
      release(job.input.slot, by: worker)
    }
  }

  /// A filtered picture's slot went back to its ring.
  mutating func filteredSlotFreed(_ slot: Int) {
    guard let place = filtering.places.removeValue(forKey: slot) else { return }
    let left = (filtering.owned[place] ?? 1) - 1
    filtering.owned[place] = left == 0 ? nil : left
    if case .stream(let handle) = place.owner { retireIfIdle(handle) }
  }

  func ownsFiltered(_ use: StreamUse) -> Int {
    (0..<use.filters.count).reduce(0) { $0 + (filtering.owned[FilterPlace(owner: .stream(use.handle), stage: $1)] ?? 0) }
  }

  private mutating func forgetMemo(_ place: FilterPlace) {
    if let memo = filtering.memos.removeValue(forKey: place) { release(memo.output.slot, by: Ledger.queue) }
  }

  mutating func forgetMemos(_ lane: Int) {
    for stage in 0..<filtering.output.count { forgetMemo(FilterPlace(owner: .lane(lane), stage: stage)) }
  }

  /// Whether the ring of its filtered pictures has slots for one more stream, as `hasRoom` for those of the decoder.
  func hasFilterRoom(for index: Int, _ record: StreamRecord) -> Bool {
    guard !record.workerFilters.isEmpty, let ring = setup.filters.streamRings[index] else { return true }
    var taken = 0
    for use in uses.values where !use.filters.isEmpty && setup.filters.streamRings[use.record] == ring {
      let isThrough = use.closing || use.ended && use.deliveries.allSatisfy { $0.stage == use.filters.count }
      let owned = ownsFiltered(use)
      taken += isThrough ? owned : max(owned, FilterQuota.stream(plan.stream(use.record), slack: setup.slack))
    }
    return taken + FilterQuota.stream(record, slack: setup.slack) <= rings[ring]
  }

  // MARK: status

  /// Filters that pictures wait for and that no worker serves, by name.
  var missingFilters: [String] {
    var names: [String] = []
    func note(_ filter: Int) {
      let effect = filtering.table[filter]
      let isServed = filtering.workers.contains {
        ($0.serves == 0 || $0.serves == effect.key) && !leaving.contains($0.index)
      }
      if !isServed, !names.contains(effect.name) { names.append(effect.name) }
    }
    for lane in lanes {
      for frame in lane.window where frame.ready && frame.stage < filtering.output.count {
        note(filtering.output.lowerBound + frame.stage)
      }
    }
    for use in uses.values {
      for delivery in use.deliveries where delivery.stage < use.filters.count { note(use.filters.lowerBound + delivery.stage) }
    }
    return names.sorted()
  }

  /// A filter job of a worker, in words: where and with what.
  func filterWork(of worker: Int, job number: UInt32? = nil) -> String? {
    let jobs = filtering.jobs.filter { $0.value.worker == worker && (number == nil || $0.key == number) }
    guard let job = jobs.min(by: { $0.key < $1.key })?.value else { return nil }
    let suspect = FilterSuspect(record: streamRecord(job.place), filter: job.filter, frame: job.frame)
    return "filter \"\(filtering.table[job.filter].name)\" of \(place(of: suspect))"
  }

  /// Filter jobs of a worker, with their slots.
  func filterJobs(of worker: Int) -> [(job: UInt32, slot: Int, generation: UInt32)] {
    filtering.jobs.compactMap { $0.value.worker == worker ? ($0.key, $0.value.output.slot, $0.value.output.generation) : nil }
      .sorted { $0.0 < $1.0 }
  }
}

extension FrameDescription {
  /// Everything but samples, layout and time is as in the other.
  fileprivate func hasShape(of other: FrameDescription) -> Bool {
    format == other.format && width == other.width && height == other.height && sampleAspect == other.sampleAspect
      && color == other.color && rotation == other.rotation && mirrored == other.mirrored
  }
}
