import FrameModel
import Plan
import SluiceBase

/// Everything that is heard of a project, before it is put on the sample frames of an output.
struct SoundScore {
  private var lanes: [SoundLane] = []
  /// Second of the timeline at which the last clip that is heard ends.
  private(set) var end = Rational.zero
  /// The same for the last clip with a picture, so that sound alone is as long as the film; zero when that is not known.
  private(set) var filmEnd = Rational.zero
  private(set) var warnings: [String] = []

  /// Silence.
  init() {}

  init(_ project: Project, media: [String: MediaInfo]) throws(ProjectErrors) {
    // Problems are collected apart: those of clips with pictures were found before.
    let context = PlanContext(media: media, output: FrameGrid(rate: project.canvas.rate), deinterlaces: false)
    let timeline = TimelineBuilder(
      project: project, context: context, map: .identity, surface: Surface(bounds: project.canvas.bounds),
      within: TimeMap.always, prefix: project.path.isEmpty ? "" : project.path + ": ")
    lanes = SoundBuilder(timeline: timeline, limits: SoundSpan()).lanes()
    if let errors = context.problems.found { throw errors }
    for lane in lanes { end = max(end, lane.end) }
    filmEnd = (try? timeline.lengthOfPictures()) ?? .zero
    // A clip of a nested timeline may be there several times.
    var told: Set<String> = []
    lanes = lanes.map { lane in lane.playable { if told.insert($0).inserted { context.problems.warn($0) } } }
    warnings = context.problems.warnings
  }

  var isSilent: Bool { lanes.isEmpty }

  /// nil when nothing is heard of the project. `source` numbers what is opened.
  func plan(_ project: Project, _ range: PlanRange, source: (String, MediaInfo) -> Int) throws(SluiceError) -> SoundPlan? {
    if isSilent { return nil }
    var table = SoundTable(project, base: range.start, frames: range.sampleFrames)
    try table.add(lanes, source: source)
    return table.plan
  }
}
