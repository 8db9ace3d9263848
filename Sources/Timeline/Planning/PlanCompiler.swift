import CSluice
import FrameModel
import SluiceBase

/// Turns a project and what is known of its media into a plan. Pure: no file is opened, equal inputs give equal bytes.
///
/// Frame n stands at n / rate and shows the clips with at <= n / rate < at + duration. What can never be seen makes no
/// layer and no stream: clips that are disabled, transparent, off the canvas, or behind one opaque clip above; the
/// time in which a clip is covered is cut out of it. The length is the end of the last enabled clip with a picture.
/// A timeline within another is drawn straight onto it where that gives the same picture, else on a canvas of its own; it
/// is shown at the output's frame times, whatever its own rate.
public enum PlanCompiler {
  /// `from` is inclusive, `to` exclusive (nil: from the start, to the end); output frame 0 is the frame at `from`.
  /// Size, rate, colour and shape in `settings` are set from the canvas. `decodeThreads` is for each video stream.
  /// Throws everything that is wrong with the project in the light of its media, with the places in the file.
  public static func compile(
    _ project: Project, media: [String: MediaInfo], from: TimeValue? = nil, to: TimeValue? = nil, settings: OutputSettings,
    decodeThreads: Int = 1
  ) throws(ProjectErrors) -> Plan {
    let output = FrameGrid(rate: project.canvas.rate)
    let context = PlanContext(media: media, output: output, deinterlaces: project.deinterlaces)
    let builder = TimelineBuilder(
      project: project, context: context, map: .identity, surface: Surface(bounds: project.canvas.bounds),
      within: TimeMap.always, prefix: project.path.isEmpty ? "" : project.path + ": ")
    let (items, length) = builder.items()
    if let errors = context.problems.found { throw errors }
    do throws(SluiceError) {
      let range = try cut(length, from, to, project)
      let segments = Visibility(bounds: project.canvas.bounds, format: project.canvas.format).segments(items, in: range)
      return try plan(project, context, segments, range, settings, decodeThreads)
    } catch {
      throw ProjectErrors(error)
    }
  }

  private static func plan(
    _ project: Project, _ context: PlanContext, _ segments: [PlanSegment], _ range: Range<Int64>, _ settings: OutputSettings,
    _ decodeThreads: Int
  ) throws(SluiceError) -> Plan {
    let frames = Int64(range.count)
    var streams = StreamTable(
      context: context, base: range.lowerBound, threads: decodeThreads, canvas: project.canvas,
      frameCount: frames)
    var layers = LayerTable(context: context, canvas: project.canvas, base: range.lowerBound)
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
    guard let changes = context.changes(from: range.lowerBound) else {
      throw SluiceError(.badInput, "the times of its keyframes have fractions too fine", at: project.path)
    }
    var plan = PlanBytes.encode(
      canvas: project.canvas, output: settings, frames: frames, sources: streams.sources, streams: sorted.streams,
      layers: layers.records(streamIndex: sorted.index), changes: changes, outputFilters: project.output.effects)
    guard plan.isSound else {
      throw SluiceError(
        .badInput, "the canvas or a source has a size, rate or shape beyond what a plan can hold", at: project.path,
        advice: "check the sources with sluice probe")
    }
    plan.warnings = context.problems.warnings
    return plan
  }

  private static func cut(_ length: Int64, _ from: TimeValue?, _ to: TimeValue?, _ project: Project) throws(SluiceError)
    -> Range<Int64>
  {
    guard length > 0 else {
      throw SluiceError(
        .badInput, "the timeline is empty: no enabled clip on an enabled video track", at: project.path,
        advice: "add a clip to \"tracks\"")
    }
    guard length <= TimeValue.maximumPlanFrames else {
      throw SluiceError(
        .badInput, "the timeline is \(length) frames long, more than \(TimeValue.maximumPlanFrames)", at: project.path,
        advice: "give the clips a \"duration\"")
    }
    let grid = FrameGrid(rate: project.canvas.rate)
    let end = grid.text(length)
    func frame(_ time: TimeValue?, _ option: String, _ otherwise: Int64) throws(SluiceError) -> Int64 {
      guard let time else { return otherwise }
      guard !time.isNegative, let frame = grid.firstFrame(from: time) else {
        throw SluiceError(.usage, "\(option) \(time): not a time of the timeline, which goes from 0 to \(end)")
      }
      return frame
    }
    let first = try frame(from, "--from", 0)
    guard first < length else {
      throw SluiceError(.usage, "--from \(from ?? .zero): the timeline ends at \(end)")
    }
    let last = min(try frame(to, "--to", length), length)
    guard first < last else {
      throw SluiceError(.usage, "--from \(from ?? .zero) --to \(to ?? .zero): no frame lies between them")
    }
    return first..<last
  }
}
