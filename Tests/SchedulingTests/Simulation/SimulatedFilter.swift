import CSchema
import FrameModel
import SlotLedger
import TestKit
import Timeline

@testable import Scheduling

/// Filters pictures: looks at its input when it begins and when it ends.
final class SimulatedFilter: SimulatedWorker {
  private struct Job {
    var index: UInt32
    var filter: Int
    var frame: Int64
    var input: (slot: Int, generation: UInt32)
    var output: (slot: Int, generation: UInt32)
    var seen: Content
  }
  private var jobs: [Job] = []
  /// 0: any filter.
  let serves: UInt64

  init(_ index: Int, _ role: WorkerRole, serves: UInt64, _ random: inout TestRandom) {
    self.serves = serves
    super.init(index, role, &random)
  }

  override var canWork: Bool { !jobs.isEmpty }

  override func take(_ action: SchedulerAction, _ world: World) throws {
    guard case .filter(_, let index, let filter, _, let frame, let input, let output) = action else { return }
    guard serves == 0 || world.truth.plan.filter(filter).key == serves else {
      throw Violation("worker \(self.index) gets a picture for filter \(filter), which it does not serve")
    }
    let job = Job(index: index, filter: filter, frame: frame, input: input, output: output, seen: world.content[input.slot])
    try check(job, world)
    world.content[output.slot] = .garbage(world.random.next())
    writing.insert(output.slot)
    jobs.append(job)
  }

  private func check(_ job: Job, _ world: World) throws {
    let input = world.scheduler.ledger[job.input.slot]
    guard world.isPresent(job.input.slot, job.input.generation), input.state == .ready, world.content[job.input.slot] == job.seen
    else { throw Violation("slot \(job.input.slot) was granted again while a filter read it") }
    let entry = world.scheduler.ledger[job.output.slot]
    guard entry.generation == job.output.generation, entry.state == .granted, Int(entry.owner) == index else {
      return try fault("filters into slot \(job.output.slot), which is not granted to it", world)
    }
  }

  override func work(_ world: World) throws {
    let job = jobs.remove(at: world.random.chance(70) ? 0 : world.random.int(0...jobs.count - 1))
    writing.remove(job.output.slot)
    try check(job, world)
    let everyFrame = world.truth.plan.filter(job.filter).everyFrame
    world.content[job.output.slot] = .filtered(job.filter, frame: everyFrame ? job.frame : nil, job.seen)
    world.headers.of[job.output.slot] = world.headers.of[job.input.slot]
    if world.deathsLeft > 0, world.options.nonsense > 0, world.random.chance(2) {
      world.headers.of[job.output.slot]?.width += world.random.chance(50) ? 2 : 0
      if world.headers.of[job.output.slot] == world.headers.of[job.input.slot] { world.headers.of[job.output.slot] = nil }
      lied = true
    }
    outbox.append(
      .filtered(worker: index, job: job.index, slot: job.output.slot, generation: job.output.generation))
  }

  override func lie(_ world: World) -> SchedulerEvent? {
    switch world.random.int(0...3) {
    case 0: return .filtered(worker: index, job: UInt32.max, slot: 0, generation: 1)
    case 1: return .filtered(worker: index, job: UInt32(world.random.int(0...9)), slot: 1 << 30, generation: 1)
    case 2:
      lied = true
      return .filterReady(index, serves: 0, credit: 9)
    default: return .rendered(worker: index, job: 0, slot: 0, generation: 0)
    }
  }
}

extension World {
  /// What lies under the filters that the picture must have gone through for `frame`.
  func unfiltered(_ content: Content, _ filters: some BidirectionalCollection<Int>, frame: Int64) throws -> Content {
    var content = content
    for filter in filters.reversed() {
      guard case .filtered(let index, let at, let inner) = content, sameFilter(index, filter) else {
        throw Violation("a picture for frame \(frame) did not go through filter \(filter): \(content)")
      }
      if truth.plan.filter(filter).everyFrame, at != frame, !options.failingSources {
        throw Violation("frame \(frame) shows what a filter made for frame \(at ?? -1)")
      }
      content = inner
    }
    if case .filtered = content { throw Violation("a picture for frame \(frame) went through too many filters") }
    return content
  }

  private func sameFilter(_ a: Int, _ b: Int) -> Bool { truth.plan.filter(a) == truth.plan.filter(b) }
}
