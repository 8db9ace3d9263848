import CSluice
import FrameModel
import Plan
import SluiceBase

/// Gives every picture that is seen its decode stream. Pictures that show the same source at the same source time share one. A
/// stream ends when nothing needs it, so that every frame it delivers is used.
struct StreamTable {
  let context: PlanContext
  /// The timeline's frame that is output frame 0.
  let base: Int64
  let threads: Int
  let canvas: Canvas
  /// Frames of the output. Streams whose effects have a memory start again with each of its segments.
  let frameCount: Int64

  private(set) var sources: [SourceRecord] = []
  /// Sorted by rising first frame after all calls of `assign`.
  private(set) var streams: [StreamRecord] = []
  private var sourceOfKey: [String: Int] = [:]
  private var latest: [Key: Int] = [:]

  /// Source pictures that effects with a memory have seen before the first one that is shown.
  static let warmUp = 16

  init(context: PlanContext, base: Int64, threads: Int, canvas: Canvas, frameCount: Int64) {
    self.context = context
    self.base = base
    self.threads = Swift.max(1, threads)
    self.canvas = canvas
    self.frameCount = frameCount
  }

  private struct Key: Hashable {
    var picture: PlanItem.Picture
    var tile: StillTile?
    /// End of the segment, for effects with a memory, which start again there; 0 for others.
    var part: Int64 = 0
  }

  /// A picture that is seen, with its frames of the timeline and its place in the project.
  struct Use {
    var picture: PlanItem.Picture
    var tile: StillTile?
    var frames: Range<Int64>
    var place: String
  }

  /// The pieces of `use`, each with its stream. Call it with uses in order of their first frames.
  mutating func assign(_ use: Use) throws(SluiceError) -> [(frames: Range<Int64>, stream: Int)] {
    var result: [(frames: Range<Int64>, stream: Int)] = []
    for frames in parts(use) { result.append((frames, try stream(use, frames))) }
    return result
  }

  /// Effects with a memory start again in every segment.
  private func beginsAnew(_ picture: PlanItem.Picture) -> Bool {
    !picture.effects.isEmpty && !picture.isStill && !EffectTraits.isStateless(picture.effects)
  }

  /// The pieces between the frames at which effects start again.
  private func parts(_ use: Use) -> [Range<Int64>] {
    guard beginsAnew(use.picture) else { return [use.frames] }
    var parts: [Range<Int64>] = []
    var first = use.frames.lowerBound
    while first < use.frames.upperBound {
      let end = min(base + Segment.end(after: first - base, of: frameCount), use.frames.upperBound)
      parts.append(first..<end)
      first = end
    }
    return parts
  }

  private mutating func stream(_ use: Use, _ frames: Range<Int64>) throws(SluiceError) -> Int {
    let first = frames.lowerBound - base, end = frames.upperBound - base
    let part = beginsAnew(use.picture) ? Segment.end(after: first, of: frameCount) : 0
    let key = Key(picture: use.picture, tile: use.tile, part: part)
    if let index = latest[key], streams[index].endFrame >= first || isKept(index, until: first) {
      streams[index].endFrame = Swift.max(streams[index].endFrame, end)
      return index
    }
    guard let info = context.media[use.picture.key] else { return -1 }
    latest[key] = streams.count
    streams.append(try record(use, info, first: first, end: end))
    return streams.count - 1
  }

  /// A small still that is needed again soon is kept and not decoded again.
  private func isKept(_ index: Int, until frame: Int64) -> Bool {
    let stream = streams[index]
    guard stream.isStill, stream.tile != nil else { return false }
    return Double(frame - stream.endFrame) <= canvas.rate.double * 60 && stream.slotBytes <= 1 << 20
  }

  private mutating func record(_ use: Use, _ info: MediaInfo, first: Int64, end: Int64) throws(SluiceError) -> StreamRecord {
    let picture = use.picture
    let output = context.output
    let moves = !picture.isStill
    guard let one = output.time(of: 1), let now = output.time(of: base + first) else {
      throw SluiceError(.badInput, "this clip is too far away", at: use.place, advice: "give it an earlier \"at\"")
    }
    let (start, step) = Self.fitted(picture.time.at(now), one.times(picture.time.speed))
    let (keyStart, keyStep) = Self.fitted(picture.keys.at(now), one.times(picture.keys.speed))
    let video = info.video ?? MediaInfo.Video()
    let isImage = info.kind == .image
    let deinterlace = video.interlaced && !isImage && context.deinterlaces
    // Pictures with effects, and those played backwards, are put into slots when they are finished; no codec holds these slots.
    let isPrivate = !picture.effects.isEmpty || deinterlace || step < .zero
    let threads = isImage || info.path.hasPrefix(SourceKey.graphPrefix) ? 1 : threads
    var stream = StreamRecord(
      source: source(picture.key, info), firstFrame: first, endFrame: end, start: start, step: moves ? step : .zero,
      number: picture.number, threads: threads, slotBytes: use.tile.map { $0.slotBytes(canvas) } ?? video.slotBytes,
      slots: isPrivate
        ? (moves ? 2 : 1) : isImage ? (use.tile == nil ? video.pictureBuffers + 1 : 1) : video.pictureBuffers + threads,
      isStill: picture.isStill, tile: use.tile)
    stream.effects = picture.effects
    stream.deinterlace = deinterlace
    stream.warmUp = !picture.effects.isEmpty && moves && !EffectTraits.isStateless(picture.effects) ? Self.warmUp : 0
    stream.parameters = picture.parameters
    stream.privateBytes = StreamMemory.privateBytes(
      video, threads: threads, effects: stream.effects, deinterlace: deinterlace, isReverse: step < .zero,
      warmUp: stream.warmUp)
    stream.keyStart = keyStart
    stream.keyStep = keyStep
    stream.workerFilters = picture.workers
    return stream
  }

  /// `start + k * step` fits 64 bits, with room to spare, for every frame of a plan: both have a common denominator of at most
  /// 2^36. Those that do not are rounded, so that a clip of a day is off by some microseconds at its end.
  private static func fitted(_ start: Rational, _ step: Rational) -> (start: Rational, step: Rational) {
    let most: Int64 = 1 << 36
    let ratio = Rational(start.den, step.den)
    if Int128(start.den) * Int128(ratio.den) <= Int128(most) { return (start, step) }
    let step = step.den <= most ? step : step.simplest(within: 1e-12).rounded(to: most)
    return (start.rounded(to: most / step.den * step.den), step)
  }

  /// The source's record. Effects belong to the stream and are not in it.
  mutating func source(_ key: String, _ info: MediaInfo) -> Int {
    let plain = ProbeKey(key)?.text ?? key
    if let index = sourceOfKey[plain] { return index }
    let video = info.video
    let rate = video.map { $0.averageRate > .zero ? $0.averageRate : $0.nominalRate } ?? .zero
    sourceOfKey[plain] = sources.count
    let kind = SourceRecord.Kind(SourceKey(plain))
    let text = kind == .lavfi ? String(plain.dropFirst(SourceKey.graphPrefix.count)) : plain
    sources.append(
      SourceRecord(
        kind: kind, text: text, isStill: info.kind == .image, fileBytes: info.fileBytes, modified: info.modified,
        width: video?.width ?? 0, height: video?.height ?? 0, rate: rate))
    return sources.count - 1
  }

  /// Streams by rising first frame, and for each old index its new one.
  func sorted() -> (streams: [StreamRecord], index: [Int]) {
    let order = streams.indices.sorted { (streams[$0].firstFrame, $0) < (streams[$1].firstFrame, $1) }
    var index = [Int](repeating: 0, count: streams.count)
    for (new, old) in order.enumerated() { index[old] = new }
    return (order.map { streams[$0] }, index)
  }

  /// Throws when a frame needs more pictures than a render job can have.
  func checkWidth(_ path: String) throws(SluiceError) {
    var changes = streams.flatMap { [($0.firstFrame, 1), ($0.endFrame, -1)] }
    changes.sort { $0 < $1 }
    var open = 0
    for (frame, change) in changes {
      open += change
      if open > Int(SLUICE_MAX_INPUTS) {
        throw SluiceError(
          .badInput, "frame \(frame + base) shows more than \(SLUICE_MAX_INPUTS) sources at once", at: path,
          advice: "render parts of it to files first")
      }
    }
  }
}
