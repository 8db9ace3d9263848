import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import FrameModel
import SluiceBase
import SystemBase
import TextDrawing

#if canImport(Glibc)
import Glibc
#endif

/// Reads a subtitle file into a track: a script (ASS, SSA) by libass itself, everything else (SRT, WebVTT, a container's
/// first subtitle stream) by libavformat and libavcodec.
public enum SubtitleFile {
  /// Throws 66 for a file that is not there, 65 with the reason for one without subtitles that can be drawn.
  public static func track(_ key: SubtitlesKey) throws(SluiceError) -> SubtitleTrack {
    try NamedFiles.check(key.path)
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try System.readFile(key.path, limit: 64 << 20)
    } catch {
      throw SluiceError(.noInput, error.errno == ENOENT ? "no such file" : error.reason.lowercased(), at: key.path)
    }
    guard !bytes.isEmpty else { throw SluiceError(.badInput, "the file is empty", at: key.path) }
    let track: SubtitleTrack
    if isScript(bytes) {
      track = try SubtitleTrack(key, script: bytes)
    } else {
      let (events, header) = try SubtitleReader(key.path).read()
      track = try SubtitleTrack(key, events: events, header: header)
    }
    guard track.eventCount > 0 else { throw SluiceError(.badInput, "no subtitles in this file", at: key.path) }
    return track
  }

  static func isScript(_ bytes: [UInt8]) -> Bool {
    String(decoding: bytes.prefix(4096), as: UTF8.self).lowercased().contains("[script info]")
  }
}

/// One subtitle stream, decoded as a whole. Used from one thread.
private final class SubtitleReader {
  private let path: String
  private var format: UnsafeMutablePointer<AVFormatContext>?
  private var codec: UnsafeMutablePointer<AVCodecContext>?
  private var index: Int32 = -1
  private var timeBase = AVRational(num: 1, den: 1000)

  init(_ path: String) throws(SluiceError) {
    self.path = path
    let (code, message) = AVLog.capture { () -> Int32 in
      var options: OpaquePointer?
      av_dict_set(&options, "protocol_whitelist", "file", 0)
      av_dict_set(&options, "format_whitelist", MediaFormats.list, 0)
      defer { av_dict_free(&options) }
      let opened = avformat_open_input(&format, "file:" + path, nil, &options)
      return opened < 0 ? opened : avformat_find_stream_info(format, nil)
    }
    guard code >= 0, let format else {
      if message?.contains("not on whitelist") == true {
        throw SluiceError(
          .badInput, "files of this format are not read as subtitles", at: path, advice: "save it as .srt or .ass")
      }
      let detail = message.map { " (\($0))" } ?? ""
      throw SluiceError(.badInput, "not a readable subtitle file: \(AVErrorText.text(code))\(detail)", at: path)
    }
    index = av_find_best_stream(format, AVMEDIA_TYPE_SUBTITLE, -1, -1, nil, 0)
    guard index >= 0, let stream = format.pointee.streams[Int(index)], let parameters = stream.pointee.codecpar else {
      throw SluiceError(.badInput, "no subtitles in this file", at: path)
    }
    timeBase = stream.pointee.time_base
    let id = parameters.pointee.codec_id
    let name = String(cString: avcodec_get_name(id))
    let isText = avcodec_descriptor_get(id).map { $0.pointee.props & AV_CODEC_PROP_TEXT_SUB != 0 } ?? false
    guard isText, let decoder = avcodec_find_decoder(id), let codec = avcodec_alloc_context3(decoder) else {
      throw SluiceError(
        .badInput, "its subtitles are \(isText ? "of an unknown kind, \(name)" : "pictures (\(name)), not text")", at: path)
    }
    self.codec = codec
    avcodec_parameters_to_context(codec, parameters)
    codec.pointee.pkt_timebase = timeBase
    let (opened, complaint) = AVLog.capture { avcodec_open2(codec, decoder, nil) }
    guard opened >= 0 else {
      throw SluiceError(.badInput, "cannot open the \(name) decoder: \(complaint ?? AVErrorText.text(opened))", at: path)
    }
  }

  deinit {
    avcodec_free_context(&codec)
    avformat_close_input(&format)
  }

  /// Events, and the script's header where the stream has styles of its own. Throws 65 for text that cannot be decoded.
  func read() throws(SluiceError) -> (events: [SubtitleTrack.Event], header: String?) {
    let packet = try PacketBox()
    var events: [SubtitleTrack.Event] = []
    while let format, let codec {
      packet.clear()
      guard av_read_frame(format, packet.raw) >= 0 else { break }
      guard packet.raw.pointee.stream_index == index else { continue }
      var subtitle = AVSubtitle()
      var got: Int32 = 0
      let (code, message) = AVLog.capture { avcodec_decode_subtitle2(codec, &subtitle, &got, packet.raw) }
      let start = av_rescale_q(packet.pts ?? 0, timeBase, AVRational(num: 1, den: 1000))
      guard code >= 0 else {
        let reason = message ?? AVErrorText.text(code)
        throw SluiceError(
          .badInput, "the subtitle at \(start) ms: \(reason)", at: path,
          advice: reason.contains("UTF-8") ? "save it as UTF-8" : "")
      }
      guard got != 0 else { continue }
      defer { avsubtitle_free(&subtitle) }
      let length = av_rescale_q(packet.raw.pointee.duration, timeBase, AVRational(num: 1, den: 1000))
      for number in 0..<Int(subtitle.num_rects) {
        guard let line = subtitle.rects[number]?.pointee.ass else { continue }
        events.append(SubtitleTrack.Event(start: start, duration: length, line: String(cString: line)))
      }
    }
    let isScript = codec?.pointee.codec_id == AV_CODEC_ID_ASS
    let header = isScript ? codec?.pointee.subtitle_header.map { UnsafeRawPointer($0) } : nil
    return (events, header.map { String(cString: $0.assumingMemoryBound(to: CChar.self)) })
  }
}
