import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase
import SystemBase
import TextDrawing

#if canImport(Glibc)
import Glibc
#endif

/// Finds out what a source is, by opening it and decoding its first picture.
public enum MediaProbe {
  /// What `key` (see `ProbeKey`) is, with its effects. Throws 66 for a file that is not there, 65 for one that cannot be
  /// used, and for effects in libavfilter's own words. Safe from any thread.
  public static func probe(path key: String) throws(SluiceError) -> MediaInfo {
    if let effect = SoundEffectKey(key) { return try SoundProbe.effect(effect) }
    guard let parsed = ProbeKey(key) else {
      throw SluiceError(.badInput, "this source's description is not complete", at: key)
    }
    if parsed.effects.isEmpty, case .file(let path) = parsed.source { return try file(path).info }
    var opened = try open(parsed.source)
    if !parsed.effects.isEmpty {
      guard let chain = EffectChain(json: parsed.effects) else {
        throw SluiceError(.badInput, "its effects are not what they should be", at: key)
      }
      try EffectProbe.apply(chain, to: &opened, of: parsed.source)
    }
    opened.info.path = key
    return opened.info
  }

  /// A source as it was found, with its first picture.
  struct Opened {
    var info: MediaInfo
    /// nil: no picture in it.
    var picture: FrameBox?
    var traits = StreamTraits()
    var timeBase = Rational(1, 1_000_000)
  }

  private static func open(_ source: SourceKey) throws(SluiceError) -> Opened {
    switch source {
    case .file(let path): return try file(path)
    case .filterGraph(let text): return try graph(text)
    case .sequence(let key): return try sequence(key)
    case .title(let key):
      var info = MediaInfo(path: "", kind: .image)
      info.container = "title"
      if let other = TitlePicture.substitute(for: key.font) {
        info.notes.append(missing(key.font, other))
      }
      let unknown = TitlePicture.unknownCharacters(key)
      if unknown > 0 { info.notes.append("no installed font has \(unknown) of its characters: boxes stand for them") }
      return Opened(info: info, picture: try DrawnPicture.title(key)).drawn("pango")
    case .subtitles(let key):
      let track = try SubtitleFile.track(key)
      guard let span = track.span else { throw SluiceError(.badInput, "no subtitles in this file", at: key.path) }
      var info = MediaInfo(path: "", kind: .video)
      info.container = "subtitles"
      info.duration = Rational(max(span.upperBound, 0), 1000)
      (info.fileBytes, info.modified) = identity(key.path)
      if let font = key.font, let other = TitlePicture.substitute(for: font) {
        info.notes.append(missing(font, other))
      }
      if track.isScript, key.size != nil || key.color != nil {
        info.notes.append("the file has styles of its own: size and colour are not used")
      }
      _ = track.changes(at: span.lowerBound)
      return Opened(info: info, picture: try DrawnPicture.subtitles(track, key), timeBase: Rational(1, 1000)).drawn("libass")
    }
  }

  /// Of a font that is not installed.
  private static func missing(_ font: String, _ other: String) -> String {
    let nearest = TitlePicture.nearest(to: font).flatMap { $0 == other ? nil : " (did you mean \"\($0)\"?)" } ?? ""
    return "the font \"\(font)\" is not installed\(nearest); \"\(other)\" stands in for it"
  }

  private static func file(_ path: String) throws(SluiceError) -> Opened {
    let demuxer = try Demuxer(path: path)
    var info = MediaInfo(path: path, kind: .audio)
    info.container = demuxer.containerName
    (info.fileBytes, info.modified) = identity(path)
    info.soundZero = demuxer.soundZero
    info.audio = demuxer.audio(zero: info.soundZero)
    guard demuxer.stream != nil else {
      if info.audio.isEmpty { throw SluiceError(.badInput, "neither video nor sound in this file", at: path) }
      info.duration = info.audio[0].end ?? demuxer.duration
      return Opened(info: info)
    }
    let (video, picture) = try video(demuxer)
    info.video = video
    info.kind = demuxer.isStill ? .image : .video
    info.duration = demuxer.isStill ? nil : demuxer.duration
    return Opened(info: info, picture: picture, traits: demuxer.traits, timeBase: demuxer.timeBase)
  }

  private static func sequence(_ key: SequenceKey) throws(SluiceError) -> Opened {
    let files = try SequenceFiles(key, list: Folder.names)
    var opened = try file(files.path(files.numbers[0]))
    guard opened.info.video != nil else { throw SluiceError(.badInput, "no picture in this file", at: opened.info.path) }
    opened.info.kind = .video
    opened.info.container = "sequence"
    opened.info.audio = []
    opened.info.soundZero = .zero
    opened.info.duration = Rational(files.count) / key.rate
    opened.info.video?.frames = files.count
    opened.info.video?.averageRate = key.rate
    opened.info.video?.nominalRate = key.rate
    // One picture of each file; none is held for the next.
    opened.info.fileBytes = 0
    opened.info.modified = 0
    for number in files.numbers {
      let (bytes, modified) = identity(files.path(number))
      opened.info.fileBytes &+= bytes
      opened.info.modified = max(opened.info.modified, modified)
    }
    if let missing = files.missing {
      let rest = missing.count > 1 ? " and \(missing.count - 1) more are" : " is"
      opened.info.notes.append("\(files.path(missing.first))\(rest) missing; the picture before is held")
    }
    opened.timeBase = .one / key.rate
    return opened
  }

  private static func video(_ demuxer: Demuxer) throws(SluiceError) -> (MediaInfo.Video, FrameBox) {
    let meter = Meter()
    let decoder = try Decoder(demuxer, threads: 1, allocator: meter)
    let frame = try FrameBox()
    try decoder.decodeFirst(of: demuxer, into: frame, advice: "the file may be damaged or incomplete")
    guard let mapping = frame.mapping else {
      throw SluiceError(.badInput, "pictures of the format \(frame.formatName) cannot be used", at: demuxer.path)
    }
    try PictureBound.check(frame.width, frame.height, frame.format, path: demuxer.path)
    var video = describe(frame, demuxer.traits, mapping)
    video.codec = String(cString: avcodec_get_name(decoder.context.pointee.codec_id))
    if !demuxer.isStill, let stream = demuxer.stream {
      video.averageRate = Rational(stream.pointee.avg_frame_rate)
      video.nominalRate = Rational(stream.pointee.r_frame_rate)
      video.frames = stream.pointee.nb_frames > 0 ? stream.pointee.nb_frames : nil
    } else {
      video.frames = 1
    }
    // Only a codec that decodes into slots needs slots for the pictures that it holds.
    if meter.bytes > 0 { video.pictureBuffers = PictureBuffers.count(decoder.context) }
    video.slotBytes = max(video.slotBytes, PlaneLayout.slotBytes(meter.bytes))
    video.sourceBytes = video.slotBytes
    video.sourceBuffers = video.pictureBuffers
    return (video, frame)
  }

  private static func graph(_ graph: String) throws(SluiceError) -> Opened {
    let path = SourceKey.graphPrefix + graph
    let sound = SoundProbe.graph(graph)
    let source: FilterSource
    do throws(SluiceError) {
      source = try FilterSource(graph)
    } catch {
      guard let sound else { throw error }
      return Opened(info: sound)
    }
    let frame = try FrameBox()
    guard try source.next(into: frame) else { throw SluiceError(.badInput, "the filter graph makes no picture", at: path) }
    guard let mapping = frame.mapping else {
      throw SluiceError(.badInput, "pictures of the format \(frame.formatName) cannot be used", at: path)
    }
    var info = MediaInfo(path: path, kind: .video)
    info.container = "lavfi"
    var video = describe(frame, StreamTraits(), mapping)
    video.codec = "lavfi"
    video.averageRate = source.rate
    video.nominalRate = source.rate
    video.sourceBytes = video.slotBytes
    info.video = video
    info.audio = sound?.audio ?? []
    return Opened(info: info, picture: frame, timeBase: source.timeBase)
  }

  static func describe(
    _ frame: FrameBox, _ traits: StreamTraits, _ mapping: PixelFormatMap.Mapping
  ) -> MediaInfo.Video {
    let description = frame.description(traits, format: mapping.format)
    var video = MediaInfo.Video()
    video.width = frame.width
    video.height = frame.height
    video.format = mapping.format
    video.sourceFormat = frame.formatName
    video.sampleAspect = description.sampleAspect
    video.rotation = description.rotation
    video.mirrored = description.mirrored
    video.color = description.color
    video.interlaced = description.interlaced
    video.slotBytes = PlaneLayout.slotBytes(PlaneLayout(mapping.format, width: frame.width, height: frame.height).bytes)
    return video
  }

  private static func identity(_ path: String) -> (bytes: Int64, modified: Int64) {
    var status = stat()
    guard stat(path, &status) == 0 else { return (0, 0) }
    return (Int64(status.st_size), Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec))
  }

  /// Notes what `get_buffer2` asks for, and leaves the memory to libavcodec.
  private final class Meter: PictureAllocator {
    private let most = Monitor(0)
    var bytes: Int { most.with { $0 } }
    func memory(bytes: Int) -> (any PictureMemory)? {
      most.with { $0 = max($0, bytes) }
      return nil
    }
  }
}

extension MediaProbe.Opened {
  /// Of a picture that a library drew.
  fileprivate func drawn(_ library: String) -> Self {
    var result = self
    guard let picture, let mapping = picture.mapping else { return self }
    var video = MediaProbe.describe(picture, traits, mapping)
    video.codec = library
    video.frames = info.kind == .image ? 1 : nil
    video.sourceBytes = video.slotBytes
    result.info.video = video
    return result
  }
}

extension Demuxer {
  /// From the first picture to the end of the last, by stream, by Matroska's tag, or else by the container.
  var duration: Rational? {
    if let stream, stream.pointee.duration > 0, stream.pointee.duration != Int64.max,
      let ticks = timestamp(stream.pointee.duration)
    {
      return Rational(reducing: Int128(ticks) * Int128(timeBase.num), Int128(timeBase.den))
    }
    if let stream, let tag = av_dict_get(stream.pointee.metadata, "DURATION", nil, 0),
      let seconds = Self.clock(String(cString: tag.pointee.value))
    {
      return seconds
    }
    guard let whole = timestamp(context.pointee.duration), whole > 0 else { return nil }
    return Rational(reducing: Int128(whole), Int128(sluice_av_time_base()))
  }

  /// `00:01:02.500000000`; nil for anything else.
  static func clock(_ text: String) -> Rational? {
    let parts = text.split(separator: ":")
    guard parts.count == 3, let hours = Int64(parts[0]), let minutes = Int64(parts[1]) else { return nil }
    let seconds = parts[2].split(separator: ".")
    guard let whole = seconds.first.flatMap({ Int64($0) }), (0..<1_000_000).contains(hours) else { return nil }
    let fraction = seconds.count > 1 ? String(seconds[1].prefix(6)) : "0"
    guard let micro = Int64(fraction), micro >= 0 else { return nil }
    var scale: Int64 = 1
    for _ in fraction { scale *= 10 }
    let total = Rational(hours * 3600 + minutes * 60 + whole) + Rational(micro, scale)
    return total > .zero ? total : nil
  }
}
