import FrameModel
import Plan
import SlotLedger

@testable import Scheduling

/// Mixes blocks, in order.
final class SimulatedMixer: SimulatedWorker {
  private var jobs: [(slot: Int, generation: UInt32, block: Int64)] = []
  override var canWork: Bool { !jobs.isEmpty }

  override func take(_ action: SchedulerAction, _ world: World) throws {
    guard case .fillSound(_, let slot, let generation, let block) = action else { return }
    try checkOwner(slot, generation, world)
    world.content[slot] = .garbage(world.random.next())
    writing.insert(slot)
    jobs.append((slot, generation, block))
  }

  private func checkOwner(_ slot: Int, _ generation: UInt32, _ world: World) throws {
    let entry = world.scheduler.ledger[slot]
    guard entry.generation == generation, entry.state == .granted, Int(entry.owner) == index else {
      return try fault("writes slot \(slot), which is not granted to it", world)
    }
  }

  override func work(_ world: World) throws {
    let job = jobs.removeFirst()
    writing.remove(job.slot)
    try checkOwner(job.slot, job.generation, world)
    world.content[job.slot] = .sound(job.block)
    var header: SoundBlock? = SoundBlock(number: job.block, count: 100, channels: 2, sampleRate: 48000)
    if world.deathsLeft > 0, world.options.nonsense > 0, world.random.chance(2) {
      header = nil
      lied = true
    }
    outbox.append(.soundFilled(worker: index, slot: job.slot, generation: job.generation, header: header))
  }

  override func lie(_ world: World) -> SchedulerEvent? {
    let slot = world.random.chance(50) ? world.random.int(0...world.content.count - 1) : -3
    return .soundFilled(worker: index, slot: slot, generation: 0, header: nil)
  }
}

/// What an encoder does with sound: takes blocks in order, and lets go of them some blocks later.
struct SoundTaking {
  private var next: Int64 = 0
  private var held: [(slot: Int, generation: UInt32, block: Int64)] = []
  var isEmpty: Bool { held.isEmpty }

  mutating func take(_ slot: Int, _ generation: UInt32, _ block: Int64, _ world: World) throws {
    guard block == next else { throw Violation("block \(block) comes to the encoder, \(next) is due") }
    next += 1
    held.append((slot, generation, block))
    try check(held[held.count - 1], world)
  }

  private func check(_ entry: (slot: Int, generation: UInt32, block: Int64), _ world: World) throws {
    guard world.isPresent(entry.slot, entry.generation), world.content[entry.slot] == .sound(entry.block) else {
      throw Violation("slot \(entry.slot) of block \(entry.block) holds \(world.content[entry.slot]) while it is encoded")
    }
  }

  mutating func letGo(_ worker: Int, _ world: World) throws -> SchedulerEvent {
    let entry = held.removeFirst()
    try check(entry, world)
    return .encoderReleased(worker: worker, slot: entry.slot, generation: entry.generation, count: 1)
  }

  func checkEnd(_ world: World) throws {
    guard next == world.memory.sound?.blocks ?? 0 else { throw Violation("the sound ends at block \(next)") }
  }
}

/// Of the sound alone.
final class SimulatedSoundEncoder: SimulatedWorker {
  private var todo: [SchedulerAction] = []
  private var sound: SoundTaking? = nil
  private var isFinishing = false
  override var canWork: Bool { !todo.isEmpty || isFinishing || sound?.isEmpty == false }

  override func take(_ action: SchedulerAction, _ world: World) throws { todo.append(action) }

  override func work(_ world: World) throws {
    if sound?.isEmpty == false, todo.isEmpty || world.random.chance(50) {
      if let event = try sound?.letGo(index, world) { outbox.append(event) }
      return
    }
    if isFinishing, sound?.isEmpty == true {
      try sound?.checkEnd(world)
      isFinishing = false
      outbox.append(.soundWritten(worker: index, bytes: 1))
      return
    }
    guard !todo.isEmpty else { return }
    switch todo.removeFirst() {
    case .beginSound:
      guard sound == nil else { throw Violation("the sound begins twice with one encoder") }
      sound = SoundTaking()
    case .encodeSound(_, let slot, let generation, let block): try sound?.take(slot, generation, block, world)
    case .finishSound: isFinishing = true
    default: break
    }
  }

  override func lie(_ world: World) -> SchedulerEvent? {
    lied = true
    let slot = world.random.int(0...world.content.count - 1)
    return world.random.chance(50)
      ? .encoderReleased(worker: index, slot: slot, generation: world.scheduler.ledger[slot].generation, count: 100)
      : .segmentWritten(worker: index, segment: 0, bytes: 0)
  }
}
