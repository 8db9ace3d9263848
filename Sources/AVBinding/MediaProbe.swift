import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Finds out what a source is, by opening it and decoding its first picture.
public enum MediaProbe {
  /// `path` is a file's path, or `lavfi:` and a filter graph. Throws 66 for a file that is not there, 65 for one that
  /// cannot be used. Safe from any thread.
  public static func probe(path: String) throws(SluiceError) -> MediaInfo {
    if path.hasPrefix(FilterSource.prefix) {
      return try probe(graph: String(path.dropFirst(FilterSource.prefix.count)))
    }
    let demuxer = try Demuxer(path: path)
    var info = MediaInfo(path: path, kind: .audio)
    info.container = demuxer.containerName
    (info.fileBytes, info.modified) = identity(path)
    info.audio = demuxer.audio
    guard demuxer.stream != nil else {
      if info.audio.isEmpty { throw SluiceError(.badInput, "no video in this file", at: path) }
      info.duration = demuxer.duration
      return info
    }
    info.video = try video(demuxer)
    info.kind = demuxer.isStill ? .image : .video
    info.duration = demuxer.isStill ? nil : demuxer.duration
    return info
  }

  private static func video(_ demuxer: Demuxer) throws(SluiceError) -> MediaInfo.Video {
    let meter = Meter()
    let decoder = try Decoder(demuxer, threads: 1, allocator: meter)
    let frame = try FrameBox()
    try firstPicture(demuxer, decoder, frame)
    guard let mapping = frame.mapping else {
      throw SluiceError(.badInput, "pictures of the format \(frame.formatName) cannot be used", at: demuxer.path)
    }
    try Decoder.checkSize(frame.width, frame.height, path: demuxer.path)
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
    return video
  }

  private static func firstPicture(_ demuxer: Demuxer, _ decoder: Decoder, _ frame: FrameBox) throws(SluiceError) {
    let packet = try PacketBox()
    var complaint: String?
    var ended = false
    while true {
      switch decoder.receive(into: frame) {
      case .done: return
      case .damaged(let text): complaint = text
      case .end:
        throw SluiceError(
          .badInput, "no picture could be decoded" + (complaint.map { ": \($0)" } ?? ""), at: demuxer.path,
          advice: "the file may be damaged or incomplete")
      case .blocked:
        if !ended, demuxer.read(into: packet) {
          if case .damaged(let text) = decoder.send(packet) { complaint = text }
        } else {
          ended = true
          _ = decoder.send(nil)
        }
      }
    }
  }

  private static func probe(graph: String) throws(SluiceError) -> MediaInfo {
    let path = FilterSource.prefix + graph
    let source = try FilterSource(graph)
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
    info.video = video
    return info
  }

  private static func describe(
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
    private let most = Mutex(0)
    var bytes: Int { most.withLock { $0 } }
    func memory(bytes: Int) -> (any PictureMemory)? {
      most.withLock { $0 = max($0, bytes) }
      return nil
    }
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

  var audio: [MediaInfo.Audio] {
    (0..<Int(context.pointee.nb_streams)).compactMap { index in
      guard let parameters = context.pointee.streams[index]?.pointee.codecpar,
        parameters.pointee.codec_type == AVMEDIA_TYPE_AUDIO
      else { return nil }
      var audio = MediaInfo.Audio()
      audio.codec = String(cString: avcodec_get_name(parameters.pointee.codec_id))
      audio.sampleRate = Int(parameters.pointee.sample_rate)
      audio.channels = Int(parameters.pointee.ch_layout.nb_channels)
      return audio
    }
  }

  /// `00:01:02.500000000`; nil for anything else.
  private static func clock(_ text: String) -> Rational? {
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
