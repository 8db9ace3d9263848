import Compositing
import CompositingTestKit
import ControlBus
import Plan
import SharedRing
import SluiceBase
import SystemBase
import Testing

@testable import RenderWorkers

/// What happened, in order.
enum Event: Equatable {
  case submitted(Int64)
  /// The compositor was asked for this frame, and it was not there yet.
  case lookedFor(Int64)
  case ended(Int64)
  case done(Int64)
  case failed(Int64, String)
}

final class Journal {
  var events: [Event] = []
}

/// Draws nothing. Frames end when they are waited for; `whileWaiting` is called when one is only looked for, and says whether it has ended.
private final class FakeCompositor: Compositor {
  let depth: Int
  let journal: Journal
  var refused: Set<Int64> = []
  var broken: Set<Int64> = []
  var whileWaiting: () -> Bool = { true }
  private(set) var inFlight: [Int64] = []
  private(set) var most = 0

  init(depth: Int, _ journal: Journal) {
    self.depth = depth
    self.journal = journal
  }

  func submit(frame: Int64, layers: [Layer], input: (Int) -> ReadableSlot?, into output: WritableSlot) throws(SluiceError) {
    #expect(inFlight.count < depth)
    if refused.contains(frame) { throw SluiceError(.software, "refused") }
    inFlight.append(frame)
    most = max(most, inFlight.count)
    journal.events.append(.submitted(frame))
  }

  func finish(within nanoseconds: UInt64) throws(SluiceError) -> Bool {
    guard let frame = inFlight.first else { return false }
    if nanoseconds != .max, !whileWaiting() {
      journal.events.append(.lookedFor(frame))
      return false
    }
    inFlight.removeFirst()
    journal.events.append(.ended(frame))
    if broken.contains(frame) { throw SluiceError(.software, "broken") }
    return true
  }
}

private final class FakeDesk: RenderDesk {
  let journal: Journal
  let slots = (0..<16).map { _ in TestSlot(.yuv420p, 16, 16) }
  var stale: Set<Int64> = []
  var missing: Set<Int64> = []
  var afterwards: () -> Void = {}
  /// The output slots of what was finished.
  private(set) var finishedSlots: [UInt32] = []

  init(_ journal: Journal) { self.journal = journal }

  func job(_ message: Message) throws(SluiceError) -> RenderJob? {
    if missing.contains(message.frame) { throw SluiceError(.software, "missing") }
    if stale.contains(message.frame) { return nil }
    return RenderJob(
      message: message, frame: message.frame, layers: [], input: { _ in nil }, output: slots[Int(message.frame)].writable)
  }

  func finished(_ message: Message, _ output: WritableSlot) {
    journal.events.append(.done(message.frame))
    finishedSlots.append(output.index)
    afterwards()
  }

  func failed(_ message: Message, _ error: SluiceError) {
    journal.events.append(.failed(message.frame, error.what))
    afterwards()
  }
}

/// A loop over fakes. A queue that is never closed would hold a test up for ever, hence the time limit.
@Suite(.timeLimit(.minutes(1))) struct RenderLoopTests {
  private let journal = Journal()
  private let desk: FakeDesk
  private let queue = WorkQueue<Message>()
  private let counters = TestCounters()

  init() { desk = FakeDesk(journal) }

  private func push(_ frames: Int64...) { for frame in frames { queue.push(Message(.render, frame: frame)) } }
  private func run(_ compositor: FakeCompositor) {
    RenderLoop(compositor: compositor, desk: desk, counters: counters).run(queue)
  }

  @Test func framesOverlapAndEndInTheirOrder() {
    let compositor = FakeCompositor(depth: 3, journal)
    push(0, 1, 2, 3, 4)
    queue.close()
    run(compositor)
    #expect(
      journal.events == [
        .submitted(0), .submitted(1), .submitted(2), .ended(0), .done(0), .submitted(3), .ended(1), .done(1), .submitted(4),
        .ended(2), .done(2), .ended(3), .done(3), .ended(4), .done(4),
      ])
    #expect(compositor.most == 3)
    #expect(desk.finishedSlots == (0..<5).map { desk.slots[$0].index })
  }

  @Test func aCompositorOfDepthOneDrawsOneAfterAnother() {
    push(0, 1)
    queue.close()
    run(FakeCompositor(depth: 1, journal))
    #expect(journal.events == [.submitted(0), .ended(0), .done(0), .submitted(1), .ended(1), .done(1)])
  }

  /// The queue stays open and empty: the frame in flight is told of all the same, and only then is a job waited for.
  @Test func aFinishedFrameDoesNotWaitForTheNextJob() {
    let compositor = FakeCompositor(depth: 3, journal)
    var looks = 0
    compositor.whileWaiting = {
      looks += 1
      return looks == 3
    }
    desk.afterwards = { [queue] in queue.close() }
    push(0)
    run(compositor)
    #expect(journal.events == [.submitted(0), .lookedFor(0), .lookedFor(0), .ended(0), .done(0)])
  }

  @Test func aJobThatComesWhileAFrameIsWaitedForIsSubmittedFirst() {
    let compositor = FakeCompositor(depth: 3, journal)
    var looks = 0
    compositor.whileWaiting = { [queue] in
      looks += 1
      if looks == 1 { queue.push(Message(.render, frame: 1)) }
      return looks > 1
    }
    desk.afterwards = { [queue] in queue.close() }
    push(0)
    run(compositor)
    #expect(journal.events == [.submitted(0), .lookedFor(0), .submitted(1), .ended(0), .done(0), .ended(1), .done(1)])
  }

  @Test func aFrameThatCannotBeSubmittedFailsAlone() {
    let compositor = FakeCompositor(depth: 3, journal)
    compositor.refused = [1]
    push(0, 1, 2)
    queue.close()
    run(compositor)
    #expect(
      journal.events == [.submitted(0), .failed(1, "refused"), .submitted(2), .ended(0), .done(0), .ended(2), .done(2)])
  }

  @Test func aFrameThatFailsInFlightFailsAlone() {
    let compositor = FakeCompositor(depth: 3, journal)
    compositor.broken = [1]
    push(0, 1, 2)
    queue.close()
    run(compositor)
    #expect(
      journal.events == [
        .submitted(0), .submitted(1), .submitted(2), .ended(0), .done(0), .ended(1), .failed(1, "broken"), .ended(2), .done(2),
      ])
    #expect(desk.finishedSlots == [desk.slots[0].index, desk.slots[2].index])
  }

  @Test func staleJobsAreDroppedAndMissingOnesFail() {
    desk.stale = [0, 2]
    desk.missing = [3]
    push(0, 1, 2, 3)
    queue.close()
    run(FakeCompositor(depth: 3, journal))
    #expect(journal.events == [.submitted(1), .failed(3, "missing"), .ended(1), .done(1)])
  }

  /// Random depths, failures and arrivals: every job ends once, in order among those that were in flight, and never before its frame.
  @Test(arguments: 0..<40) func everyJobEndsOnce(_ seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }
    let compositor = FakeCompositor(depth: Int.random(in: 1...4, using: &random), journal)
    let frames = (0..<16).map(Int64.init)
    compositor.refused = Set(frames.filter { _ in oneIn(6) })
    compositor.broken = Set(frames.filter { _ in oneIn(6) })
    var coming = frames
    func push() {
      queue.push(Message(.render, frame: coming.removeFirst()))
      if coming.isEmpty { queue.close() }
    }
    compositor.whileWaiting = {
      if !coming.isEmpty, oneIn(2) { push() }
      return oneIn(2)
    }
    // The loop waits for a job when nothing is in flight: each that has ended brings another.
    desk.afterwards = { if !coming.isEmpty { push() } }
    push()
    run(compositor)
    var ended: Set<Int64> = []
    var done: [Int64] = []
    var all: [Int64] = []
    for event in journal.events {
      switch event {
      case .ended(let frame): ended.insert(frame)
      case .done(let frame):
        #expect(ended.contains(frame))
        done.append(frame)
        all.append(frame)
      case .failed(let frame, let what):
        #expect(
          what == "refused" ? compositor.refused.contains(frame) : compositor.broken.contains(frame) && ended.contains(frame))
        all.append(frame)
      case .submitted, .lookedFor: break
      }
    }
    #expect(all.sorted() == frames && done == done.sorted())
    #expect(Set(done) == Set(frames).subtracting(compositor.refused).subtracting(compositor.broken))
  }
}
