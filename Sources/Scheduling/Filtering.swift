import CSchema
import FrameModel
import Plan
import SlotLedger

/// Filters: a stream's pictures between decoder and renderer, output frames between renderer and encoder. A picture (a delivery
/// of a stream, a frame of a lane's window) counts the filters that it is through in `stage`; with each its slot is replaced by
/// the filtered one, so that whoever comes after sees nothing of filters. A job is made when a worker has credit for it, and
/// forgotten when the worker dies: its picture is then simply not through yet.
struct Filtering: Sendable {
  /// The plan's table, and where the whole frame's filters stand in it.
  let table: [WorkerEffect]
  let output: Range<Int>
  private(set) var workers: [FilterWorker] = []
  private(set) var jobs: [UInt32: FilterJob] = [:]
  private var nextJob: UInt32 = 1
  /// Held by the queue; whole frames only.
  private(set) var memos: [FilterPlace: FilterMemo] = [:]
  var faults = FilterFaults()

  init(_ plan: PlanView) {
    table = (0..<plan.filterCount).map(plan.filter)
    output = plan.outputFilters
  }

  func load(of worker: Int) -> Int { jobs.values.count { $0.worker == worker } }

  /// The job that a worker is at: of those that it has the first.
  func current(of worker: Int) -> FilterJob? {
    jobs.filter { $0.value.worker == worker }.min { $0.key < $1.key }?.value
  }

  /// Jobs of a worker, with their slots.
  func jobs(of worker: Int) -> [(job: UInt32, slot: Int, generation: UInt32)] {
    jobs.compactMap { $0.value.worker == worker ? ($0.key, $0.value.output.slot, $0.value.output.generation) : nil }
      .sorted { $0.0 < $1.0 }
  }

  mutating func workerReady(_ worker: Int, serves key: UInt64, credit: Int, _ out: inout Outbox) {
    guard !contains(worker) else { return out.nonsense(worker, "it said twice that it is ready") }
    workers.append(FilterWorker(index: worker, serves: key, credit: max(1, credit)))
  }

  func contains(_ worker: Int) -> Bool { workers.contains { $0.index == worker } }

  // MARK: starting

  /// Gives pictures to filter workers with credit: whole frames first, because they are nearer to the output; of the streams
  /// the one that its lane will need first. True when anything was done.
  mutating func start(_ run: inout RunState) -> Bool {
    guard !table.isEmpty, !workers.isEmpty else { return false }
    var isAny = false
    while true {
      var goesOn = false
      if !output.isEmpty { for lane in run.lanes.indices where startNext(lane: lane, &run) { goesOn = true } }
      for handle in streams(run) where startNext(stream: handle, &run) { goesOn = true }
      if !goesOn { return isAny }
      isAny = true
    }
  }

  /// Streams with pictures that are not through their filters.
  private func streams(_ run: RunState) -> [UInt32] {
    var order: [(jobs: Int, distance: Int64, handle: UInt32)] = []
    for use in run.slots.uses.values {
      guard let first = use.deliveries.first(where: { $0.stage < use.filters.count }) else { continue }
      let jobs = jobs.values.count { $0.place.owner == .stream(use.handle) }
      let at = use.lane.map { run.lanes[$0].nextCompose } ?? 0
      order.append((jobs, first.frames.lowerBound - at, use.handle))
    }
    return order.sorted { ($0.jobs, $0.distance, $0.handle) < ($1.jobs, $1.distance, $1.handle) }.map(\.handle)
  }

  private mutating func startNext(stream handle: UInt32, _ run: inout RunState) -> Bool {
    guard let use = run.slots.uses[handle] else { return false }
    stages: for stage in use.filters.indices.map({ $0 - use.filters.lowerBound }).reversed() {
      let place = FilterPlace(owner: .stream(handle), stage: stage)
      let filter = use.filters.lowerBound + stage
      for (index, delivery) in use.deliveries.enumerated() where delivery.stage <= stage {
        // In frame order within a stage: nothing overtakes a picture that is not here yet.
        guard delivery.stage == stage else { continue stages }
        let first = delivery.frames.lowerBound
        if faults.passes(handle, index, filter: filter, isEach: table[filter].everyFrame, &run) { return true }
        if isFiltering(place, filter, delivery.slot, first) { continue }
        guard start(place, filter, delivery.slot, frame: first, &run) else { continue stages }
        if table[filter].everyFrame { run.slots.splitFirst(handle, index) }
        return true
      }
    }
    return false
  }

  private mutating func startNext(lane: Int, _ run: inout RunState) -> Bool {
    stages: for stage in (0..<output.count).reversed() {
      let place = FilterPlace(owner: .lane(lane), stage: stage)
      let filter = output.lowerBound + stage
      for (index, frame) in run.lanes[lane].window.enumerated() where frame.stage <= stage {
        guard frame.ready, frame.stage == stage else { continue stages }
        if faults.isQuarantined(.filtered(record: nil, filter: filter, frame: frame.filterFrame)) {
          // It shows another frame's picture, or the canvas.
          run.lanes[lane].window[index].stage += 1
          return true
        }
        if !table[filter].everyFrame, let memo = memos[place], memo.input == frame.slot {
          advance(lane, index, to: memo.output, &run)
          run.out.counts.filterReused += 1
          return true
        }
        if isFiltering(place, filter, frame.slot, frame.filterFrame) { continue }
        guard start(place, filter, frame.slot, frame: frame.filterFrame, &run) else { continue stages }
        return true
      }
    }
    return false
  }

  private func isFiltering(_ place: FilterPlace, _ filter: Int, _ input: SlotReference, _ frame: Int64) -> Bool {
    jobs.values.contains {
      $0.place == place && $0.input == input && (!table[filter].everyFrame || $0.frame == frame)
    }
  }

  /// A job for the picture in `input`; false when there is no slot or no worker for it now.
  private mutating func start(
    _ place: FilterPlace, _ filter: Int, _ input: SlotReference, frame: Int64, _ run: inout RunState
  ) -> Bool {
    guard let worker = worker(for: filter, run.roster), let ring = ring(place, run.slots) else { return false }
    if run.slots.filtered.count(place) >= quota(place, run.slots) { forgetMemo(place, &run.slots) }
    guard run.slots.filtered.count(place) < quota(place, run.slots),
      let output = run.slots.grantFiltered(place, ring: ring, to: worker, frame: frame)
    else { return false }
    run.slots.ledger.hold(input.slot, by: worker)
    let job = nextJob
    nextJob = job &+ 1
    let record = record(place, run.slots)
    jobs[job] = FilterJob(
      worker: worker, place: place, record: record, filter: filter, frame: frame, input: input, output: output)
    run.out.actions.append(
      .filter(
        worker: worker, job: job, filter: filter, stream: record, frame: frame,
        input: (input.slot, input.generation), output: (output.slot, output.generation)))
    return true
  }

  private func worker(for filter: Int, _ roster: Roster) -> Int? {
    let key = table[filter].key
    return workers.filter { ($0.serves == 0 || $0.serves == key) && !roster.isLeaving($0.index) }
      .map { (load: load(of: $0.index), worker: $0) }.filter { $0.load < $0.worker.credit }
      .min { ($0.load, $0.worker.index) < ($1.load, $1.worker.index) }?.worker.index
  }

  private func ring(_ place: FilterPlace, _ slots: SlotAccounts) -> Int? {
    switch place.owner {
    case .lane: slots.setup.filters.outputRing
    case .stream: record(place, slots).flatMap { slots.setup.filters.streamRings[$0] }
    }
  }

  /// Record of the plan that the pictures are of; nil: whole frames.
  private func record(_ place: FilterPlace, _ slots: SlotAccounts) -> Int? {
    guard case .stream(let handle) = place.owner else { return nil }
    return slots.uses[handle]?.record
  }

  private func quota(_ place: FilterPlace, _ slots: SlotAccounts) -> Int {
    switch place.owner {
    case .lane: return FilterQuota.lane(stage: place.stage, of: output.count, finished: slots.setup.filters.outputSlots)
    case .stream(let handle):
      guard let use = slots.uses[handle] else { return 0 }
      let quota = FilterQuota.stream(
        stage: place.stage, of: use.filters.count, isStill: use.isStill, slack: slots.setup.slack)
      let isLast = place.stage + 1 == use.filters.count && output.isEmpty && !use.isStill
      return quota + (isLast ? slots.keptByEncoder(place) : 0)
    }
  }

  // MARK: done

  mutating func filtered(_ worker: Int, _ index: UInt32, _ output: SlotReference, _ run: inout RunState) {
    guard let job = jobs[index], job.worker == worker, job.output == output else { return }
    let slot = output.slot
    guard let picture = run.slots.describe(slot), let source = run.slots.describe(job.input.slot), picture.hasShape(of: source)
    else {
      return run.out.nonsense(
        worker, "the picture in slot \(slot) has no valid header, or another size or format than the one it got")
    }
    guard run.slots.ledger.publish(slot, generation: output.generation, owner: worker, frame: job.frame) else { return }
    jobs[index] = nil
    run.out.counts.filtered += 1
    run.faults.clear(job.item)
    faults.cameOut(job.filter)
    switch job.place.owner {
    case .stream(let handle): finish(job, stream: handle, &run.slots)
    case .lane(let lane): finish(job, lane: lane, &run)
    }
    run.slots.release(job.input.slot, by: worker)
    dismissIdle(&run)
    // Nobody waits for it any more.
    if run.slots.ledger[slot].state == .ready, run.slots.ledger[slot].holders == 0 { run.slots.freeUnheld(slot) }
  }

  private func finish(_ job: FilterJob, stream handle: UInt32, _ slots: inout SlotAccounts) {
    guard var use = slots.uses[handle] else { return }
    var count = 0
    for index in use.deliveries.indices {
      let delivery = use.deliveries[index]
      guard delivery.stage == job.place.stage, delivery.slot == job.input else { continue }
      if table[job.filter].everyFrame, delivery.frames.lowerBound != job.frame { continue }
      use.deliveries[index].slot = job.output
      use.deliveries[index].stage += 1
      count += 1
    }
    slots.uses[handle] = use
    for _ in 0..<count {
      slots.ledger.hold(job.output.slot, by: Ledger.queue)
      slots.release(job.input.slot, by: Ledger.queue)
    }
  }

  private mutating func finish(_ job: FilterJob, lane: Int, _ run: inout RunState) {
    let everyFrame = table[job.filter].everyFrame
    var found = false
    for index in run.lanes[lane].window.indices {
      let frame = run.lanes[lane].window[index]
      guard frame.ready, frame.stage == job.place.stage, frame.slot == job.input else { continue }
      if everyFrame, frame.filterFrame != job.frame { continue }
      if found { run.out.counts.filterReused += 1 }
      found = true
      advance(lane, index, to: job.output, &run)
    }
    guard found, !everyFrame else { return }
    forgetMemo(job.place, &run.slots)
    run.slots.ledger.hold(job.output.slot, by: Ledger.queue)
    memos[job.place] = FilterMemo(input: job.input, output: job.output)
  }

  /// A frame of the window is through one more filter.
  private func advance(_ lane: Int, _ index: Int, to output: SlotReference, _ run: inout RunState) {
    let before = run.lanes[lane].window[index].slot
    run.slots.ledger.hold(output.slot, by: Ledger.queue)
    run.lanes[lane].window[index].slot = output
    run.lanes[lane].window[index].stage += 1
    run.slots.release(before.slot, by: Ledger.queue)
  }

  // MARK: endings

  /// Those that are to go and have no job.
  func dismissIdle(_ run: inout RunState) {
    for worker in workers where run.roster.isLeaving(worker.index) && load(of: worker.index) == 0 {
      if run.roster.dismiss(worker.index) { run.out.actions.append(.dismiss(worker: worker.index)) }
    }
  }

  /// A worker says that it cannot: so would the next. `number` nil: it did not say which.
  mutating func failed(_ worker: Int, _ number: UInt32, _ reason: String, _ code: Int32, _ run: inout RunState) {
    guard let found = jobs[number].flatMap({ $0.worker == worker ? $0 : nil }) ?? current(of: worker) else {
      return run.out.fail("a filter: \(reason)", code: code)
    }
    run.faults.clear(found.item)
    faults.quarantine(found, name(of: found), reason: reason, code: code, &run)
    // Where it stands with its other pictures is not known; its successor begins anew.
    if !run.out.hasFailed { run.out.actions.append(.kill(worker: worker, cause: .cannotFilter)) }
  }

  /// Its jobs' slots are free again, its inputs not held by it any more; the pictures wait where they were.
  mutating func workerDied(_ worker: Int, _ cause: WorkerEnd, _ run: inout RunState) {
    if cause.suspectsWork, let job = current(of: worker) { suspect(job, cause, &run) }
    workers.removeAll { $0.index == worker }
    for (index, job) in jobs.sorted(by: { $0.key < $1.key }) where job.worker == worker {
      jobs[index] = nil
      run.slots.revokeFiltered(job.output.slot)
      run.slots.release(job.input.slot, by: worker)
    }
  }

  private mutating func suspect(_ job: FilterJob, _ cause: WorkerEnd, _ run: inout RunState) {
    let limit = run.setup.faultLimits.filter(table[job.filter].name)
    guard let deaths = run.faults.blame(job.item, limit: limit) else { return }
    let reason = "its worker ended \(PlaceText.times(deaths))over this, at last with \(cause.words)"
    faults.quarantine(job, name(of: job), reason: reason, code: 70, &run)
  }

  private mutating func forgetMemo(_ place: FilterPlace, _ slots: inout SlotAccounts) {
    if let memo = memos.removeValue(forKey: place) { slots.release(memo.output.slot, by: Ledger.queue) }
  }

  mutating func forgetMemos(_ lane: Int, _ slots: inout SlotAccounts) {
    for stage in 0..<output.count { forgetMemo(FilterPlace(owner: .lane(lane), stage: stage), &slots) }
  }

  // MARK: status

  /// "filter "blur"".
  private func name(of job: FilterJob) -> String { "filter \"\(table[job.filter].name)\"" }

  /// What a worker is at, in words: where and with what.
  func work(of worker: Int, _ place: PlaceText) -> String? {
    current(of: worker).map { "\(name(of: $0)) of \(place.filtered($0.record, $0.frame))" }
  }

  /// Filters that pictures wait for and that no worker serves, by name.
  func missing(_ run: RunState) -> [String] {
    var names: [String] = []
    func note(_ filter: Int) {
      let effect = table[filter]
      let isServed = workers.contains {
        ($0.serves == 0 || $0.serves == effect.key) && !run.roster.isLeaving($0.index)
      }
      if !isServed, !names.contains(effect.name) { names.append(effect.name) }
    }
    for lane in run.lanes.indices {
      for frame in run.lanes[lane].window where frame.ready && frame.stage < output.count {
        note(output.lowerBound + frame.stage)
      }
    }
    for use in run.slots.uses.values {
      for delivery in use.deliveries where delivery.stage < use.filters.count { note(use.filters.lowerBound + delivery.stage) }
    }
    return names.sorted()
  }
}

extension FrameDescription {
  /// Everything but samples, layout and time is as in the other.
  fileprivate func hasShape(of other: FrameDescription) -> Bool {
    format == other.format && width == other.width && height == other.height && sampleAspect == other.sampleAspect
      && color == other.color && rotation == other.rotation && mirrored == other.mirrored
  }
}
