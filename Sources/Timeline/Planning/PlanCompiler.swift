import CSluice
import FrameModel
import Plan
import SluiceBase

/// Turns a project and what is known of its media into a plan. Pure: no file is opened, equal inputs give equal bytes.
///
/// Frame n stands at n / rate and shows the clips with at <= n / rate < at + duration. What can never be seen makes no
/// layer and no stream: clips that are disabled, transparent, off the canvas, or behind one opaque clip above; the
/// time in which a clip is covered is cut out of it. The length is the end of the last enabled clip with a picture (of
/// subtitles only where there is no other); of a timeline without pictures the end of the last clip that is heard; of sound
/// alone the later of the two.
/// A timeline within another is drawn straight onto it where that gives the same picture, else on a canvas of its own; it
/// is shown at the output's frame times, whatever its own rate.
public enum PlanCompiler {
  /// `from` is inclusive, `to` exclusive (nil: from the start, to the end); output frame 0 is the frame at `from`.
  /// Size, rate, colour and shape in `settings`, and samples a second and channels of its sound, are set from the canvas. Without
  /// `settings.sound`, or where nothing is heard of the project, the plan has no sound; without `settings.codec` nothing but
  /// sound, from and to these very times. `decodeThreads` is for each video stream.
  /// Throws everything that is wrong with the project in the light of its media, with the places in the file.
  public static func compile(
    _ project: Project, media: [String: MediaInfo], from: TimeValue? = nil, to: TimeValue? = nil, settings: OutputSettings,
    decodeThreads: Int = 1
  ) throws(ProjectErrors) -> CompiledPlan {
    let output = FrameGrid(rate: project.canvas.rate)
    let context = PlanContext(media: media, output: output, deinterlaces: project.deinterlaces)
    let builder = TimelineBuilder(
      project: project, context: context, map: .identity, surface: Surface(bounds: project.canvas.bounds),
      within: TimeMap.always, prefix: project.path.isEmpty ? "" : project.path + ": ")
    let (items, picturesEnd, subtitlesEnd) = settings.hasPictures ? builder.items() : ([], 0, 0)
    // Pictures decide how long it is, as they do of sound.
    let length = picturesEnd > 0 ? picturesEnd : subtitlesEnd
    if subtitlesEnd > length, let rest = output.time(of: subtitlesEnd - length) {
      context.problems.warn("the subtitles go on for \(rest.clock) after the last picture; they end with it")
    }
    if let errors = context.problems.found { throw errors }
    var score = SoundScore()
    if settings.sound != nil { score = try SoundScore(project, media: media) }
    do throws(SluiceError) {
      let range = try PlanRange(project, pictures: length, score, from, to, hasPictures: settings.hasPictures)
      let segments = Visibility(bounds: project.canvas.bounds, format: project.canvas.format).segments(items, in: range.frames)
      var plan = try plan(project, context, segments, range, score, settings, decodeThreads)
      for warning in score.warnings + range.warnings where !plan.warnings.contains(warning) { plan.warnings.append(warning) }
      return plan
    } catch {
      throw ProjectErrors(error)
    }
  }

  private static func plan(
    _ project: Project, _ context: PlanContext, _ segments: [PlanSegment], _ range: PlanRange, _ score: SoundScore,
    _ settings: OutputSettings, _ decodeThreads: Int
  ) throws(SluiceError) -> CompiledPlan {
    let first = range.frames.lowerBound
    let frames = Int64(range.frames.count)
    var streams = StreamTable(
      context: context, base: first, threads: decodeThreads, canvas: project.canvas, frameCount: frames)
    var layers = LayerTable(context: context, canvas: project.canvas, base: first)
    layers.add(segments)
    try layers.assignStreams(&streams)
    try streams.checkWidth(project.path)
    let sorted = streams.sorted()

    var settings = settings
    settings.width = project.canvas.width
    settings.height = project.canvas.height
    settings.sampleAspect = project.canvas.sampleAspect
    settings.rate = project.canvas.rate
    settings.color = project.canvas.color
    settings.sound?.sampleRate = project.sampleRate
    settings.sound?.channels = project.channels.count
    if score.isSilent { settings.sound = nil }
    let sound = try score.plan(project, range) { streams.source($0, $1) }
    guard let changes = context.changes(from: first) else {
      throw SluiceError(.badInput, "the timeline is too long for its rate", at: project.path)
    }
    var plan = PlanBytes.encode(
      canvas: project.canvas, output: settings, frames: frames, sources: streams.sources, streams: sorted.streams,
      layers: layers.records(streamIndex: sorted.index), changes: changes,
      outputFilters: settings.hasPictures ? project.output.effects : [], sound: sound)
    guard plan.isValid else {
      throw SluiceError(
        .badInput, "the canvas or a source has a size, rate or shape beyond what a plan can hold", at: project.path,
        advice: "check the sources with sluice probe")
    }
    plan.warnings = context.problems.warnings
    return plan
  }
}
