import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Reads the packets of one stream of a file: the best of video, or one of sound. Everything else in the file is skipped. Used from
/// one thread.
public final class Demuxer {
  public static let maxSide = 16384
  public static let maxPixels = 400_000_000

  public let path: String
  private let file: UnsafeMutablePointer<AVIOContext>?
  let context: UnsafeMutablePointer<AVFormatContext>
  /// nil when the file has no such stream.
  let stream: UnsafeMutablePointer<AVStream>?
  /// The last complaint of libavformat or libavcodec while the file was opened.
  let openingMessage: String?

  /// Opens and analyses a file. Throws 66 when it is not there, 65 when it is not media.
  /// - Parameter sound: index among its sound streams; nil: video.
  public init(path: String, sound: Int? = nil) throws(SluiceError) {
    try Self.check(path)
    self.path = path
    _ = PictureBound.installed
    let (opened, message) = AVLog.capture { Self.open(path) }
    switch opened {
    case .failure(let error):
      if let format = error.format { throw MediaFormats.refusal(format, path: path) }
      if let refusal = PictureBound.refusal(message, path: path) { throw refusal }
      let reason = AVErrorText.text(error.code)
      let detail = message.map { $0.lowercased() == reason.lowercased() ? "" : " (\($0))" } ?? ""
      throw SluiceError(.badInput, "not a readable media file: \(reason)\(detail)", at: path)
    case .success(let parts):
      (context, file) = parts
    }
    openingMessage = message
    let best =
      sound.map { [context] in Self.soundStream(context, $0) } ?? av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
    stream = best >= 0 ? context.pointee.streams[Int(best)] : nil
    for index in 0..<Int(context.pointee.nb_streams) where index != Int(best) {
      context.pointee.streams[index]?.pointee.discard = AVDISCARD_ALL
    }
    // A picture without a size is one that libavcodec refused; a good stream beside a monstrous cover stays.
    if sound == nil, stream?.pointee.codecpar.pointee.width ?? 0 == 0,
      let refusal = PictureBound.refusal(message, path: path)
    {
      throw refusal
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = context
    avformat_close_input(&context)
    var file = file
    avio_closep(&file)
  }

  /// Container time of source time 0, in `AV_TIME_BASE` units.
  ///
  /// Of a file with pictures the first picture's: sound that begins a little earlier (a codec's delay) must not shift them.
  public var startTime: Int64 {
    if let stream, stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO,
      let ticks = timestamp(stream.pointee.start_time),
      let time = Rational(reducing: Int128(ticks) * Int128(timeBase.num), Int128(timeBase.den)), time.isModest,
      let micro = Rational(reducing: Int128(time.num) * 1_000_000, Int128(time.den))
    {
      return micro.rounded
    }
    return timestamp(context.pointee.start_time) ?? 0
  }
  /// Seconds a tick, as the stream's numerator and denominator.
  public var timeBase: Rational {
    guard let base = stream?.pointee.time_base, base.num > 0, base.den > 0 else { return Rational(1, 1_000_000) }
    return Rational(Int64(base.num), Int64(base.den))
  }
  /// Average rate, else the nominal one; zero when unknown.
  public var rate: Rational {
    guard let stream else { return .zero }
    let average = Rational(stream.pointee.avg_frame_rate)
    return average > .zero ? average : Rational(stream.pointee.r_frame_rate)
  }
  public var containerName: String { context.pointee.iformat.map { String(cString: $0.pointee.name) } ?? "" }
  /// One picture that has no time: an image file, or the cover of a sound file.
  public var isStill: Bool {
    guard let stream else { return false }
    if stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 { return true }
    let name = containerName
    if name == "image2" || name.hasSuffix("_pipe") { return name != "gif_pipe" }
    let brand = av_dict_get(context.pointee.metadata, "major_brand", nil, 0).map { String(cString: $0.pointee.value) }
    return brand == "avif" || brand == "mif1"
  }

  /// Sample aspect and orientation by the container; frames may know better.
  public var traits: StreamTraits {
    var traits = StreamTraits()
    guard let stream else { return traits }
    let aspect = Rational(stream.pointee.sample_aspect_ratio)
    if aspect > .zero { traits.sampleAspect = aspect }
    var size = 0
    if let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size), size >= 36 {
      traits.orientation = data.withMemoryRebound(to: Int32.self, capacity: 9) { Orientation(displayMatrix: $0) }
    }
    return traits
  }

  /// Why the last `read` gave no packet, where that was not the end of the file.
  public private(set) var failure: String?

  /// The next packet of the stream; false at the end of the file, or where it cannot be read further.
  public func read(into packet: PacketBox) -> Bool {
    packet.clear()
    failure = nil
    guard let stream else { return false }
    var patience = 1000
    while true {
      let code = av_read_frame(context, packet.raw)
      if code == AVErrorText.again, patience > 0 {
        patience -= 1
        continue
      }
      guard code >= 0 else {
        if code != AVErrorText.endOfFile { failure = AVErrorText.text(code) }
        return false
      }
      if packet.raw.pointee.stream_index == stream.pointee.index { return true }
      packet.clear()
    }
  }

  /// The packet holds a picture that is only a reference and never shown by itself.
  public func hidesPicture(_ packet: PacketBox) -> Bool {
    guard let codec = stream?.pointee.codecpar.pointee.codec_id else { return false }
    return packet.isHiddenVP8(codec)
  }

  /// Goes to a key frame at or before `tick`, as far as the container can tell: its index may count decoding times, so
  /// the pictures that follow say where this really is. false when the container cannot seek.
  public func seek(to tick: Int64) -> Bool {
    guard let stream else { return false }
    return AVLog.capture {
      avformat_seek_file(context, stream.pointee.index, Int64.min, tick, tick, AVSEEK_FLAG_BACKWARD) >= 0
    }.0
  }

  /// Tick of the key frame before `tick` by the container's index; nil when it has none.
  public func indexedKey(before tick: Int64) -> Int64? {
    guard let stream else { return nil }
    let index = av_index_search_timestamp(stream, tick, AVSEEK_FLAG_BACKWARD)
    guard index >= 0, let entry = avformat_index_get_entry(stream, index) else { return nil }
    return entry.pointee.timestamp
  }

  private static func soundStream(_ context: UnsafeMutablePointer<AVFormatContext>, _ number: Int) -> Int32 {
    var left = number
    for index in 0..<Int(context.pointee.nb_streams)
    where context.pointee.streams[index]?.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO {
      if left == 0 { return Int32(index) }
      left -= 1
    }
    return -1
  }

  private struct OpenFailure: Error {
    var code: Int32
    /// Name of the format that is refused.
    var format: String? = nil
  }

  private static func check(_ path: String) throws(SluiceError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let code = errno
      throw SluiceError(.noInput, code == ENOENT ? "no such file" : String(cString: strerror(code)).lowercased(), at: path)
    }
    if let kind = NamedFiles.kind(status.st_mode) {
      throw SluiceError(.badInput, "is \(kind), not a media file", at: path)
    }
    if status.st_size == 0 { throw SluiceError(.badInput, "the file is empty", at: path) }
    guard access(path, R_OK) == 0 else {
      throw SluiceError(.noInput, String(cString: strerror(errno)).lowercased(), at: path)
    }
  }

  /// By content first: a name full of `%d` or an image's extension must not make libavformat look for other files.
  /// What has no signature (TGA) is then opened by its name.
  private static func open(
    _ path: String
  ) -> Result<(UnsafeMutablePointer<AVFormatContext>, UnsafeMutablePointer<AVIOContext>?), OpenFailure> {
    let url = "file:" + path
    var file: UnsafeMutablePointer<AVIOContext>?
    let code = avio_open2(&file, url, AVIO_FLAG_READ, nil, nil)
    guard code >= 0, let opened = file else { return .failure(OpenFailure(code: code)) }
    let first: Result<UnsafeMutablePointer<AVFormatContext>, OpenFailure>
    let (format, found) = MediaFormats.probe(opened)
    if let format {
      let name = String(cString: format.pointee.name)
      first =
        MediaFormats.allows(name)
        ? open(url: "", file: file, format: format) : .failure(OpenFailure(code: found, format: name))
    } else {
      first = .failure(OpenFailure(code: found))
    }
    switch first {
    case .success(let context): return .success((context, file))
    case .failure(let error):
      avio_closep(&file)
      guard let dot = path.lastIndex(of: "."), path[dot...].lowercased() == ".tga" else { return .failure(error) }
      return open(url: url, file: nil, options: ["pattern_type": "none"]).map { ($0, nil) }
    }
  }

  private static func open(
    url: String, file: UnsafeMutablePointer<AVIOContext>?, format: UnsafePointer<AVInputFormat>? = nil,
    options: [String: String] = [:]
  ) -> Result<UnsafeMutablePointer<AVFormatContext>, OpenFailure> {
    var context = avformat_alloc_context()
    guard context != nil else { return .failure(OpenFailure(code: AVErrorText.noMemory)) }
    context?.pointee.pb = file
    var dictionary: OpaquePointer?
    av_dict_set(&dictionary, "protocol_whitelist", "file", 0)
    av_dict_set(&dictionary, "format_whitelist", MediaFormats.list, 0)
    for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
    let code = avformat_open_input(&context, url, format, &dictionary)
    av_dict_free(&dictionary)
    guard code >= 0, let opened = context else { return .failure(OpenFailure(code: code)) }
    // Analysing decodes a little: an absurd picture size must not be allocated.
    var limits = [OpaquePointer?](repeating: nil, count: Int(opened.pointee.nb_streams))
    for index in limits.indices { av_dict_set(&limits[index], "max_pixels", "\(PictureBound.pixels)", 0) }
    let found = avformat_find_stream_info(opened, &limits)
    for index in limits.indices { av_dict_free(&limits[index]) }
    guard found >= 0 else {
      avformat_close_input(&context)
      return .failure(OpenFailure(code: found))
    }
    return .success(opened)
  }
}
