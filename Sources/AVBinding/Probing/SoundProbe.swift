import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// What is known of sound without decoding it.
enum SoundProbe {
  /// Builds a chain of effects as the mix would. Throws 65 with libavfilter's own words.
  static func effect(_ key: SoundEffectKey) throws(SluiceError) -> MediaInfo {
    _ = try SoundFilter(key.chain, rate: key.sampleRate, channels: key.channels, place: key.place)
    var info = MediaInfo(path: key.text, kind: .audio)
    info.container = "lavfi"
    return info
  }

  /// The sound of a graph of libavfilter; nil: it has none. Whoever opens it says what is wrong with it.
  static func graph(_ text: String) -> MediaInfo? {
    guard let source = try? SoundFilterSource(text, stream: 0, zero: .zero) else { return nil }
    var info = MediaInfo(path: SourceKey.graphPrefix + text, kind: .audio)
    info.container = "lavfi"
    var audio = MediaInfo.Audio()
    audio.codec = "lavfi"
    audio.sampleRate = source.rate
    audio.channels = source.channels
    info.audio = [audio]
    return info
  }
}

extension Demuxer {
  /// Presentation time that is the source's 0: of its first picture, else of the first sample that is heard of its first stream of sound.
  var soundZero: Rational {
    if stream != nil, !isStill {
      // As `TickClock` takes it.
      return abs(startTime) < 1 << 53 ? Rational(startTime, 1_000_000) : .zero
    }
    return sounds.first.flatMap(firstHeard) ?? .zero
  }

  /// Its streams of sound, with times that count from `zero`.
  func audio(zero: Rational) -> [MediaInfo.Audio] {
    sounds.map { stream in
      let parameters = stream.pointee.codecpar
      var audio = MediaInfo.Audio()
      audio.codec = String(cString: avcodec_get_name(parameters?.pointee.codec_id ?? AV_CODEC_ID_NONE))
      audio.sampleRate = Int(parameters?.pointee.sample_rate ?? 0)
      audio.channels = Int(parameters?.pointee.ch_layout.nb_channels ?? 0)
      audio.layout = Self.layout(parameters)
      if let first = firstHeard(stream), let start = first.sum(-zero), start.isModest { audio.start = start }
      audio.duration = length(stream)
      return audio
    }
  }

  /// Presentation time at which its stream of sound ends, by what the container says of that stream; nil: it does not, or guesses by the
  /// bit rate.
  var soundEnd: Rational? {
    guard let stream, context.pointee.duration_estimation_method != AVFMT_DURATION_FROM_BITRATE else { return nil }
    let isAlone = context.pointee.nb_streams == 1
    guard let length = statedLength(stream) ?? (isAlone ? wholeLength : nil) else { return nil }
    return (seconds(stream.pointee.start_time, stream) ?? .zero).sum(length)
  }

  private var sounds: [UnsafeMutablePointer<AVStream>] {
    (0..<Int(context.pointee.nb_streams)).compactMap { index in
      guard let stream = context.pointee.streams[index], stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO else {
        return nil
      }
      return stream
    }
  }

  /// libavformat's start, which leaves out what the container cuts off. Matroska's is before the samples that its codec needs to
  /// begin with, and rounded to milliseconds.
  private func firstHeard(_ stream: UnsafeMutablePointer<AVStream>) -> Rational? {
    guard let start = seconds(stream.pointee.start_time, stream) else { return nil }
    let rate = Int64(stream.pointee.codecpar.pointee.sample_rate),
      padding = Int64(stream.pointee.codecpar.pointee.initial_padding)
    guard start < .zero, padding > 0, rate > 0 else { return start }
    guard let heard = start.sum(Rational(padding, rate)) else { return start }
    let tick = Rational(stream.pointee.time_base)
    return heard < tick && heard > -tick ? .zero : heard
  }

  private func length(_ stream: UnsafeMutablePointer<AVStream>) -> Rational? { statedLength(stream) ?? wholeLength }

  private func statedLength(_ stream: UnsafeMutablePointer<AVStream>) -> Rational? {
    if let length = seconds(stream.pointee.duration, stream), length > .zero { return length }
    if let tag = av_dict_get(stream.pointee.metadata, "DURATION", nil, 0),
      let seconds = Self.clock(String(cString: tag.pointee.value)), seconds.isModest
    {
      return seconds
    }
    return nil
  }

  private var wholeLength: Rational? {
    guard let whole = timestamp(context.pointee.duration), whole > 0,
      let length = Rational(reducing: Int128(whole), Int128(sluice_av_time_base())), length.isModest
    else { return nil }
    return length
  }

  /// nil when it is not known, or absurd.
  private func seconds(_ ticks: Int64, _ stream: UnsafeMutablePointer<AVStream>) -> Rational? {
    let base = Rational(stream.pointee.time_base)
    guard base > .zero, let ticks = timestamp(ticks),
      let time = Rational(reducing: Int128(ticks) * Int128(base.num), Int128(base.den)), time.isModest
    else { return nil }
    return time
  }

  private static func layout(_ parameters: UnsafeMutablePointer<AVCodecParameters>?) -> String {
    guard let parameters, parameters.pointee.ch_layout.nb_channels > 0 else { return "" }
    var text = [CChar](repeating: 0, count: 128)
    guard av_channel_layout_describe(&parameters.pointee.ch_layout, &text, text.count - 1) > 0 else { return "" }
    return text.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }
  }
}
