import CSluice
import FrameModel
import SluiceBase

/// Gives every segment with a picture its decode stream. Segments that show the same source at the same source time
/// share one; a stream ends where no segment needs it, so that every frame it delivers is used.
struct StreamTable {
  let grid: FrameGrid
  /// Absolute frame that is output frame 0.
  let base: Int64
  let media: [String: MediaInfo]
  let threads: Int
  let canvas: Canvas

  private(set) var sources: [SourceRecord] = []
  private(set) var streams: [StreamRecord] = []
  /// Stream of every segment; -1 for a colour.
  private(set) var streamOfSegment: [Int] = []

  init(grid: FrameGrid, base: Int64, media: [String: MediaInfo], threads: Int, canvas: Canvas) {
    self.canvas = canvas
    self.grid = grid
    self.base = base
    self.media = media
    self.threads = max(1, threads)
  }

  private struct Key: Hashable {
    var source: Int
    var offset: Rational
    var number: Int64
    var tile: StillTile?
  }

  /// `segments` by rising first frame.
  mutating func assign(_ segments: [Segment], project: Project) throws(SluiceError) {
    var sourceOfKey: [String: Int] = [:]
    var latest: [Key: Int] = [:]
    streamOfSegment.reserveCapacity(segments.count)
    for segment in segments {
      guard case .picture(let name, let offset, let number) = segment.clip.content, let info = media[name] else {
        streamOfSegment.append(-1)
        continue
      }
      let source = sourceOfKey[name] ?? sources.count
      if source == sources.count {
        sourceOfKey[name] = source
        sources.append(Self.record(name, info))
      }
      let key = Key(source: source, offset: offset, number: number, tile: tile(segment.clip, info))
      let first = segment.first - base, end = segment.end - base
      if let index = latest[key], streams[index].endFrame >= first {
        streams[index].endFrame = max(streams[index].endFrame, end)
        streamOfSegment.append(index)
        continue
      }
      latest[key] = streams.count
      streamOfSegment.append(streams.count)
      streams.append(try stream(key, info, segment, first: first, end: end, project))
    }
    try checkWidth(project)
  }

  private func stream(
    _ key: Key, _ info: MediaInfo, _ segment: Segment, first: Int64, end: Int64, _ project: Project
  ) throws(SluiceError) -> StreamRecord {
    let isStill = info.kind == .image
    let step = isStill ? Rational.zero : grid.time(of: 1)
    let start = isStill ? Rational.zero : grid.time(of: segment.first).flatMap(key.offset.adding)
    guard let step, let start, Self.addExactly(start, step) else {
      throw SluiceError(
        .badInput, "the times of this clip have fractions too fine to be added exactly",
        at: project.path.isEmpty ? segment.clip.place : "\(project.path): \(segment.clip.place)",
        advice: "round them to microseconds")
    }
    let pictures = info.video?.pictureBuffers ?? 1
    let threads = isStill || info.path.hasPrefix("lavfi:") ? 1 : threads
    return StreamRecord(
      source: key.source, firstFrame: first, endFrame: end, start: start, step: step, number: key.number, threads: threads,
      slotBytes: key.tile.map(slotBytes) ?? info.video?.slotBytes ?? 0,
      slots: isStill ? (key.tile == nil ? pictures + 1 : 1) : pictures + threads, isStill: isStill, tile: key.tile)
  }

  private func slotBytes(_ tile: StillTile) -> Int {
    PlaneLayout.slotBytes(PlaneLayout(canvas.format, width: tile.width, height: tile.height).bytes)
  }

  /// How a still is scaled when it is decoded; nil where that would not be the picture that the renderer makes (alpha, a
  /// place between chroma samples) or saves nothing.
  private func tile(_ clip: ResolvedClip, _ info: MediaInfo) -> StillTile? {
    guard info.kind == .image, let video = info.video, !video.format.hasAlpha, canvas.sampleAspect == .one else { return nil }
    let place = clip.destination
    guard [place.x, place.y].allSatisfy({ $0.truncatingRemainder(dividingBy: 2) == 0 }),
      [place.width, place.height].allSatisfy({ $0 == $0.rounded() && $0 >= 1 })
    else { return nil }
    let tile = StillTile(source: clip.source, width: Int(place.width), height: Int(place.height))
    return slotBytes(tile) * 2 <= video.slotBytes ? tile : nil
  }

  /// Whether `start + k * step` fits 64 bits, with room to spare, for every frame of a plan.
  private static func addExactly(_ start: Rational, _ step: Rational) -> Bool {
    let ratio = Rational(start.den, step.den)
    return Int128(start.den) * Int128(ratio.den) <= 1 << 36
  }

  private static func record(_ key: String, _ info: MediaInfo) -> SourceRecord {
    let isGraph = key.hasPrefix("lavfi:")
    let video = info.video
    let rate = video.map { $0.averageRate > .zero ? $0.averageRate : $0.nominalRate } ?? .zero
    return SourceRecord(
      kind: isGraph ? .lavfi : .file, text: isGraph ? String(key.dropFirst(6)) : key, isStill: info.kind == .image,
      fileBytes: info.fileBytes, modified: info.modified, width: video?.width ?? 0, height: video?.height ?? 0, rate: rate)
  }

  /// A render job has a bounded number of inputs.
  private func checkWidth(_ project: Project) throws(SluiceError) {
    var changes = streams.flatMap { [($0.firstFrame, 1), ($0.endFrame, -1)] }
    changes.sort { $0 < $1 }
    var open = 0
    for (frame, change) in changes {
      open += change
      if open > Int(SLUICE_MAX_INPUTS) {
        throw SluiceError(
          .badInput, "frame \(frame + base) shows more than \(SLUICE_MAX_INPUTS) sources at once", at: project.path,
          advice: "render parts of it to files first")
      }
    }
  }
}
