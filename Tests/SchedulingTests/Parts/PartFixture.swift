import FrameModel
import Plan
import SlotLedger
import TestKit
import Timeline
import TimelineTestKit

@testable import Scheduling

/// What the scheduler's parts start from, for one track of clips: the sources are those of `RandomTimeline`, the canvas is 640 by 360
/// at 30 frames a second.
struct PartFixture {
  let truth: Truth
  let headers: Headers
  var run: RunState

  /// - Parameters:
  ///   - clips: source ("a" has the canvas's size and rate, "c" has not), first frame and length, one after another on a track.
  ///   - opacity: of all clips; below one, what lies under them is shown, too.
  ///   - filters: names of filters that each clip goes through.
  init(
    _ clips: [(source: String, at: Int64, length: Int64)], opacity: Rational = .one, filters: [String] = [],
    _ change: (inout SchedulerSetup) -> Void = { _ in }
  ) throws {
    var random = TestRandom(7)
    let media = RandomTimeline.media(&random)
    var project = Project(canvas: Canvas(width: RandomTimeline.width, height: RandomTimeline.height))
    project.path = "/p.json"
    project.sources = media.keys.sorted().map { .init(String($0.dropFirst()), .file($0)) }
    for entry in clips {
      var clip = Project.Clip(source: project.sources.firstIndex { $0.name == entry.source } ?? 0)
      clip.at = .frames(entry.at)
      clip.duration = .frames(entry.length)
      clip.opacity = .constant(opacity)
      clip.effects = filters.map { .worker(WorkerEffect($0, version: "1")) }
      project.tracks.append(Project.Track(clips: [clip]))
    }
    let plan = try PlanCompiler.compile(project, media: media, settings: OutputSettings())
    guard let truth = Truth(plan) else { throw Violation("the plan is not valid") }
    self.truth = truth
    let memory = try MemoryPlan.make(
      plan: truth.plan, budget: 1 << 40, decoders: 2, renderers: 2, lanes: 1, segmented: true)
    var setup = SchedulerSetup(
      runs: [[Segment(index: 0, frames: 0..<truth.plan.frameCount)]], memory: memory)
    change(&setup)
    let headers = Headers(setup.rings.reduce(0, +))
    self.headers = headers
    run = RunState(SlotAccounts(plan: truth.plan, setup: setup) { headers.of[$0] })
  }

  /// What was decided since the last look.
  mutating func take() -> [SchedulerAction] { run.out.take() }

  /// What the first lane comes to is opened.
  mutating func openStreams() { run.slots.openStreams(0, &run.lanes[0]) }

  /// Handles of the streams that a decoder was told to open.
  mutating func opened(by worker: Int) -> [UInt32] {
    take().compactMap { if case .open(worker, let handle, _, _, _) = $0 { handle } else { nil } }
  }

  /// A slot of a stream is filled with its next picture.
  mutating func publish(_ handle: UInt32, _ decoding: inout Decoding, count: Int64 = 1) throws {
    guard let use = run.slots.uses[handle], let worker = use.worker,
      let slot = run.slots.ledger.slots.firstIndex(where: { $0.stream == handle && $0.state == .granted })
    else { throw Violation("stream \(handle) has no slot to fill") }
    let source = truth.plan.source(truth.records[use.record].source)
    var header = FrameDescription(format: .yuv420p, width: source.width, height: source.height)
    header.color = .bt709
    headers.of[slot] = header
    decoding.published(worker, handle, run.slots.reference(slot), first: use.next, count: count, held: false, &run)
  }
}
