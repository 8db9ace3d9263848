import Scheduling
import SlotLedger
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

/// Small values that decide by times and facts.
@Suite struct PolicyTests {
  private static let second: UInt64 = 1_000_000_000

  @Test func guestsAreCheckedInOrder() {
    func refusal(
      _ role: WorkerRole, readsPlan: Bool = true, isOver: Bool = false, guests: Int = 0, takesSegments: Bool = true,
      hasRoom: Bool = true
    ) -> Admission.Refusal? {
      do throws(Admission.Refusal) {
        try Admission.check(
          role, readsPlan: readsPlan, .init(isOver: isOver, guests: guests, takesSegments: takesSegments)
        ) { hasRoom }
        return nil
      } catch { return error }
    }
    for role in [WorkerRole.decoder, .renderer, .encoder] {
      #expect(refusal(role) == nil && refusal(role, readsPlan: false) == .role)
      #expect(refusal(role, isOver: true) == .noRoom && refusal(role, guests: Admission.guestLimit) == .noRoom)
    }
    #expect(refusal(.filter, readsPlan: false) == nil && refusal(.filter, guests: Admission.guestLimit) == .noRoom)
    #expect(refusal(.audio) == .role && refusal(.soundEncoder) == .role)
    #expect(refusal(.encoder, takesSegments: false) == .role && refusal(.encoder, hasRoom: false) == .noRoom)
    #expect(refusal(.decoder, takesSegments: false, hasRoom: false) == nil)
    #expect([Admission.Refusal.version, .role, .noRoom, .token].map(\.rawValue) == [1, 2, 3, 4])
  }

  @Test func aLaneIsNotMadeForAGuestThatIsRefused() {
    var made = 0
    try? Admission.check(.encoder, readsPlan: true, .init(isOver: false, guests: 1000, takesSegments: true)) {
      made += 1
      return true
    }
    #expect(made == 0)
  }

  @Test func aFilterThatNobodyServesIsSaidOnce() {
    var watch = FilterWatch()
    let start: UInt64 = 5 * Self.second
    func look(_ seconds: Double, isComing: Bool = false, limit: Int? = nil) -> [FilterWatch.Finding] {
      watch.look(
        [.init(name: "f", isComing: isComing, limitSeconds: limit)], now: start + UInt64(seconds * 1e9))
    }
    #expect(look(0).isEmpty && look(2).isEmpty)
    #expect(look(2.1, isComing: true).isEmpty, "one is on its way")
    #expect(look(2.2) == [.waits("f")] && look(3).isEmpty)
    #expect(look(10, limit: 10).isEmpty && look(10.1, limit: 10) == [.nobodyCame("f", seconds: 10)])
    // When it is served and missing again, it is said again.
    let none = watch.look([], now: start + 11 * Self.second)
    #expect(none.isEmpty)
    #expect(look(12).isEmpty && look(14.5) == [.waits("f")])
  }

  @Test func wordsAboutFilters() {
    let error = FilterWatch.Finding.nobodyCame("f", seconds: 9).error(launchFile: "l.json5")
    #expect(error?.code == .unavailable && error?.place == "l.json5: workers.filters.f")
    #expect(FilterWatch.Finding.waits("f").error(launchFile: nil) == nil)
    #expect(FilterWatch.Finding.waits("f").words(socket: "/s").contains("--socket /s --role filter --filter f"))
  }

  @Test func memoryIsMeasuredExactlyLessAndLess() {
    var gauge = MemoryGauge(started: 0)
    var exact: [Double] = []
    var samples = 0
    var now: UInt64 = 0
    while now < 100 * Self.second {
      switch gauge.takeDue(now: now) {
      case .none: break
      case .quick: samples += 1
      case .exact:
        samples += 1
        exact.append(Double(now) / 1e9)
      }
      now += 100_000_000
    }
    #expect(samples == 500)
    #expect(exact.first == 0.4 && exact.count < 12)
    for (before, after) in zip(exact, exact.dropFirst()) { #expect(after - before <= 20.2) }
  }

  @Test func theGrowthOfPrivateMemoryCountsBetweenExactSamples() {
    var gauge = MemoryGauge(started: 0)
    gauge.note(anonymous: 100, total: 1000)
    gauge.note(anonymous: 150, total: nil)
    #expect(gauge.current == 1050 && gauge.peak == 1050)
    gauge.note(anonymous: 50, total: nil)
    #expect(gauge.current == 1000 && gauge.peak == 1050)
  }

  @Test func restartsComeInTheirOrder() {
    var queue = RestartQueue<String>()
    queue.add("b", due: 20)
    queue.add("a", due: 10)
    queue.add("c", due: 20)
    func due(_ now: UInt64) -> [String] { queue.takeDue(now: now) }
    #expect(due(9).isEmpty && queue.contains { $0 == "a" })
    #expect(due(10) == ["a"] && due(10).isEmpty)
    #expect(due(100) == ["b", "c"] && !queue.contains { _ in true })
  }

  @Test func anEncoderThatBeginsAgainHasProgressedOnlyBeyondTheLastOne() {
    var reach = EncoderReach()
    let steps: [(segment: Int, frame: Int64)?] = [(0, 5), (0, 5), (0, 3), (0, 6), (1, 1), nil]
    #expect(steps.map { reach.isFurther($0) } == [true, false, false, true, true, true])
    #expect([0, 2, 2, 3].map { reach.isFurther(sound: $0) } == [false, true, false, true])
  }

  /// A decoder's release counts without a message only when it had time to say more.
  @Test func aReleaseWithoutAMessageWaitsForAHeartbeat() {
    var book = ReleaseBook(slots: 1)
    func isOverdue(_ released: UInt32, heartbeat: UInt64, now: UInt64) -> Bool {
      book.isOverdue(0, released: released, lastHeartbeat: heartbeat, now: now)
    }
    #expect(!isOverdue(0, heartbeat: 100, now: 50), "nothing is released")
    #expect(!isOverdue(1, heartbeat: 100, now: 50), "it is noticed")
    #expect(!isOverdue(1, heartbeat: 49, now: 60))
    #expect(isOverdue(1, heartbeat: 51, now: 60))
    let count = book.take(0, released: 1, uses: 1)
    #expect(count == 1 && !isOverdue(1, heartbeat: 200, now: 70))
  }

  @Test func stagesAreCounted() {
    var tally = LimitTally()
    #expect(tally.overall == "" && tally.now == "")
    for _ in 0..<30 { tally.note("decode") }
    for _ in 0..<20 { tally.note("encode") }
    tally.note("")
    #expect(tally.overall == "decode" && tally.now == "encode")
  }
}
