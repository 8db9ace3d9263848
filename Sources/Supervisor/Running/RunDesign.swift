import FrameModel
import Plan
import Scheduling
import SharedRing
import SluiceBase

/// What a run is made of, decided before there is anything that must be cleaned up: the plan in shared memory, what of it is to be
/// rendered, and how much memory that takes.
struct RunDesign {
  let plan: PlanRegion
  let flow: SegmentFlow
  let memory: MemoryPlan
  let setup: SchedulerSetup

  init(_ prepared: RunPreparation, _ configuration: RunConfiguration, clock: MonotonicClock, warning: (String) -> Void)
    throws(SluiceError)
  {
    let plan = try PlanRegion(prepared.plan)
    let view = plan.view
    guard view.frameCount > 0 else {
      throw SluiceError(.badInput, "the timeline is empty", at: configuration.project.path)
    }
    let flow = SegmentFlow.prepare(prepared, configuration, frames: view.frameCount, clock: clock, warning: warning)
    let missing = flow.missing
    let sound = Self.sound(prepared, view, flow)
    try sound?.check(budget: prepared.memory, isAll: missing.isEmpty)
    let pictures =
      missing.isEmpty
      ? .nothing
      : try MemoryPlan.make(
        plan: view, budget: prepared.memory, decoders: prepared.decoders, renderers: prepared.renderers,
        lanes: prepared.lanes, lookAhead: Int64(prepared.launch.decoder.credit), segmented: !prepared.direct,
        filterBytes: prepared.launch.filterBytes(Set((0..<view.filterCount).map { view.filter($0).name })),
        besides: sound?.bytes ?? 0)
    self.plan = plan
    self.flow = flow
    memory = sound.map { pictures.adding($0) } ?? pictures
    setup = Self.setup(SchedulerSetup(runs: missing, memory: memory), prepared.launch, configuration.onError)
  }

  /// What the sound takes; nil: there is none, or the store has it.
  private static func sound(_ prepared: RunPreparation, _ plan: PlanView, _ flow: SegmentFlow) -> SoundSizing? {
    guard prepared.hasSound, flow.sound == nil, let sound = plan.sound else { return nil }
    let destination: SoundSetup.Destination =
      !prepared.hasPictures ? .output : prepared.direct ? .lane : .segment
    return SoundSizing(sound, destination: destination, credit: prepared.launch.audio.credit)
  }

  private static func setup(
    _ setup: SchedulerSetup, _ launch: LaunchDescription, _ onError: RunConfiguration.OnError
  ) -> SchedulerSetup {
    var setup = setup
    setup.renderCredit = launch.renderer.credit
    setup.encodeCredit = max(launch.encoder.credit, setup.encoderKeeps + 1)
    setup.dropsOldest = launch.dropsOldest
    setup.decoderPerSource = launch.decoderPerSource
    setup.holdOnError = onError == .hold
    setup.faultLimits.decoder = max(1, launch.decoder.restarts)
    setup.faultLimits.renderer = max(1, launch.renderer.restarts)
    setup.faultLimits.audio = max(1, launch.audio.restarts)
    // Deaths of a filter's workers over one picture at which it is quarantined. Without restarts the first ends the run.
    func deaths(_ filter: LaunchDescription.Filter) -> Int { filter.role.restarts == 0 ? .max : filter.role.restarts }
    setup.faultLimits.filters = launch.filters.mapValues(deaths)
    setup.faultLimits.otherFilters = deaths(LaunchDescription.Filter())
    return setup
  }
}
