import FrameModel
import Plan
import SlotLedger

/// What all parts of the scheduler see and change: slots, lanes, workers, faults.
struct RunState: Sendable {
  var slots: SlotAccounts
  var lanes: Lanes
  var roster = Roster()
  var faults = FaultTracker()
  var held = HeldPictures()
  let canvas: Canvas
  /// Filters that each output frame goes through.
  let outputStages: Int

  init(_ slots: SlotAccounts) {
    self.slots = slots
    lanes = Lanes(slots.setup.runs, count: slots.setup.lanes)
    canvas = slots.plan.canvas
    outputStages = slots.plan.outputFilters.count
  }

  var plan: PlanView { slots.plan }
  var setup: SchedulerSetup { slots.setup }
  var place: PlaceText { PlaceText(plan: slots.plan) }
  var out: Outbox {
    get { slots.out }
    _modify { yield &slots.out }
  }
}
