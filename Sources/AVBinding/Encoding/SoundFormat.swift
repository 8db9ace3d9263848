import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// The samples that a sound encoder gets: the best of those that it takes. What it does not take is the user's error.
struct SoundFormat {
  let samples: AVSampleFormat
  let layout: AVChannelLayout

  /// Throws `usage`, naming what the encoder takes. An option `sample_fmt` of the user's chooses the samples.
  init(_ codec: UnsafePointer<AVCodec>, settings: SoundSettings) throws(SluiceError) {
    let name = String(cString: codec.pointee.name)
    try SoundFormat.checkRate(codec, settings.sampleRate, name)
    layout = try SoundFormat.layout(codec, settings.channels, name)
    samples = try SoundFormat.samples(codec, wanted: settings.options.last { $0.name == "sample_fmt" }?.value, name)
  }

  private static func checkRate(_ codec: UnsafePointer<AVCodec>, _ rate: Int, _ name: String) throws(SluiceError) {
    guard (1...768_000).contains(rate) else { throw SluiceError(.usage, "\(rate) samples a second cannot be encoded", at: name) }
    guard let rates = codec.pointee.supported_samplerates else { return }
    let taken = list(rates, end: 0).map(Int.init).sorted()
    guard !taken.contains(rate) else { return }
    throw SluiceError(
      .usage, "does not take \(rate) samples a second", at: name,
      advice: "it takes \(taken.map(String.init).joined(separator: ", ")): say so with --sample-rate or canvas.sampleRate")
  }

  /// Layouts of 5.1 differ in what the last two channels are called; their order is the same.
  private static func layout(_ codec: UnsafePointer<AVCodec>, _ channels: Int, _ name: String) throws(SluiceError)
    -> AVChannelLayout
  {
    var usual = AVChannelLayout()
    av_channel_layout_default(&usual, Int32(channels))
    guard let first = codec.pointee.ch_layouts else { return usual }
    let taken = list(first) { $0.nb_channels == 0 }
    if let same = taken.first(where: { isSame($0, usual) })
      ?? taken.first(where: { $0.nb_channels == usual.nb_channels && channels != 6 })
    {
      return same
    }
    if channels == 6, let side = taken.first(where: { $0.nb_channels == 6 && description($0) == "5.1(side)" }) { return side }
    let counts = Set(taken.map { Int($0.nb_channels) }.filter { [1, 2, 6].contains($0) }).sorted()
    throw SluiceError(
      .usage, "does not take \(channels) channels", at: name,
      advice: "it takes \(counts.map(String.init).joined(separator: ", ")): say so with --channels")
  }

  private static func samples(
    _ codec: UnsafePointer<AVCodec>, wanted: String?, _ name: String
  ) throws(SluiceError) -> AVSampleFormat {
    let taken = codec.pointee.sample_fmts.map { list($0, end: AV_SAMPLE_FMT_NONE) } ?? [AV_SAMPLE_FMT_FLTP]
    if let wanted {
      let found = av_get_sample_fmt(wanted)
      guard taken.contains(found) else {
        let names = taken.compactMap { av_get_sample_fmt_name($0).map { String(cString: $0) } }
        throw SluiceError(
          .usage, "does not take samples of the format \(wanted)", at: name, advice: "it takes \(names.joined(separator: ", "))")
      }
      return found
    }
    let best = [
      AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_S32, AV_SAMPLE_FMT_S32P, AV_SAMPLE_FMT_DBL, AV_SAMPLE_FMT_DBLP,
      AV_SAMPLE_FMT_S16, AV_SAMPLE_FMT_S16P,
    ]
    return best.first { taken.contains($0) } ?? taken.first ?? AV_SAMPLE_FMT_FLTP
  }

  private static func isSame(_ a: AVChannelLayout, _ b: AVChannelLayout) -> Bool {
    var a = a, b = b
    return av_channel_layout_compare(&a, &b) == 0
  }

  private static func description(_ layout: AVChannelLayout) -> String {
    var layout = layout
    var text = [CChar](repeating: 0, count: 64)
    av_channel_layout_describe(&layout, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func list<T: Equatable>(_ first: UnsafePointer<T>, end: T) -> [T] { list(first) { $0 == end } }

  private static func list<T>(_ first: UnsafePointer<T>, isEnd: (T) -> Bool) -> [T] {
    var all: [T] = []
    var next = first
    while !isEnd(next.pointee) {
      all.append(next.pointee)
      next += 1
    }
    return all
  }
}
