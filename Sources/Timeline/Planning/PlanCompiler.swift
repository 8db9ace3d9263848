import CSluice
import FrameModel
import SluiceBase

/// Turns a project and what is known of its media into a plan. Pure: no file is opened, equal inputs give equal bytes.
///
/// Frame n stands at n / rate and shows the clips with at <= n / rate < at + duration. What can never be seen makes no
/// layer and no stream: clips that are disabled, transparent, off the canvas, or behind one opaque clip above; the
/// time in which a clip is covered is cut out of it. The length is the end of the last enabled clip with a picture.
public enum PlanCompiler {
  /// `from` is inclusive, `to` exclusive (nil: from the start, to the end); output frame 0 is the frame at `from`.
  /// Size, rate, colour and shape in `settings` are set from the canvas. `decodeThreads` is for each video stream.
  /// Throws what is wrong with the project in the light of its media, with the place in the file.
  public static func compile(
    _ project: Project, media: [String: MediaInfo], from: TimeValue? = nil, to: TimeValue? = nil, settings: OutputSettings,
    decodeThreads: Int = 1
  ) throws(SluiceError) -> Plan {
    let resolver = ClipResolver(project: project, media: media)
    let tracks = try resolver.tracks()
    let length = tracks.lazy.flatMap { $0 }.map(\.end).max() ?? 0
    let range = try cut(length, from, to, project)

    let segments = Visibility(canvas: project.canvas, tracks: tracks).segments(in: range)
    var streams = StreamTable(
      grid: FrameGrid(rate: project.canvas.rate), base: range.lowerBound, media: media, threads: decodeThreads,
      canvas: project.canvas)
    try streams.assign(segments, project: project)

    var settings = settings
    settings.width = project.canvas.width
    settings.height = project.canvas.height
    settings.sampleAspect = project.canvas.sampleAspect
    settings.rate = project.canvas.rate
    settings.color = project.canvas.color
    let layers = segments.enumerated().map { index, segment in
      let stream = streams.streamOfSegment[index]
      var layer = segment.clip.layer(stream: stream)
      if stream >= 0, let tile = streams.streams[stream].tile {
        layer.source = Rect(x: 0, y: 0, width: Double(tile.width), height: Double(tile.height))
      }
      return PlanBytes.LayerRecord(
        first: segment.first - range.lowerBound, end: segment.end - range.lowerBound, order: segment.track, layer: layer)
    }
    let plan = PlanBytes.encode(
      canvas: project.canvas, output: settings, frames: Int64(range.count), sources: streams.sources, streams: streams.streams,
      layers: layers)
    guard plan.isSound else {
      throw SluiceError(
        .badInput, "the canvas or a source has a size, rate or shape beyond what a plan can hold", at: project.path,
        advice: "check the sources with sluice probe")
    }
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
