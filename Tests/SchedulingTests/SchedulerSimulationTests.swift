import CSchema
import Foundation
import FrameModel
import Plan
import SluiceBase
import TestKit
import Testing
import Timeline
import TimelineTestKit

@testable import Scheduling

/// The scheduler against simulated workers, by the million events; see Simulation/World.swift.
@Suite struct SchedulerSimulationTests {
  /// Runs worlds with seeds from `first` on until `events` events were handled; the seed of a failure is in its text.
  private func simulate(_ first: UInt64, events: Int, _ set: (inout WorldOptions, inout TestRandom) -> Void) throws {
    var handled = 0
    // SLUICE_SIMULATION_SCALE=10 runs ten times as many.
    let events = events * (ProcessInfo.processInfo.environment["SLUICE_SIMULATION_SCALE"].flatMap { Int($0) } ?? 1)
    // A failure names its seed; SLUICE_SIMULATION_SKIP goes on to others.
    var seed = first + (ProcessInfo.processInfo.environment["SLUICE_SIMULATION_SKIP"].flatMap { UInt64($0) } ?? 0)
    while handled < events {
      handled += try world(seed, set)
      seed += 1
    }
  }

  private func world(_ seed: UInt64, _ set: (inout WorldOptions, inout TestRandom) -> Void) throws -> Int {
    var random = TestRandom(seed)
    var options = WorldOptions()
    options.lanes = random.int(1...4)
    options.decoders = random.int(1...3)
    options.renderers = random.int(1...3)
    set(&options, &random)
    let media = RandomTimeline.media(&random)
    var project = RandomTimeline.project(&random)
    if options.filters > 0 { RandomTimeline.filters(&project, &random) }
    var output = OutputSettings()
    // One that copies its input, and two that keep references.
    output.codec = ["libx264", "mpeg4", "prores_ks"].randomElement(using: &random) ?? "libx264"
    output.threads = random.int(1...2)
    let plan = try PlanCompiler.compile(project, media: media, settings: output, decodeThreads: random.int(1...2))
    let truth = try #require(Truth(plan), "seed \(seed): the plan is not valid")
    if options.failingSources {
      for record in truth.records.indices where random.chance(40) {
        let entry = truth.records[record]
        truth.failsAt[record] =
          entry.isStill || random.chance(30)
          ? entry.firstFrame : Int64.random(in: entry.firstFrame...entry.endFrame, using: &random)
      }
    }
    if options.poison {
      for _ in 0..<random.int(1...2) {
        guard let record = truth.records.indices.randomElement(using: &random) else { break }
        let entry = truth.records[record]
        truth.poison[record] = Int64.random(in: entry.firstFrame...max(entry.firstFrame, entry.endFrame - 1), using: &random)
      }
    }
    func make(_ budget: UInt64) throws(SluiceError) -> MemoryPlan {
      try MemoryPlan.make(
        plan: truth.plan, budget: budget, decoders: options.decoders, renderers: options.renderers, lanes: options.lanes,
        segmented: true)
    }
    var memory = try make(1 << 40)
    // Some under a tight budget: no running ahead, then no look-ahead.
    for _ in 0..<random.int(0...2) {
      if let tight = try? make(memory.bytes - 1), tight.lanes == memory.lanes { memory = tight }
    }
    if let destination = options.sound {
      var sound = SoundPlan()
      sound.frames = Int64(random.int(1...60) * 8192 - random.int(0...8000))
      // As long as the pictures, more or less.
      if destination == .output { memory = .nothing }
      memory = memory.adding(SoundSizing(sound, destination: destination, credit: random.int(1...6)))
    }
    let world = World(truth: truth, options: options, memory: memory, seed: seed)
    do {
      try world.run()
    } catch {
      Issue.record("seed \(seed): \(error)\n\(options.description)")
      throw error
    }
    return world.events
  }

  @Test func honestWorkersFinishEveryTimeline() throws { try simulate(1, events: 20_000) { _, _ in } }

  @Test func deathsCostTimeAndNothingElse() throws {
    try simulate(100_000, events: 25_000) { options, random in options.deaths = [2, 10, 40].randomElement(using: &random) ?? 2 }
  }

  /// Filters on clips and on the whole frame, with deaths, lies, failing sources, attach and detach.
  @Test func filtersChangeEveryPictureOnce() throws {
    try simulate(500_000, events: 25_000) { options, random in
      options.filters = random.int(1...3)
      switch random.int(0...3) {
      case 0: break
      case 1: options.deaths = [2, 10, 40].randomElement(using: &random) ?? 2
      case 2:
        options.nonsense = random.int(2...20)
        options.failingSources = random.chance(50)
      default:
        options.visits = random.int(2...30)
        options.deaths = random.int(0...20)
      }
    }
  }

  /// Sound into a segment of its own, into an output of its own, and into one with the pictures.
  @Test func soundGoesWhereItBelongs() throws {
    try simulate(600_000, events: 20_000) { options, random in
      options.sound = [.segment, .output, .lane].randomElement(using: &random)
      if options.sound == .lane { options.lanes = 1 }
      if options.sound != .segment { options.renderers = max(1, options.renderers) }
      switch random.int(0...3) {
      case 0: break
      case 1: options.deaths = [2, 10, 40].randomElement(using: &random) ?? 2
      case 2:
        options.nonsense = random.int(2...20)
        options.deaths = random.int(0...10)
      default:
        guard options.sound == .segment else { break }
        options.visits = random.int(2...30)
        options.stored = random.chance(50) ? 0 : random.int(5...90)
      }
    }
  }

  /// Attach and detach, beside deaths; and runs of which a part is there already.
  @Test func workersComeAndGo() throws {
    try simulate(400_000, events: 25_000) { options, random in
      options.visits = random.int(2...30)
      options.deaths = random.chance(50) ? 0 : random.int(1...20)
      options.stored = random.chance(50) ? 0 : random.int(5...90)
    }
  }

  @Test func nonsenseEndsTheWorkerAndNothingElse() throws {
    try simulate(200_000, events: 20_000) { options, random in
      options.nonsense = random.int(2...20)
      options.deaths = random.int(0...10)
    }
  }

  @Test func failingSourcesHoldTheLastGoodPicture() throws {
    try simulate(300_000, events: 20_000) { options, random in
      options.failingSources = true
      options.deaths = random.int(0...10)
    }
  }

  /// Decoders that somebody ends thirty times at the same picture: nothing is at fault, and nothing is quarantined.
  @Test func killsFromOutsideBlameNobody() throws {
    try simulate(800_000, events: 25_000) { options, random in
      options.killsFromOutside = 30
      options.deaths = 0
      options.poison = random.chance(30)
    }
  }

  /// Pictures that end their decoders again and again: only their streams are quarantined, whatever else was under way.
  @Test func poisonIsFoundWhereItIs() throws {
    try simulate(700_000, events: 25_000) { options, random in
      options.poison = true
      options.visits = random.chance(30) ? random.int(2...30) : 0
    }
  }
}
