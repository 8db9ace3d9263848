import CSluice
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

/// Restarts, back-off, hangs and guests, with a simulated clock and spawner.
@Suite struct WorkerPoolTests {
  private static let exit1: Int32 = 1 << 8

  // MARK: restarts

  @Test func aWorkerThatDiesHasASuccessorAtOnce() throws {
    let world = SimulatedPool()
    let worker = try world.pool.start(WorkerOrder(role: .decoder, number: 3))
    try world.die(worker, SIGSEGV)
    #expect(world.spawner.started.count == 2 && world.pool.workers.count == 1 && world.pool.restarts == 1)
    let next = world.pool.workers[0]
    #expect(next.name == "decoder-3" && next.restarts == 1 && next.token != worker.token && next.isOurs)
    #expect(world.takeLines().first?.contains("decoder-3 ended with signal 11") == true)
    #expect(world.pool.retired.map(\.name) == ["decoder-3"])
  }

  /// Deaths without progress wait longer and longer; the role's `restarts` are the limit.
  @Test func theBackOffGrowsAndThePatienceEnds() throws {
    let world = SimulatedPool { $0.decoder.restarts = 5 }
    try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    var pauses: [Double] = []
    for _ in 0..<5 {
      let began = world.time.now
      try world.die(world.pool.workers[0], Self.exit1)
      while world.pool.workers.isEmpty {
        world.time.advance(10_000_000)
        try world.pool.startDue()
      }
      pauses.append(Double(world.time.now - began) / 1e9)
    }
    #expect(pauses == [0, 0.1, 0.4, 1.6, 5])
    let last = world.pool.workers[0]
    try world.attach(last)
    let error = #expect(throws: SluiceError.self) { try world.die(last, Self.exit1) }
    #expect(error?.code == .software && error?.what.contains("ended again and again, at last with exit status 1") == true)
  }

  @Test func oneThatNeverAttachedIsToldApart() throws {
    let world = SimulatedPool { $0.decoder.restarts = 1 }
    try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    try world.die(world.pool.workers[0], Self.exit1)
    let error = #expect(throws: SluiceError.self) { try world.die(world.pool.workers[0], Self.exit1) }
    #expect(error?.code == .unavailable)
  }

  @Test func progressBeginsTheCountAnew() throws {
    let world = SimulatedPool { $0.decoder.restarts = 1 }
    try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    for _ in 0..<50 { try world.die(world.pool.workers[0], Self.exit1, progressed: true) }
    #expect(world.pool.restarts == 50 && world.pool.workers[0].restarts == 50)
  }

  @Test func anEndThatIsExplainedBeginsTheCountAnew() throws {
    let world = SimulatedPool { $0.decoder.restarts = 1 }
    try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    for _ in 0..<10 {
      let worker = world.pool.workers[0]
      try world.attach(worker)
      world.process(worker).die(SIGSEGV)
      world.pool.remove(worker)
      world.pool.succeed(worker, world.pool.limits.end(of: worker), progressed: false)
      world.pool.explain(try #require(worker.index))
      try world.pool.settle()
    }
    #expect(world.pool.restarts == 10)
  }

  /// Kills from outside say nothing about the run: many more of them are made up for, and nobody is blamed.
  @Test func killsFromOutsideHaveALimitOfTheirOwn() throws {
    let world = SimulatedPool { $0.decoder.restarts = 3 }
    try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    func next() throws {
      while world.pool.workers.isEmpty {
        world.time.advance(10_000_000)
        try world.pool.startDue()
      }
    }
    for _ in 0..<EndsInRow.mostFromOutside {
      try world.die(world.pool.workers[0], SIGKILL)
      try next()
    }
    let error = #expect(throws: SluiceError.self) { try world.die(world.pool.workers[0], SIGKILL) }
    #expect(error?.what.contains("was ended from outside") == true)
  }

  @Test func withoutRestartsTheFirstEndIsTheLast() throws {
    for status in [SIGSEGV, SIGKILL, Self.exit1] {
      let world = SimulatedPool { $0.renderer.restarts = 0 }
      try world.pool.start(WorkerOrder(role: .renderer, number: 0))
      #expect(throws: SluiceError.self) { try world.die(world.pool.workers[0], status, progressed: true) }
    }
  }

  /// What is to be done after the end of a run is nothing.
  @Test func endsCanBeForgotten() throws {
    let world = SimulatedPool()
    let worker = try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    world.pool.remove(worker)
    world.pool.succeed(worker, .exit(1), progressed: false)
    world.pool.forgetEnds()
    try world.pool.settle()
    #expect(world.spawner.started.count == 1)
  }

  @Test func aProgramThatCannotBeStartedEndsTheRun() throws {
    let world = SimulatedPool()
    try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    world.spawner.refusal = SluiceError(.unavailable, "the worker program is missing")
    #expect(throws: SluiceError.self) { try world.die(world.pool.workers[0], SIGSEGV) }
  }

  // MARK: names and numbers

  @Test func noNameIsGivenTwice() throws {
    let world = SimulatedPool()
    var names: Set<String> = []
    for round in 0..<20 {
      let worker = try world.pool.startOneMore(.renderer, isExtra: round % 2 == 0)
      #expect(names.insert(worker.name).inserted)
      if round % 3 == 0 { world.pool.remove(worker) }
    }
    let guest = world.pool.admit(.renderer, SimulatedProcess(pid: 7))
    #expect(names.insert(guest.name).inserted && !guest.isOurs && guest.token == 0)
  }

  @Test func numbersGoRound() throws {
    let world = SimulatedPool(numbers: 3)
    var workers: [WorkerHandle] = []
    for _ in 0..<3 {
      let worker = try world.pool.startOneMore(.decoder)
      try world.attach(worker)
      workers.append(worker)
    }
    #expect(workers.map(\.index) == [0, 1, 2] && world.pool.takeNumber() == nil)
    world.pool.remove(workers[1])
    #expect(world.pool.takeNumber() == 1)
  }

  @Test func theLastOfARoleIsKnown() throws {
    let world = SimulatedPool()
    let first = try world.pool.startOneMore(.decoder)
    try world.attach(first)
    #expect(world.pool.isLast(first))
    let second = try world.pool.startOneMore(.decoder)
    #expect(world.pool.isLast(first), "one that is not ready does no work")
    try world.attach(second)
    #expect(!world.pool.isLast(first))
    second.isLeaving = true
    #expect(world.pool.isLast(first))
  }

  // MARK: hangs

  @Test func aHeartbeatThatStopsEndsTheWorker() throws {
    let world = SimulatedPool { $0.decoder.deadlineSeconds = 3 }
    let worker = try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    try world.attach(worker)
    for _ in 0..<100 {
      world.time.advance(100_000_000)
      world.beat(worker)
      try world.tick()
    }
    #expect(!world.process(worker).isKilled)
    for _ in 0..<30 {
      world.time.advance(100_000_000)
      try world.tick()
    }
    #expect(!world.process(worker).isKilled)
    world.time.advance(100_000_000)
    try world.tick()
    #expect(world.process(worker).isKilled && worker.killedFor == .deadline(.heartbeat, seconds: 3))
  }

  /// A heartbeat of times to come would keep a dead worker alive for ever.
  @Test func aHeartbeatOfTheFutureIsNone() throws {
    let world = SimulatedPool { $0.decoder.deadlineSeconds = 3 }
    let worker = try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    try world.attach(worker)
    world.beat(worker, at: .max)
    for _ in 0..<40 {
      world.time.advance(100_000_000)
      try world.tick()
    }
    #expect(worker.killedFor == .deadline(.heartbeat, seconds: 3))
  }

  /// When the supervisor itself was stopped, nobody is to blame for the silence.
  @Test func aSupervisorThatStoodStillBeginsAnew() throws {
    let world = SimulatedPool { $0.decoder.deadlineSeconds = 3 }
    let worker = try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    try world.attach(worker)
    try world.tick()
    world.time.advance(seconds: 60)
    try world.tick()
    #expect(worker.killedFor == nil && world.pool.silenceFrom == world.time.now)
    world.beat(worker)
    for _ in 0..<29 {
      world.time.advance(100_000_000)
      try world.tick()
    }
    #expect(worker.killedFor == nil)
  }

  @Test func workThatStandsStillEndsTheWorkerUnlessTheReaderKeepsIt() throws {
    let world = SimulatedPool { $0.encoder.progressSeconds = 5 }
    let worker = try world.pool.start(WorkerOrder(role: .encoder, number: 0))
    try world.attach(worker)
    let index = try #require(worker.index)
    let waiting = [Scheduler.Waiting(key: .encoder(index), worker: index, mark: 7)]
    func pass(_ seconds: Int, isKept: Bool) throws {
      for _ in 0..<seconds * 10 {
        world.time.advance(100_000_000)
        world.beat(worker)
        try world.tick(waiting, isKept: isKept)
      }
    }
    try pass(60, isKept: true)
    #expect(worker.killedFor == nil)
    try pass(4, isKept: false)
    #expect(worker.killedFor == nil)
    try pass(4, isKept: false)
    #expect(worker.killedFor == .deadline(.progress, seconds: 5))
  }

  @Test func aFilterIsNotAtOnePictureForEver() throws {
    let world = SimulatedPool()
    let worker = try world.pool.start(WorkerOrder(role: .filter, number: 0, filter: "f"))
    try world.attach(worker)
    let seconds = world.pool.role(of: worker).deadlineSeconds
    for _ in 0..<seconds { world.time.advance(seconds: 1); world.pool.endLateFilters { _ in 4 } }
    #expect(worker.killedFor == nil)
    world.pool.endLateFilters { _ in 5 }  // another picture: its time begins anew
    for _ in 0..<seconds { world.time.advance(seconds: 1); world.pool.endLateFilters { _ in 5 } }
    #expect(worker.killedFor == nil)
    world.time.advance(seconds: 1)
    world.pool.endLateFilters { _ in 5 }
    #expect(worker.killedFor == .deadline(.picture, seconds: seconds))
  }

  // MARK: leaving

  @Test func whoGoesOnAfterQuitIsEnded() throws {
    let world = SimulatedPool()
    let worker = try world.pool.start(WorkerOrder(role: .decoder, number: 0))
    try world.attach(worker)
    worker.isDismissedSince = world.time.now
    world.time.advance(WorkerPool.quitPatience)
    world.beat(worker)
    try world.tick()
    #expect(worker.killedFor == nil)
    world.time.advance(1)
    try world.tick()
    #expect(worker.killedFor == .violation("it went on when it was to quit"))
  }

  @Test func aGuestThatDoesNotSayReadyIsEnded() throws {
    let world = SimulatedPool { $0.renderer.deadlineSeconds = 2 }
    let guest = world.pool.admit(.renderer, SimulatedProcess(pid: 9))
    try world.attach(guest)
    guest.isReady = false
    for _ in 0..<25 {
      world.time.advance(100_000_000)
      world.beat(guest)
      try world.tick()
    }
    #expect(guest.killedFor == .deadline(.ready, seconds: 2))
    #expect(world.takeLines() == ["renderer-0 (process 9) attached by itself"])
    world.process(guest).die(SIGKILL)
    world.pool.remove(guest)
    world.pool.sayGoodbye(guest)
    #expect(
      world.takeLines() == ["renderer-0 (process 9), which had attached by itself, was ended: it did not say READY within 2 s"])
  }
}
