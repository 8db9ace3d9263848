import CSluice
import Foundation
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase
import SystemBase
import TestKit
import Testing

@testable import Supervisor

/// What must hold whatever happens to workers, over a hundred thousand random events with a simulated clock: nobody who does his work is
/// ended, whoever hangs is ended in time, restarts are bounded and wait as long as they must, guests are bounded, floods are found, and
/// no frame is begun before its time.
@Suite struct WorkerPropertyTests {
  /// A world of workers that do their work, hang, stand still, die, flood and leave.
  private final class World {
    /// What a worker does.
    struct Conduct {
      enum Health { case well, hung, standing }
      var health = Health.well
      /// Since when it hangs or stands still: its last sign of life, or of progress.
      var since: UInt64 = 0
      var mark: Int64 = 0
      /// It may be ended for another reason.
      var isOutlaw = false
    }

    let inner: SimulatedPool
    var random: TestRandom
    var conducts: [ObjectIdentifier: Conduct] = [:]
    var events = 0
    var kills = 0
    var restarts = 0
    var refusals = 0
    private var nextTick: UInt64 = 0
    private var lastTick: UInt64 = 0
    /// From here on silence and standing count.
    private var countsFrom: UInt64 = 0
    /// Ends in a row of each name, as the rules have them, and when the successor may start at the earliest.
    private var faults: [String: Int] = [:]
    private var outside: [String: Int] = [:]
    private var dues: [String: UInt64] = [:]
    static let deadline = 3
    static let standing = 7
    static let restartLimit = 4

    init(_ seed: UInt64) throws {
      random = TestRandom(seed)
      inner = SimulatedPool { launch in
        for role in [\LaunchDescription.decoder, \.renderer, \.encoder] {
          launch[keyPath: role].deadlineSeconds = Self.deadline
          launch[keyPath: role].progressSeconds = Self.standing
          launch[keyPath: role].restarts = Self.restartLimit
        }
      }
      for role in [WorkerRole.decoder, .renderer, .encoder] {
        for number in 0..<3 { try inner.pool.start(WorkerOrder(role: role, number: number)) }
      }
    }

    var now: UInt64 { inner.time.now }
    var alive: [WorkerHandle] { inner.pool.workers.filter { !inner.process($0).isKilled } }

    func step() throws {
      events += 1
      switch random.int(0...99) {
      case 0..<60: try pass(UInt64(random.int(1...60)) * 1_000_000)
      case 60..<64: change(.hung)
      case 64..<68: change(.standing)
      case 68..<72: try kill([SIGSEGV, SIGABRT, 1 << 8].randomElement(using: &random) ?? SIGSEGV)
      case 72..<76: try kill(SIGKILL)
      case 76..<84: try reap()
      case 84..<90: try guest()
      case 90..<94: flood()
      case 94..<96: dismiss()
      case 96: try stop(UInt64(random.int(2_100...20_000)) * 1_000_000)
      default: recover()
      }
      must(inner.pool.guests <= Admission.guestLimit, "there are too many guests")
      let numbers = inner.pool.workers.compactMap(\.index)
      must(Set(numbers).count == numbers.count, "a number is given twice")
    }

    /// `#expect`, where it is asked a million times.
    private func must(_ isTrue: Bool, _ text: @autoclosure () -> String) {
      if !isTrue { Issue.record("event \(events): \(text())") }
    }

    private func pick(_ isMeant: (WorkerHandle) -> Bool = { _ in true }) -> WorkerHandle? {
      alive.filter { $0.index != nil && isMeant($0) }.randomElement(using: &random)
    }

    private func conduct(_ worker: WorkerHandle) -> Conduct { conducts[ObjectIdentifier(worker)] ?? Conduct() }

    /// Time passes; whoever is well gives heartbeats and makes progress.
    private func pass(_ nanoseconds: UInt64) throws {
      inner.time.advance(nanoseconds)
      for worker in inner.pool.workers {
        if worker.index == nil {
          try inner.attach(worker)
          conducts[ObjectIdentifier(worker)] = Conduct()
        }
        var conduct = conduct(worker)
        if conduct.health != .hung { inner.beat(worker) }
        if conduct.health == .well { conduct.mark += 1 }
        conducts[ObjectIdentifier(worker)] = conduct
      }
      guard now >= nextTick else { return }
      try tick()
    }

    private func tick() throws {
      if lastTick != 0, now - lastTick > HeartbeatWatch.longestPause { countsFrom = now }
      lastTick = now
      nextTick = now + 100_000_000
      let before = Set(alive.map { ObjectIdentifier($0) })
      let spawned = inner.spawner.started.count
      try inner.tick(
        alive.compactMap { worker in
          worker.index.map { Scheduler.Waiting(key: .jobs($0), worker: $0, mark: conduct(worker).mark) }
        })
      for worker in inner.pool.workers where before.contains(ObjectIdentifier(worker)) { check(worker) }
      checkStarts(from: spawned)
    }

    /// Whoever is ended is to blame, and whoever is to blame is ended in time.
    private func check(_ worker: WorkerHandle) {
      let conduct = conduct(worker)
      let isKilled = inner.process(worker).isKilled
      let since = max(conduct.since, countsFrom, worker.started)
      func passed(_ seconds: Int) -> Bool { now > since && now - since > UInt64(seconds) * 1_000_000_000 }
      if isKilled { kills += 1 }
      switch conduct.health {
      case .well:
        must(!isKilled || conduct.isOutlaw, "\(worker.name) did its work, and was ended: \(worker.killedFor?.words ?? "")")
      case .hung:
        must(isKilled == passed(World.deadline) || isKilled && conduct.isOutlaw, "\(worker.name) hangs")
      case .standing:
        // It is looked at once a second, and its time begins with a look.
        must(!isKilled || conduct.isOutlaw || passed(World.standing - 2), "\(worker.name) stood still for a moment")
        must(isKilled || !passed(World.standing + 3), "\(worker.name) stands still for too long")
      }
    }

    /// Successors start when their pause is over, and not before.
    private func checkStarts(from count: Int) {
      for start in inner.spawner.started[count...] {
        guard let due = dues.removeValue(forKey: start.order.name) else { continue }
        must(start.at >= due, "\(start.order.name) started too early")
        restarts += 1
      }
      for (name, due) in dues { must(due > now, "\(name) should have been started") }
    }

    private func change(_ health: Conduct.Health) {
      guard let worker = pick({ conduct($0).health == .well && $0.isDismissedSince == nil }) else { return }
      conducts[ObjectIdentifier(worker)]?.health = health
      conducts[ObjectIdentifier(worker)]?.since = now
      if health == .hung { inner.beat(worker) }
    }

    /// One that hung goes on before it is found.
    private func recover() {
      guard let worker = pick({ conduct($0).health != .well }) else { return }
      conducts[ObjectIdentifier(worker)]?.health = .well
      conducts[ObjectIdentifier(worker)]?.mark += 1
      inner.beat(worker)
    }

    private func kill(_ status: Int32) throws {
      guard let worker = pick() else { return }
      try end(worker, status)
    }

    /// One that was killed has ended.
    private func reap() throws {
      guard let worker = inner.pool.workers.first(where: { inner.process($0).isKilled }) else { return }
      try end(worker, SIGKILL)
    }

    private func end(_ worker: WorkerHandle, _ status: Int32) throws {
      let progressed = random.chance(30)
      let wasKilledFor = worker.killedFor
      let name = worker.name
      conducts[ObjectIdentifier(worker)] = nil
      guard worker.isOurs, !worker.isLeaving else {
        inner.process(worker).die(status)
        inner.pool.remove(worker)
        return
      }
      let count = inner.spawner.started.count
      if progressed { (faults[name], outside[name]) = (0, 0) }
      let pause: UInt64?
      if wasKilledFor == nil, status == SIGKILL {
        outside[name, default: 0] += 1
        pause = outside[name]! <= EndsInRow.mostFromOutside ? min(1_000_000_000, 10_000_000 * UInt64(outside[name]! - 1)) : nil
      } else {
        faults[name, default: 0] += 1
        let exponent = min(20, 2 * max(0, faults[name]! - 2))
        let raw: UInt64 = faults[name]! < 2 ? 0 : 100_000_000 << UInt64(exponent)
        pause = faults[name]! <= World.restartLimit ? min(5_000_000_000, raw) : nil
      }
      if let pause { dues[name] = now + pause }
      do throws(SluiceError) {
        try inner.die(worker, status, progressed: progressed)
        must(pause != nil, "\(name) was started again although it had ended too often")
      } catch {
        must(pause == nil, error.description)
        refusals += 1
        (faults[name], outside[name], dues[name]) = (nil, nil, nil)
        // The run would end; here another takes the place.
        try inner.pool.start(WorkerOrder(role: worker.role, number: worker.number ?? 0))
        try inner.pool.startDue()
      }
      checkStarts(from: count)
    }

    private func guest() throws {
      let role = [WorkerRole.decoder, .renderer, .encoder, .audio].randomElement(using: &random) ?? .decoder
      let situation = Admission.Situation(isOver: false, guests: inner.pool.guests, takesSegments: random.chance(50))
      do throws(Admission.Refusal) {
        try Admission.check(role, readsPlan: random.chance(90), situation) { true }
      } catch { return }
      #expect(role != .audio)
      let guest = inner.pool.admit(role, SimulatedProcess(pid: 1))
      try inner.attach(guest)
      conducts[ObjectIdentifier(guest)] = Conduct()
      guard random.chance(30) else { return }
      guest.isReady = false
      conducts[ObjectIdentifier(guest)]?.isOutlaw = true
    }

    /// Honest workers send much, never more than the limit between two ticks.
    private func flood() {
      guard let worker = pick() else { return }
      if random.chance(50) {
        worker.flood.tick()
        let isTaken = worker.flood.takes(messages: random.int(1...FloodGuard.messageLimit))
        #expect(isTaken)
        worker.flood.tick()
      } else {
        worker.flood.tick()
        _ = worker.flood.takes(messages: random.int(1...FloodGuard.messageLimit))
        let isTaken = worker.flood.takes(messages: FloodGuard.messageLimit + 1)
        #expect(!isTaken)
        conducts[ObjectIdentifier(worker)]?.isOutlaw = true
        worker.kill(.violation("it sent more than anybody can mean"))
        kills += 1
      }
    }

    private func dismiss() {
      guard let worker = pick({ $0.isDismissedSince == nil && conduct($0).health == .well }) else { return }
      worker.isLeaving = true
      worker.isDismissedSince = now
      conducts[ObjectIdentifier(worker)]?.isOutlaw = true
      if worker.isOurs {
        _ = try? inner.pool.startOneMore(worker.role)
      }
    }

    /// The supervisor is stopped, and its workers with it or not.
    private func stop(_ nanoseconds: UInt64) throws {
      inner.time.advance(nanoseconds)
      try pass(0)
    }
  }

  /// `SLUICE_FUZZ_ROUNDS` makes it longer.
  private static let rounds =
    ProcessInfo.processInfo.environment["SLUICE_FUZZ_ROUNDS"].flatMap(Int.init).map { $0 * 10 } ?? 26_000

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func workersAreEndedForAReasonAndInTime(_ seed: UInt64) throws {
    let world = try World(seed)
    for _ in 0..<Self.rounds { try world.step() }
    #expect(world.kills > 100 && world.restarts > 100 && world.refusals > 0)
  }

  /// Frames are begun at their time, and as soon as that has come.
  @Test func pacedFramesAreNeverEarlyAndNeverLate() {
    var random = TestRandom(9)
    for _ in 0..<40 {
      let rates: [Double] = [23.976, 24, 25, 29.97, 30, 50, 59.94, 60, 120]
      let rate: Double = rates.randomElement(using: &random) ?? 25
      var pace = Pace(rate: rate)
      var now = UInt64(random.int(1...1_000_000_000_000))
      let early = pace.look(hasStarted: false, now: now)
      #expect(early.limit == Pace.lead && early.next == nil, "before the first frame is out none is due")
      let start = now
      var before = early.limit
      for _ in 0..<700 {
        let found = pace.look(hasStarted: true, now: now)
        let passed = Double(now - start) / 1e9
        #expect(found.limit >= before, "what was allowed stays allowed")
        // Frame n of real time is at n / rate; `lead` frames are begun ahead of it.
        let last: Double = Double(found.limit - 1 - Pace.lead) / rate
        #expect(last <= passed + 1e-6, "frame \(found.limit - 1) is early")
        let following: Double = Double(found.limit - Pace.lead + 1) / rate
        #expect(following > passed - 1e-6, "frame \(found.limit) is late")
        let next = found.next ?? 0
        let longest = UInt64(1e9 / rate) + 1000
        #expect(next + 1000 > now, "it sleeps until the next one is due")
        #expect(next <= now + longest, "it wakes when the next one is due")
        before = found.limit
        now += random.chance(30) && next > now ? next - now : UInt64(random.int(1...200_000_000))
      }
    }
  }

  /// What grows slowly, or shrinks, is no flood; what grows by more than the allowance is, each time.
  @Test func floodsOfTheBusAreFoundAndBounded() {
    var random = TestRandom(10)
    for _ in 0..<300 {
      var busGuard = BusGuard()
      var least = UInt64.max
      var floods = 0
      for _ in 0..<40 {
        let memory = UInt64(random.int(20...(random.chance(10) ? 600 : 200))) << 20
        least = min(least, memory)
        let isFlood = memory - least > BusGuard.allowance
        let verdict = busGuard.look(memory: memory)
        if isFlood {
          floods += 1
          least = .max
        }
        let expected: BusGuard.Verdict = isFlood ? (floods <= BusGuard.limit ? .flooded : .hopeless) : .quiet
        #expect(verdict == expected)
        #expect(busGuard.floods == floods)
      }
    }
  }

  /// Every use that is let go is counted once, whatever is read when, and none that the ledger does not know of.
  @Test func releasesAreCountedOnce() {
    var random = TestRandom(11)
    for round in 0..<200 {
      var book = ReleaseBook(slots: 3)
      // A count that wraps round.
      var released: [UInt32] = Array(repeating: 0, count: 3)
      var uses = [0, 0, 0]
      var (granted, counted) = (0, 0)
      for _ in 0..<100 {
        let slot = random.int(0...2)
        switch random.int(0...3) {
        case 0:
          uses[slot] += 1
          granted += 1
        case 1: if Int(released[slot]) < granted { released[slot] &+= 1 }  // it may lie
        default:
          let count = book.take(slot, released: released[slot], uses: uses[slot])
          #expect(count >= 0 && count <= uses[slot])
          uses[slot] -= count
          counted += count
        }
      }
      #expect(counted <= granted, "round \(round)")
      #expect(book.has(2) && !book.has(3) && !book.has(-1))
    }
  }
}
