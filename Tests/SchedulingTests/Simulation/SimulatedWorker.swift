import CSchema
import FrameModel
import Plan
import SlotLedger
import TestKit
import Timeline
import TimelineTestKit

@testable import Scheduling

/// A worker of the simulation. It is told by its inbox and tells by its outbox, each in order, as on the bus.
class SimulatedWorker {
  let index: Int
  let role: WorkerRole
  /// How often it is its turn.
  let speed: Int
  var inbox: [SchedulerAction] = []
  var outbox: [SchedulerEvent] = []
  /// It has told nonsense: what it does from then on is held to nothing, and it will be ended.
  var lied = false
  var writing: Set<Int> = []
  private var said: [SchedulerEvent] = []

  init(_ index: Int, _ role: WorkerRole, _ random: inout TestRandom) {
    self.index = index
    self.role = role
    speed = [1, 3, 10, 40].randomElement(using: &random) ?? 1
  }

  var canWork: Bool { false }
  func take(_ action: SchedulerAction, _ world: World) throws {}
  func work(_ world: World) throws {}
  func lie(_ world: World) -> SchedulerEvent? { nil }

  var canAct: Bool { !inbox.isEmpty || !outbox.isEmpty || canWork }

  /// One thing: a message arrives, or is taken, or some work is done.
  func act(_ world: World) throws -> SchedulerEvent? {
    var choices: [Int] = []
    if !inbox.isEmpty { choices.append(0) }
    if !outbox.isEmpty { choices.append(1) }
    if canWork { choices.append(2) }
    switch choices.randomElement(using: &world.random) {
    case 0:
      let action = inbox.removeFirst()
      if case .dismiss = action { try world.leave(self) } else { try take(action, world) }
    case 1:
      let event = outbox.removeFirst()
      if isRepeatable(event) {
        said.append(event)
        if said.count > 8 { said.removeFirst() }
      }
      return event
    case 2: try work(world)
    default: break
    }
    return nil
  }

  /// A RELEASE of an encoder counts uses, so saying it again is a lie; the others name one thing.
  private func isRepeatable(_ event: SchedulerEvent) -> Bool {
    if case .encoderReleased = event { return false }
    return true
  }

  /// A message of the past again, or one that cannot be.
  func nonsense(_ world: World) -> SchedulerEvent? {
    if world.random.chance(50), let event = said.randomElement(using: &world.random) {
      switch event {
      case .published, .segmentWritten, .soundWritten: lied = true
      default: break
      }
      return event
    }
    return lie(world)
  }

  func fault(_ text: String, _ world: World) throws {
    if !lied { throw Violation("worker \(index): \(text)\n\(world.picture)") }
  }
}

/// Draws a job's frame: looks at its inputs when it begins and when it ends.
final class SimulatedRenderer: SimulatedWorker {
  private struct Job {
    var index: Int
    var frame: Int64
    var slot: Int
    var generation: UInt32
    var inputs: [sluice_input]
    var seen: [Content]
  }
  private var jobs: [Job] = []
  override var canWork: Bool { !jobs.isEmpty }

  private func pictures(_ job: Job, _ world: World) throws -> [UInt64?] {
    try world.truth.layers[Int(job.frame)].filter { $0.stream >= 0 }.map { layer in
      guard let input = job.inputs.first(where: { $0.stream == UInt32(layer.stream) }) else {
        throw Violation("job for frame \(job.frame) lacks an input for stream \(layer.stream)")
      }
      var picture: UInt64?
      if input.slot != UInt32(SLUICE_NO_SLOT) {
        guard world.isPresent(Int(input.slot), input.generation) else {
          throw Violation("input slot \(input.slot) of frame \(job.frame) was granted again while it was read")
        }
        let content = try world.unfiltered(
          world.content[Int(input.slot)], world.truth.filters(layer.stream), frame: job.frame)
        guard case .picture(let held) = content else {
          throw Violation("input slot \(input.slot) of frame \(job.frame) holds \(world.content[Int(input.slot)])")
        }
        picture = held
      }
      guard world.truth.allows(picture, record: layer.stream, frame: job.frame) else {
        throw Violation(
          "frame \(job.frame) is drawn from a wrong picture of stream \(layer.stream): \(picture.map { "\($0)" } ?? "none"), "
            + "poisoned \(world.truth.poison), given up \(world.truth.heldFrom)\n\(world.picture)")
      }
      return picture
    }
  }

  override func take(_ action: SchedulerAction, _ world: World) throws {
    guard case .render(_, let index, _, let frame, let slot, let generation, let inputs) = action else { return }
    let job = Job(index: index, frame: frame, slot: slot, generation: generation, inputs: inputs, seen: [])
    _ = try pictures(job, world)
    try checkOwner(job, world)
    world.content[slot] = .garbage(world.random.next())
    writing.insert(slot)
    jobs.append(job)
  }

  private func checkOwner(_ job: Job, _ world: World) throws {
    let entry = world.scheduler.ledger[job.slot]
    guard entry.generation == job.generation, entry.state == .granted, Int(entry.owner) == index else {
      return try fault("writes slot \(job.slot), which is not granted to it", world)
    }
  }

  override func work(_ world: World) throws {
    let job = jobs.remove(at: world.random.chance(70) ? 0 : world.random.int(0...jobs.count - 1))
    writing.remove(job.slot)
    try checkOwner(job, world)
    world.content[job.slot] = .composite(frame: job.frame, try pictures(job, world))
    world.headers.of[job.slot] = FrameDescription(format: .yuv420p, width: RandomTimeline.width, height: RandomTimeline.height)
    world.headers.of[job.slot]?.number = job.frame
    if world.deathsLeft > 0, world.options.nonsense > 0, world.random.chance(1) {
      world.headers.of[job.slot] = nil
      lied = true
    }
    outbox.append(.rendered(worker: index, job: job.index, slot: job.slot, generation: job.generation))
  }

  override func lie(_ world: World) -> SchedulerEvent? {
    switch world.random.int(0...3) {
    case 0:
      lied = true
      return .rendered(worker: index, job: world.random.chance(50) ? -1 : 1 << 20, slot: 0, generation: 1)
    case 1: return .rendered(worker: index, job: 0, slot: world.random.chance(50) ? -5 : 1 << 30, generation: 1)
    case 2: return .rendered(worker: index, job: world.random.int(0...5), slot: 1, generation: 0)
    default: return .streamEnded(worker: index, handle: UInt32(world.random.int(1...20)))
    }
  }
}

/// Takes frames in order, and lets go of them some frames later.
final class SimulatedEncoder: SimulatedWorker {
  private struct Held {
    var frame: Int64
    var slot: Int
    var generation: UInt32
    var content: Content
  }
  private var segment: Segment?
  private var next: Int64 = 0
  private var queue: [Held] = []
  private var held: [Held] = []
  private var finishing: Segment?
  private var todo: [SchedulerAction] = []
  private let delay: Int
  private var sound = SoundTaking()

  init(_ index: Int, _ role: WorkerRole, keeps: Int, _ random: inout TestRandom) {
    delay = random.int(0...keeps)
    super.init(index, role, &random)
  }

  override var canWork: Bool { finishing != nil || held.count > delay || !todo.isEmpty || !sound.isEmpty }

  override func take(_ action: SchedulerAction, _ world: World) throws { todo.append(action) }

  override func work(_ world: World) throws {
    if !sound.isEmpty, world.random.chance(50) { return outbox.append(try sound.letGo(index, world)) }
    if held.count > delay || (finishing != nil && !held.isEmpty) {
      return try letGo(held.removeFirst(), world)
    }
    if let finished = finishing {
      guard next == finished.frames.upperBound else { throw Violation("segment \(finished.index) ends at frame \(next)") }
      if world.memory.sound?.destination == .lane {
        guard sound.isEmpty else { return outbox.append(try sound.letGo(index, world)) }
        try sound.checkEnd(world)
      }
      outbox.append(.segmentWritten(worker: index, segment: finished.index, bytes: 1))
      finishing = nil
      segment = nil
      return
    }
    guard !todo.isEmpty else { return }
    switch todo.removeFirst() {
    case .begin(_, let begun):
      guard segment == nil else { throw Violation("a segment begins within another") }
      segment = begun
      next = begun.frames.lowerBound
    case .encode(_, let frame, let slot, let generation):
      guard segment?.frames.contains(frame) == true, frame == next else {
        throw Violation("frame \(frame) comes to the encoder, \(next) is due")
      }
      next += 1
      let entry = Held(frame: frame, slot: slot, generation: generation, content: world.content[slot])
      try check(entry, world)
      held.append(entry)
    case .encodeSound(_, let slot, let generation, let block): try sound.take(slot, generation, block, world)
    case .finish(_, let finished):
      guard segment == finished else { throw Violation("segment \(finished.index) is finished out of turn") }
      finishing = finished
    default: break
    }
  }

  private func letGo(_ entry: Held, _ world: World) throws {
    try check(entry, world)
    if let index = held.firstIndex(where: { $0.slot == entry.slot }), world.random.chance(30) {
      let other = held.remove(at: index)
      try check(other, world)
      outbox.append(.encoderReleased(worker: self.index, slot: entry.slot, generation: entry.generation, count: 2))
    } else {
      outbox.append(.encoderReleased(worker: index, slot: entry.slot, generation: entry.generation, count: 1))
    }
  }

  /// The slot holds the right frame, and nobody else got it.
  private func check(_ entry: Held, _ world: World) throws {
    guard world.isPresent(entry.slot, entry.generation), world.content[entry.slot] == entry.content else {
      return try fault("slot \(entry.slot) of frame \(entry.frame) was granted again while it was encoded", world)
    }
    let layers = world.truth.layers[Int(entry.frame)]
    let content = try world.unfiltered(entry.content, world.truth.filters(of: entry.content, layers), frame: entry.frame)
    switch content {
    case .picture(let picture):
      guard layers.count == 1, layers[0].stream >= 0,
        world.truth.allows(picture, record: layers[0].stream, frame: entry.frame),
        let header = world.headers.of[entry.slot], layers[0].isIdentity(of: header, canvas: world.truth.plan.canvas)
      else {
        throw Violation(
          "frame \(entry.frame) is the wrong picture: slot \(entry.slot), \(entry.content), layers \(layers), "
            + "header \(String(describing: world.headers.of[entry.slot]))\n\(world.picture)")
      }
    case .composite(let frame, let pictures):
      guard frame == entry.frame || layers == world.truth.layers[Int(frame)] else {
        throw Violation("frame \(entry.frame) is what was drawn for \(frame)")
      }
      for (layer, picture) in zip(layers.filter({ $0.stream >= 0 }), pictures)
      where !world.truth.allows(picture, record: layer.stream, frame: entry.frame) {
        throw Violation("frame \(entry.frame), drawn for \(frame), shows a wrong picture of stream \(layer.stream)")
      }
    case .nothing, .garbage, .filtered, .sound:
      throw Violation("frame \(entry.frame) in slot \(entry.slot) is \(entry.content)\n\(world.picture)")
    }
  }

  override func lie(_ world: World) -> SchedulerEvent? {
    lied = true
    switch world.random.int(0...3) {
    case 0: return .encoderReleased(worker: index, slot: world.random.chance(50) ? -1 : 1 << 30, generation: 1, count: 1)
    case 1: return .segmentWritten(worker: index, segment: 1 << 20, bytes: 0)
    case 2:
      let slot = world.random.int(0...world.content.count - 1)
      return .encoderReleased(worker: index, slot: slot, generation: world.scheduler.ledger[slot].generation, count: 100)
    default: return .encoderReleased(worker: index, slot: 0, generation: 0, count: -1)
    }
  }
}
