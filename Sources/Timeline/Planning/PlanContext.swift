import FrameModel
import Plan
import SluiceBase

/// What the parts of the compiler share while one plan is made.
final class PlanContext {
  let media: [String: MediaInfo]
  /// Frames of the output.
  let output: FrameGrid
  let deinterlaces: Bool
  let problems = PlanProblems()
  private(set) var changes = PlanBytes.Changes()
  private var motionIndex: [Motion: Int] = [:]
  private var transitionIndex: [PlanBytes.TransitionRecord: Int] = [:]

  init(media: [String: MediaInfo], output: FrameGrid, deinterlaces: Bool) {
    self.media = media
    self.deinterlaces = deinterlaces
    self.output = output
  }

  func add(_ motion: Motion) -> Int {
    if let index = motionIndex[motion] { return index }
    motionIndex[motion] = changes.motions.count
    changes.motions.append(motion)
    return changes.motions.count - 1
  }

  func add(_ transition: PlanBytes.TransitionRecord) -> Int {
    if let index = transitionIndex[transition] { return index }
    transitionIndex[transition] = changes.transitions.count
    changes.transitions.append(transition)
    return changes.transitions.count - 1
  }

  /// The motions and transitions counted from frame `base`, which is output frame 0. nil when a time does not fit.
  func changes(from base: Int64) -> PlanBytes.Changes? {
    var moved = changes
    guard let start = output.time(of: base) else { return nil }
    for index in moved.motions.indices {
      let time = moved.motions[index].time
      moved.motions[index].time = TimeMap(offset: time.at(start).planned, speed: time.speed.planned)
    }
    for index in moved.transitions.indices {
      moved.transitions[index].first -= base
      moved.transitions[index].end -= base
    }
    return moved
  }
}
