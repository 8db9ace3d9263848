import FrameModel
import Plan
import SlotLedger
import Testing

@testable import Scheduling

@Suite struct ComposingTests {
  /// With pictures of the stream's first frames there.
  private func fixture(_ source: String, pictures: Int64) throws -> (PartFixture, Composing) {
    var fixture = try PartFixture([(source, 0, 30)])
    var decoding = Decoding()
    fixture.run.roster.decoders = [1]
    fixture.run.roster.renderers = [2]
    fixture.openStreams()
    decoding.placeStreams(&fixture.run)
    let handle = try #require(fixture.opened(by: 1).first)
    try fixture.publish(handle, &decoding, count: pictures)
    return (fixture, Composing(jobs: 8))
  }

  /// A picture that fills the canvas as it is goes to the encoder untouched.
  @Test func untouchedPicturesAreNotRendered() throws {
    var (fixture, composing) = try fixture("a", pictures: 3)
    while composing.composeNext(0, &fixture.run) {}
    #expect(fixture.run.lanes[0].nextCompose == 3 && fixture.run.out.counts.bypassed == 3)
    #expect(fixture.run.lanes[0].window.allSatisfy(\.ready) && composing.jobs.allSatisfy { $0 == nil })
  }

  /// Frames that equal the one before take its slot.
  @Test func equalFramesAreRenderedOnce() throws {
    var (fixture, composing) = try fixture("c", pictures: 3)
    while composing.composeNext(0, &fixture.run) {}
    #expect(fixture.run.out.counts.rendered == 1 && fixture.run.out.counts.reused == 2)
    composing.dispatchJobs(&fixture.run)
    let job = try #require(composing.current(of: 2))
    var header = FrameDescription(format: .yuv420p, width: 640, height: 360)
    header.number = job.frame
    fixture.headers.of[job.slot.slot] = header
    composing.rendered(2, 0, job.slot, &fixture.run)
    #expect(fixture.run.lanes[0].window.allSatisfy(\.ready) && fixture.run.lanes[0].window.count == 3)
    #expect(composing.jobs(of: 2).isEmpty && fixture.run.out.counts.nonsense == 0)
  }

  @Test func nothingIsBegunBeyondTheHorizon() throws {
    var (fixture, composing) = try fixture("a", pictures: 3)
    composing.allow(before: 2)
    while composing.composeNext(0, &fixture.run) {}
    #expect(fixture.run.lanes[0].nextCompose == 2)
  }

  /// The job of a renderer that ended is issued again, with a slot that its late words do not name.
  @Test func aJobOutlivesItsRenderer() throws {
    var (fixture, composing) = try fixture("c", pictures: 1)
    _ = composing.composeNext(0, &fixture.run)
    composing.dispatchJobs(&fixture.run)
    let before = try #require(composing.current(of: 2))
    _ = fixture.run.roster.remove(2)
    composing.rendererDied(2, .signal(9), &fixture.run)
    #expect(fixture.run.faults.isEmpty)
    fixture.run.roster.renderers = [3]
    composing.dispatchJobs(&fixture.run)
    let after = try #require(composing.current(of: 3))
    #expect(after.frame == before.frame && after.slot.slot == before.slot.slot && after.slot != before.slot)
    #expect(fixture.run.lanes[0].window.map(\.slot) == [after.slot])
  }

  /// Frames whose renderer crashes again and again show the one before, or end the run.
  @Test(arguments: [true, false])
  func aFrameThatEndsItsRenderersIsQuarantined(_ holds: Bool) throws {
    var fixture = try PartFixture([("c", 0, 30)]) {
      $0.faultLimits.renderer = 2
      $0.holdOnError = holds
    }
    var decoding = Decoding(), composing = Composing(jobs: 8)
    fixture.run.roster.decoders = [1]
    fixture.run.roster.renderers = [2, 3]
    fixture.openStreams()
    decoding.placeStreams(&fixture.run)
    let handle = try #require(fixture.opened(by: 1).first)
    try fixture.publish(handle, &decoding)
    _ = composing.composeNext(0, &fixture.run)
    for worker in [2, 3] {
      composing.dispatchJobs(&fixture.run)
      _ = fixture.run.roster.remove(worker)
      composing.rendererDied(worker, .signal(11), &fixture.run)
    }
    #expect(fixture.run.held.contains(0) == holds && fixture.run.out.hasFailed == !holds)
    let texts = fixture.take().compactMap {
      switch $0 {
      case .warn(let text), .fail(let text, _): text
      default: nil
      }
    }
    let named = "output frame 0, at 00:00:00.000: the renderer ended 2 times in a row"
    #expect(texts.count == 1 && texts[0].contains(named), "\(texts)")
    #expect(texts.first?.contains("/c") == true && texts.first?.contains("signal 11") == true)
  }
}

@Suite struct FilteringTests {
  private func fixture(_ change: @escaping (inout SchedulerSetup) -> Void = { _ in }) throws -> (PartFixture, Filtering) {
    var fixture = try PartFixture([("a", 0, 30)], filters: ["invert"], change)
    var decoding = Decoding()
    fixture.run.roster.decoders = [1]
    fixture.openStreams()
    decoding.placeStreams(&fixture.run)
    let handle = try #require(fixture.opened(by: 1).first)
    try fixture.publish(handle, &decoding)
    return (fixture, Filtering(fixture.truth.plan))
  }

  @Test func aPictureTakesTheFilteredOnesSlot() throws {
    var (fixture, filtering) = try fixture()
    #expect(filtering.missing(fixture.run) == ["invert"])
    let startsWithoutWorker = filtering.start(&fixture.run)
    filtering.workerReady(4, serves: 0, credit: 1, &fixture.run.out)
    let starts = filtering.start(&fixture.run)
    #expect(!startsWithoutWorker && starts && filtering.missing(fixture.run).isEmpty)
    let job = try #require(filtering.jobs.first)
    let use = try #require(fixture.run.slots.use(of: 0, lane: 0))
    #expect(use.isAwaitingFilter(at: 0) && use.delivery(at: 0) == nil)
    fixture.headers.of[job.value.output.slot] = fixture.headers.of[job.value.input.slot]
    filtering.filtered(4, job.key, job.value.output, &fixture.run)
    #expect(fixture.run.slots.use(of: 0, lane: 0)?.delivery(at: 0) == job.value.output)
    #expect(fixture.run.out.counts.filtered == 1 && filtering.jobs.isEmpty)
  }

  @Test func theWorkersOfAFilterAreNotBlamedForKillsFromOutside() throws {
    var (fixture, filtering) = try fixture { $0.faultLimits.otherFilters = 2 }
    for worker in 10..<40 {
      filtering.workerReady(worker, serves: 0, credit: 1, &fixture.run.out)
      let starts = filtering.start(&fixture.run)
      #expect(starts)
      filtering.workerDied(worker, .signal(15), &fixture.run)
    }
    #expect(fixture.run.faults.isEmpty && !fixture.run.out.hasFailed)
    for worker in 40..<42 {
      filtering.workerReady(worker, serves: 0, credit: 1, &fixture.run.out)
      let starts = filtering.start(&fixture.run)
      #expect(starts)
      filtering.workerDied(worker, .exit(3), &fixture.run)
    }
    #expect(fixture.run.out.hasFailed)
  }

  @Test func aPictureThatCannotBeFilteredIsHeld() throws {
    var (fixture, filtering) = try fixture { $0.holdOnError = true }
    filtering.workerReady(4, serves: 0, credit: 1, &fixture.run.out)
    _ = filtering.start(&fixture.run)
    let job = try #require(filtering.jobs.first)
    filtering.failed(4, job.key, "no model", 70, &fixture.run)
    let lanes = fixture.run.held.takeLanesToRewind()
    #expect(fixture.run.held.contains(0) && lanes == [0])
    filtering.workerDied(4, .cannotFilter, &fixture.run)
    filtering.workerReady(5, serves: 0, credit: 1, &fixture.run.out)
    // The picture goes on as it is.
    let passes = filtering.start(&fixture.run)
    #expect(passes && filtering.jobs.isEmpty)
    #expect(fixture.run.slots.use(of: 0, lane: 0)?.delivery(at: 0) == job.value.input)
  }
}

@Suite struct SoundFlowTests {
  private func fixture(deaths: Int = .max) throws -> (PartFixture, SoundFlow) {
    var fixture = try PartFixture([("a", 0, 30)]) { $0.faultLimits.audio = deaths }
    var setup = SoundSetup(.segment, blocks: 3, sampleRate: 48000)
    // Any ring will do.
    setup.ring = fixture.run.setup.outputRing
    fixture.run.lanes[0].encoder = 8
    return (fixture, SoundFlow(setup))
  }

  private func fill(_ sound: inout SoundFlow, _ worker: Int, _ run: inout RunState) {
    for slot in sound.grants(of: worker) {
      let number = sound.window.first { $0.slot == slot }?.number ?? -1
      sound.filled(worker, slot, SoundBlock(number: number, count: 100, channels: 2, sampleRate: 48000), &run)
    }
  }

  @Test func blocksGoToTheEncoderInOrder() throws {
    var (fixture, sound) = try fixture()
    sound.workerReady(1, &fixture.run.slots)
    sound.encoderReady(2, &fixture.run.out)
    for _ in 0..<5 {
      sound.advance(&fixture.run)
      fill(&sound, 1, &fixture.run)
    }
    let blocks = fixture.take().compactMap { if case .encodeSound(2, _, _, let block) = $0 { block } else { nil } }
    #expect(blocks == [0, 1, 2] && sound.isSent && sound.finishing && !sound.isDone)
    sound.written(2, 7, &fixture.run.out)
    #expect(sound.isDone && fixture.run.out.counts.nonsense == 0)
  }

  @Test func anotherEncoderGetsEverythingAgain() throws {
    var (fixture, sound) = try fixture()
    sound.workerReady(1, &fixture.run.slots)
    sound.encoderReady(2, &fixture.run.out)
    sound.advance(&fixture.run)
    fill(&sound, 1, &fixture.run)
    sound.advance(&fixture.run)
    #expect(sound.nextEncode > 0)
    let wasOfSound = sound.workerDied(2, .signal(9), &fixture.run)
    #expect(wasOfSound && sound.nextEncode == 0 && sound.window.isEmpty && fixture.run.slots.ledger.inUse == 0)
  }

  @Test func aBlockThatEndsItsMixersEndsTheRun() throws {
    var (fixture, sound) = try fixture(deaths: 3)
    for worker in 1...10 {
      sound.workerReady(worker, &fixture.run.slots)
      sound.advance(&fixture.run)
      _ = sound.workerDied(worker, .signal(9), &fixture.run)
    }
    #expect(!fixture.run.out.hasFailed)
    for worker in 11...13 {
      sound.workerReady(worker, &fixture.run.slots)
      _ = sound.workerDied(worker, .signal(11), &fixture.run)
    }
    #expect(fixture.run.out.hasFailed)
  }
}
