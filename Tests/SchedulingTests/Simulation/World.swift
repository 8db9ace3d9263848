import FrameModel
import Glibc
import Plan
import SlotLedger
import SluiceBase
import TestKit
import Timeline

@testable import Scheduling

/// What the simulation found wrong; the text names it.
struct Violation: Error, CustomStringConvertible {
  var description: String
  init(_ text: String) { description = text }
}

/// Frame headers as the scheduler would read them from the slots. Touched from the test's one thread only.
final class Headers: @unchecked Sendable {
  // Sendable: a world and its scheduler live on one thread.
  var of: [FrameDescription?]
  init(_ count: Int) { of = Array(repeating: nil, count: count) }
}

struct WorldOptions {
  var lanes = 1
  var renderers = 1
  var decoders = 1
  /// Filter workers; 0: the timeline has no filters.
  var filters = 0
  /// Deaths, nonsense and failing sources, in a thousand steps.
  var deaths = 0
  var nonsense = 0
  var failingSources = false
  /// Pictures that end the decoder that comes to them.
  var poison = false
  /// Kills from outside whenever a decoder is at one of some pictures; so many at each.
  var killsFromOutside = 0
  /// Workers that come and go, in a thousand steps; and of a hundred segments, those that are there already.
  var visits = 0
  var stored = 0
  var sound: SoundSetup.Destination? = nil
  var description: String {
    "lanes \(lanes), filters \(filters), decoders \(decoders), renderers \(renderers), deaths \(deaths), nonsense \(nonsense), "
      + "failing \(failingSources), poison \(poison), kills from outside \(killsFromOutside), visits \(visits), stored \(stored), sound \(sound.map { "\($0)" } ?? "none")"
  }
}

/// A run without processes: a scheduler, and workers that answer in random order and delay, die, come back and lie.
/// Everything that a worker reads, writes or announces is held to the ledger and to the truth of the plan.
final class World {
  var random: TestRandom
  let truth: Truth
  let options: WorldOptions
  let memory: MemoryPlan
  var scheduler: Scheduler
  let headers: Headers
  var content: [Content]
  var workers: [SimulatedWorker] = []
  var coming: [(role: WorkerRole, wait: Int)] = []
  var late: [(event: SchedulerEvent, wait: Int)] = []
  var nextIndex = 0
  var deathsLeft = 25
  var events = 0
  var written: Set<Int> = []
  var soundIsDone = false
  let segmentTotal: Int
  let frameTotal: Int64
  var visitsLeft = 30
  var deliveredSinceAdvance = 0
  let batch: Int
  var done = false
  /// Dead since the last advance.
  private var justDied: Set<Int> = []
  /// Deaths of the only decoder since it delivered something, or something was quarantined for them.
  private var decoderDeaths = 0
  private var quarantinesDone = 0
  /// Of a record: the frame at which its decoder is ended from outside, and how often it still will be.
  private(set) var killsFromOutside: [Int: (frame: Int64, left: Int)] = [:]
  /// Killed; they go on for a while.
  private var doomed: [SimulatedWorker] = []

  init(truth: Truth, options: WorldOptions, memory: MemoryPlan, seed: UInt64) {
    random = TestRandom(seed ^ 0xabcd)
    self.truth = truth
    self.options = options
    self.memory = memory
    var runs: [[Segment]] = [[]]
    var at: Int64 = 0
    var count = 0
    let longest = options.sound == .lane ? Int.max >> 2 : random.int(3...60)
    while at < truth.plan.frameCount {
      let end = options.sound == .lane ? truth.plan.frameCount : min(truth.plan.frameCount, at + Int64(random.int(1...longest)))
      if random.chance(options.stored) {
        runs.append([])
      } else {
        runs[runs.count - 1].append(Segment(index: count, frames: at..<end))
      }
      count += 1
      at = end
    }
    runs.removeAll { $0.isEmpty }
    if options.sound == .output { runs = [] }
    segmentTotal = runs.reduce(0) { $0 + $1.count }
    frameTotal = runs.joined().reduce(0) { $0 + Int64($1.frames.count) }
    var setup = SchedulerSetup(runs: runs, memory: memory)
    setup.renderCredit = random.int(1...3)
    setup.encodeCredit = memory.encoderKeeps + random.int(1...4)
    setup.holdOnError = options.failingSources || options.poison
    if options.poison || options.killsFromOutside > 0 { setup.faultLimits.decoder = random.int(1...4) }
    batch = random.int(1...6)
    let slots = setup.rings.reduce(0, +)
    content = Array(repeating: .nothing, count: slots)
    let headers = Headers(slots)
    self.headers = headers
    scheduler = Scheduler(plan: truth.plan, setup: setup) { headers.of[$0] }
    if options.killsFromOutside > 0 {
      for _ in 0..<random.int(1...3) {
        guard let record = truth.records.indices.randomElement(using: &random) else { break }
        let entry = truth.records[record]
        let frame = Int64.random(in: entry.firstFrame...max(entry.firstFrame, entry.endFrame - 1), using: &random)
        killsFromOutside[record] = (frame, options.killsFromOutside)
      }
    }
    if let sound = options.sound {
      coming.append((.audio, random.int(0...40)))
      if sound != .lane { coming.append((.soundEncoder, random.int(0...40))) }
    }
    for _ in 0..<options.filters { coming.append((.filter, random.int(0...20))) }
    for _ in 0..<options.decoders { coming.append((.decoder, random.int(0...20))) }
    for _ in 0..<options.renderers { coming.append((.renderer, random.int(0...20))) }
    for _ in 0..<scheduler.laneCount { coming.append((.encoder, random.int(0...20))) }
  }

  /// Runs to the end. Throws what is wrong.
  func run() throws {
    let limit = 2_000_000
    var steps = 0
    try advance()
    while true {
      steps += 1
      if steps > limit { throw Violation("no end after \(limit) steps") }
      if !done, scheduler.isDone { done = true }
      if try step() { continue }
      // Nothing is under way: bring the last batch to an end, then it must be over.
      if deliveredSinceAdvance > 0 {
        try advance()
        continue
      }
      guard scheduler.isDone else { throw Violation("deadlock: nothing is under way\n\(picture)") }
      break
    }
    try checkEnd()
  }

  /// One thing happens. False when nothing can.
  private func step() throws -> Bool {
    if !done, deathsLeft > 0, Int.random(in: 0..<1000, using: &random) < options.deaths,
      let victim = workers.randomElement(using: &random)
    {
      deathsLeft -= 1
      try die(victim, [.signal(SIGKILL), .signal(SIGSEGV), .exit(1)].randomElement(using: &random) ?? .unknown)
      return true
    }
    if !done, deathsLeft > 0, Int.random(in: 0..<1000, using: &random) < options.nonsense,
      let liar = workers.randomElement(using: &random)
    {
      if let event = liar.nonsense(self) {
        try deliver(event)
        return true
      }
    }
    if !done, visitsLeft > 0, Int.random(in: 0..<1000, using: &random) < options.visits {
      visitsLeft -= 1
      try visit()
      return true
    }
    if !doomed.isEmpty, random.chance(10) {
      deathsLeft -= 1
      try die(doomed[0], .violation("it lied"))
      return true
    }
    for index in coming.indices.reversed() {
      coming[index].wait -= 1
      if coming[index].wait <= 0 {
        let role = coming.remove(at: index).role
        try arrive(role)
        return true
      }
    }
    for index in late.indices.reversed() {
      late[index].wait -= 1
      if late[index].wait <= 0 {
        try deliver(late.remove(at: index).event)
        return true
      }
    }
    var busy: [SimulatedWorker] = []
    var weight = 0
    for worker in workers where worker.canAct {
      busy.append(worker)
      weight += worker.speed
    }
    guard weight > 0 else { return !coming.isEmpty || !late.isEmpty || !doomed.isEmpty }
    var pick = random.int(0...weight - 1)
    for worker in busy {
      pick -= worker.speed
      if pick < 0 {
        if let event = try worker.act(self) { try deliver(event) }
        break
      }
    }
    return true
  }

  private func arrive(_ role: WorkerRole) throws {
    var index = nextIndex
    while workers.contains(where: { $0.index == index }) { index = (index + 1) % Scheduler.unassigned }
    nextIndex = (index + 1) % Scheduler.unassigned
    let worker: SimulatedWorker =
      switch role {
      case .decoder: SimulatedDecoder(index, role, &random)
      case .renderer: SimulatedRenderer(index, role, &random)
      case .audio: SimulatedMixer(index, role, &random)
      case .soundEncoder: SimulatedSoundEncoder(index, role, &random)
      case .filter: SimulatedFilter(index, role, serves: filterToServe(), &random)
      case .encoder: SimulatedEncoder(index, role, keeps: memory.encoderKeeps, &random)
      }
    workers.append(worker)
    if let filter = worker as? SimulatedFilter {
      return try deliver(.filterReady(index, serves: filter.serves, credit: random.int(1...3)))
    }
    try deliver(.workerReady(index, role: role))
  }

  /// A worker comes, with room for its lane where it is an encoder, or one that is not the last of its role goes.
  private func visit() throws {
    let roles: [WorkerRole] = [.decoder, .renderer, .encoder]
    let role = (options.filters > 0 ? roles + [.filter] : roles).randomElement(using: &random) ?? .decoder
    let present = workers.filter { $0.role == role && !scheduler.run.roster.leaving.contains($0.index) }
    // The only one that takes every filter stays.
    let general = present.filter { ($0 as? SimulatedFilter)?.serves == 0 }
    if present.count > 1, random.chance(50), let worker = present.randomElement(using: &random),
      general.count > 1 || general.first !== worker
    {
      return try deliver(.workerLeaving(worker.index))
    }
    guard workers.count < 40 else { return }
    if role == .encoder, scheduler.laneLimit < memory.laneCapacity {
      try deliver(.room(lanes: scheduler.laneLimit + 1))
    }
    coming.append((role, random.int(0...20)))
  }

  /// It was told to go, and all that it had said is heard.
  func leave(_ worker: SimulatedWorker) throws {
    if worker.role != .decoder, worker.canWork { throw Violation("a worker is dismissed with work left") }
    for event in worker.outbox { try deliver(event) }
    workers.removeAll { $0 === worker }
    doomed.removeAll { $0 === worker }
    for slot in worker.writing { content[slot] = .garbage(random.next()) }
    justDied.insert(worker.index)
    try deliver(.workerDied(worker.index, cause: .exit(0)))
  }

  /// One worker takes all filters, so that the run can end; others may take one.
  private func filterToServe() -> UInt64 {
    let isServed = workers.contains { ($0 as? SimulatedFilter)?.serves == 0 && !scheduler.run.roster.leaving.contains($0.index) }
    guard isServed, random.chance(60) else { return 0 }
    return WorkerEffect.key(of: ["invert", "blur"].randomElement(using: &random) ?? "invert")
  }

  /// What the dead said before is heard in part before its death is known, lost, or heard later.
  func die(_ worker: SimulatedWorker, _ cause: WorkerEnd) throws {
    let heard = random.int(0...worker.outbox.count)
    for event in worker.outbox[..<heard] { try deliver(event) }
    for event in worker.outbox[heard...] where random.chance(50) { late.append((event, random.int(0...300))) }
    workers.removeAll { $0 === worker }
    doomed.removeAll { $0 === worker }
    for slot in worker.writing { content[slot] = .garbage(random.next()) }
    justDied.insert(worker.index)
    // The last one of its role that was to go is replaced all the same.
    let wasLeaving =
      scheduler.run.roster.leaving.contains(worker.index)
      && (workers.contains { $0.role == worker.role && !scheduler.run.roster.leaving.contains($0.index) }
        || coming.contains { $0.role == worker.role })
    try deliver(.workerDied(worker.index, cause: cause))
    if !wasLeaving { coming.append((worker.role, random.int(0...200))) }
  }

  /// Its picture ended it. What is quarantined must be so, and the run's patience with the decoder must not end before.
  func poisoned(_ worker: SimulatedWorker) throws {
    let known = quarantines
    try die(worker, .signal(SIGSEGV))
    decoderDeaths = quarantines > known ? 0 : decoderDeaths + 1
    guard options.decoders > 1 || options.visits > 0 || decoderDeaths <= scheduler.run.setup.faultLimits.decoder else {
      throw Violation("\(decoderDeaths) deaths in a row, and nothing is quarantined\n\(picture)")
    }
    for (record, frame) in scheduler.decoding.quarantined {
      guard let bad = truth.poison[record], frame <= bad else { throw Violation("stream \(record) was quarantined wrongly") }
      truth.heldFrom[record] = min(frame, truth.heldFrom[record] ?? .max)
    }
  }

  /// Pieces of work that were quarantined, by actions that are carried out and by those that wait for it.
  private var quarantines: Int {
    quarantinesDone + scheduler.run.out.actions.count { if case .quarantined = $0 { true } else { false } }
  }

  /// Somebody ends the decoder whenever it is at a certain picture, so and so often. The picture has nothing to do with it.
  func isKilledFromOutside(_ worker: SimulatedWorker, at record: Int, _ frames: Range<Int64>) throws -> Bool {
    guard let place = killsFromOutside[record], place.left > 0, frames.contains(place.frame) else { return false }
    killsFromOutside[record]?.left -= 1
    try die(worker, .signal([SIGKILL, SIGTERM, SIGINT, SIGHUP].randomElement(using: &random) ?? SIGKILL))
    return true
  }

  func deliver(_ event: SchedulerEvent) throws {
    events += 1
    if case .published = event { decoderDeaths = 0 }
    scheduler.handle(event)
    deliveredSinceAdvance += 1
    if deliveredSinceAdvance >= batch { try advance() }
  }

  private func advance() throws {
    deliveredSinceAdvance = 0
    let known = justDied
    scheduler.advance()
    _ = scheduler.takeChangedSlots()
    let actions = scheduler.takeActions()
    for action in actions { try perform(action) }
    justDied.subtract(known)
    try checkBounds()
    if events & 15 == 0 { try checkLedger() }
  }

  private func perform(_ action: SchedulerAction) throws {
    switch action {
    case .open(let worker, _, _, _, _), .deny(let worker, _), .grant(let worker, _, _, _), .close(let worker, _),
      .render(let worker, _, _, _, _, _, _), .begin(let worker, _), .encode(let worker, _, _, _), .finish(let worker, _),
      .dismiss(let worker), .filter(let worker, _, _, _, _, _, _), .fillSound(let worker, _, _, _), .beginSound(let worker, _),
      .encodeSound(let worker, _, _, _), .finishSound(let worker, _):
      guard let worker = workers.first(where: { $0.index == worker }) else {
        // Decided before its death was known: it goes to nobody.
        if justDied.contains(worker) { return }
        throw Violation("work for a dead worker: \(action)")
      }
      worker.inbox.append(action)
    case .kill(let index, _):
      // Late words of the dead may make no sense either.
      if let worker = workers.first(where: { $0.index == index }) {
        if !worker.lied { throw Violation("an honest worker is ended: \(action)") }
        if !doomed.contains(where: { $0 === worker }) { doomed.append(worker) }
      }
    case .segmentDone(let segment, _):
      guard written.insert(segment.index).inserted else { throw Violation("segment \(segment.index) is done twice") }
    case .soundDone:
      guard !soundIsDone else { throw Violation("the sound is done twice") }
      soundIsDone = true
    case .quarantined:
      quarantinesDone += 1
      guard options.poison else { throw Violation("something is quarantined although nothing is at fault") }
    case .warn: break
    case .fail(let text, _): throw Violation("the run fails: \(text)")
    }
  }

  private func checkBounds() throws {
    for index in scheduler.run.lanes.indices {
      let lane = scheduler.run.lanes[index]
      guard lane.window.count <= scheduler.run.setup.outputSlotsPerLane + scheduler.run.setup.encodeCredit else {
        throw Violation("window of \(lane.window.count)")
      }
      guard (0...scheduler.run.setup.outputSlotsPerLane).contains(scheduler.run.slots.outputSlots[index]) else {
        throw Violation("\(scheduler.run.slots.outputSlots[index]) output slots in a lane")
      }
      guard (0...scheduler.run.setup.encodeCredit).contains(lane.encoding) else { throw Violation("encoding \(lane.encoding)") }
    }
    var load: [Int: Int] = [:]
    for case let job? in scheduler.composing.jobs { if let worker = job.worker { load[worker, default: 0] += 1 } }
    for worker in scheduler.filtering.workers where scheduler.filtering.load(of: worker.index) > worker.credit {
      throw Violation("a filter worker has too many jobs")
    }
    guard load.values.allSatisfy({ $0 <= scheduler.run.setup.renderCredit }) else {
      throw Violation("a renderer has too many jobs")
    }
  }

  func checkLedger() throws {
    let ledger = scheduler.ledger
    var busy = 0
    for slot in ledger.slots.indices {
      let entry = ledger.slots[slot]
      switch entry.state {
      case .free:
        guard entry.holders == 0 else { throw Violation("slot \(slot) is free while it is held") }
      case .granted:
        busy += 1
        guard entry.holders == 0 else { throw Violation("slot \(slot) is granted while it is held") }
      case .ready:
        busy += 1
        guard entry.holders != 0 else { throw Violation("slot \(slot) is ready, and nobody holds it") }
      }
    }
    let free = scheduler.run.setup.rings.indices.reduce(0) { $0 + ledger.freeCount(ring: $1) }
    guard busy == ledger.inUse, busy + free == ledger.activeCount else { throw Violation("slots are not conserved") }
    var owned: [UInt32: Int] = [:]
    for entry in ledger.slots where entry.state != .free && SlotAccounts.isStream(entry.stream) {
      owned[entry.stream, default: 0] += 1
    }
    for use in scheduler.run.slots.uses.values {
      guard use.owned == owned[use.handle] ?? 0, use.owned <= use.quota + use.extra + memory.encoderKeeps else {
        throw Violation(
          "stream \(use.handle) counts \(use.owned) slots, the ledger \(owned[use.handle] ?? 0), quota \(use.quota)")
      }
    }
  }

  private func checkEnd() throws {
    try checkLedger()
    guard scheduler.takeActions().isEmpty else { throw Violation("actions are left") }
    guard scheduler.ledger.inUse == 0 else {
      throw Violation("\(scheduler.ledger.inUse) slots are not free at the end\n\(picture)")
    }
    let filtering = scheduler.filtering
    guard filtering.jobs.isEmpty, scheduler.run.slots.filtered.isEmpty, filtering.memos.isEmpty else {
      throw Violation("filter jobs or slots are left at the end")
    }
    guard scheduler.run.slots.uses.isEmpty, scheduler.run.slots.open.isEmpty else {
      throw Violation("streams are left at the end\n\(picture)")
    }
    guard options.poison || options.failingSources || !scheduler.hasHeld else {
      throw Violation("a frame is held without a fault")
    }
    guard scheduler.composing.jobs.allSatisfy({ $0 == nil }) else { throw Violation("jobs are left at the end") }
    if let sound = options.sound,
      !scheduler.sound.map({ $0.isSent && $0.window.isEmpty && $0.encoding == 0 })!
        || soundIsDone != (sound != .lane)
    {
      throw Violation("the sound is not done")
    }
    guard written.count == segmentTotal else { throw Violation("\(written.count) of \(segmentTotal) segments were written") }
    guard scheduler.counts.framesEncoded == frameTotal else {
      throw Violation("\(scheduler.counts.framesEncoded) of \(frameTotal) frames were counted")
    }
  }

  /// The generation that a worker was told is the slot's present one.
  func isPresent(_ slot: Int, _ generation: UInt32) -> Bool { scheduler.ledger[slot].generation == generation }

  /// State for the message about a failure.
  var picture: String {
    var text = options.description + ", look-ahead \(memory.lookAhead), rings \(memory.rings.map(\.slotCount))\n"
    for index in scheduler.run.lanes.indices {
      let lane = scheduler.run.lanes[index]
      text += "lane \(index): compose \(lane.nextCompose) of \(lane.end), encode \(lane.nextEncode), "
      text += "encoder \(lane.encoder ?? -1), window \(lane.window.map { "\($0.number)\($0.ready ? "" : "?")" }), "
      text +=
        "output slots \(scheduler.run.slots.outputSlots[index]), next stream \(lane.nextStream), writing \(lane.writing.map(\.index))\n"
    }
    for use in scheduler.run.slots.uses.values.sorted(by: { $0.handle < $1.handle }) {
      text += "stream \(use.record) lane \(use.lane ?? -1) frames \(use.frames) next \(use.next) owned \(use.owned)/\(use.quota)"
      text += " worker \(use.worker ?? -1)\(use.ended ? " ended" : "")\(use.closing ? " closing" : "")"
      text += "\(use.parking ? " parking" : "")\(use.failed ? " failed" : "") ready \(use.deliveries.map(\.frames))\n"
    }
    for (slot, entry) in scheduler.ledger.slots.enumerated() where entry.state != .free {
      text += "slot \(slot) ring \(entry.ring) \(entry.state) owner \(entry.owner) "
      text += "holders \(String(entry.holders, radix: 16)) frame \(entry.frame) stream \(entry.stream)\n"
    }
    text += "filter jobs \(scheduler.filtering.jobs.values.map { "\($0.place) \($0.frame)" }), "
    text += "memos \(scheduler.filtering.memos.count)\n"
    text += "\(scheduler.run.faults), tried \(scheduler.decoding.trial.map { "\($0)" } ?? "none"), poison \(truth.poison)\n"
    text += "records \(truth.records.map { "\($0.firstFrame)..<\($0.endFrame)\($0.isStill ? "s" : "")×\($0.slots)" })\n"
    text += "workers \(workers.map { "\($0.index) role \($0.role)" })"
    return text
  }
}
