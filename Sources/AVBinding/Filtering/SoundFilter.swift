import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// A chain of libavfilter with one input and one output of sound: planar float in and out, at one rate and of one layout. What it gives is
/// placed by its timestamps, so that a filter that needs to look ahead is no later for it. Used from one thread.
public final class SoundFilter {
  public let channels: Int
  private let rate: Int
  /// What complaints call it.
  private let name: String
  private let graph: SoundGraph
  private let source: SoundGraph.Filter
  private let sink: SoundGraph.Filter
  private var layout = AVChannelLayout()
  private let frame: FrameBox
  private var sent: Int64 = 0
  private var clock: SoundClock

  /// Throws 65 with libavfilter's own words. `place`: what errors call it.
  public init(_ text: String, rate: Int, channels: Int, place: String) throws(SluiceError) {
    self.channels = channels
    self.rate = rate
    name = place
    frame = try FrameBox()
    av_channel_layout_default(&layout, Int32(channels))
    clock = SoundClock(timeBase: Rational(1, Int64(rate)), zero: .zero, rate: rate)
    graph = try SoundGraph(place: place)
    var described = [CChar](repeating: 0, count: 64)
    av_channel_layout_describe(&layout, &described, described.count)
    let format = String(decoding: described.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let source = try graph.make(
      "abuffer", "time_base=1/\(rate):sample_rate=\(rate):sample_fmt=fltp:channel_layout=\(format)")
    var heard: SoundGraph.Filter?
    let graph = graph
    try graph.build(text) { (inputs, outputs) throws(SluiceError) in
      guard let input = inputs, input.pointee.next == nil,
        SoundGraph.isSound(input.pointee.filter_ctx.pointee.input_pads, input)
      else { throw SluiceError(.badInput, "\(text): an effect of sound must have exactly one input of sound", at: place) }
      guard let output = outputs, output.pointee.next == nil,
        SoundGraph.isSound(output.pointee.filter_ctx.pointee.output_pads, output)
      else { throw SluiceError(.badInput, "\(text): an effect of sound must have exactly one output of sound", at: place) }
      let last = try graph.make("aformat", "sample_fmts=fltp:sample_rates=\(rate):channel_layouts=\(format)")
      let sink = try graph.make("abuffersink")
      heard = sink
      try graph.link((source, 0), (input.pointee.filter_ctx, UInt32(input.pointee.pad_idx)))
      try graph.link((output.pointee.filter_ctx, UInt32(output.pointee.pad_idx)), (last, 0))
      try graph.link((last, 0), (sink, 0))
    }
    guard let sink = heard else { throw SluiceError(.software, "the effect was not wired", at: place) }
    self.source = source
    self.sink = sink
    let base = Rational(av_buffersink_get_time_base(sink))
    if base > .zero { clock = SoundClock(timeBase: base, zero: .zero, rate: rate) }
  }

  /// The next `count` frames of the input, planes `stride` floats apart.
  public func send(_ from: UnsafePointer<Float>, stride: Int, count: Int) throws(SluiceError) {
    av_frame_unref(frame.raw)
    frame.raw.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
    frame.raw.pointee.nb_samples = Int32(count)
    frame.raw.pointee.sample_rate = Int32(rate)
    frame.raw.pointee.ch_layout = layout
    frame.raw.pointee.pts = sent
    sent += Int64(count)
    guard av_frame_get_buffer(frame.raw, 0) >= 0, let data = frame.raw.pointee.extended_data else {
      throw SluiceError(.unavailable, "out of memory")
    }
    for channel in 0..<channels {
      data[channel]?.withMemoryRebound(to: Float.self, capacity: count) { $0.update(from: from + channel * stride, count: count) }
    }
    try graph.check(AVLog.captureLines { av_buffersrc_add_frame_flags(source, frame.raw, 0) })
  }

  /// Nothing more goes in.
  public func finish() throws(SluiceError) {
    try graph.check(AVLog.captureLines { av_buffersrc_add_frame_flags(source, nil, 0) })
  }

  /// What came out, valid until the next call; nil: it wants more, or `isAtEnd`.
  public func receive() throws(SluiceError) -> SoundPiece? {
    av_frame_unref(frame.raw)
    let (code, lines) = AVLog.captureLines { av_buffersink_get_frame(sink, frame.raw) }
    if code == AVErrorText.endOfFile { isAtEnd = true }
    if code == AVErrorText.again || code == AVErrorText.endOfFile { return nil }
    try graph.check((code, lines))
    guard let data = frame.raw.pointee.extended_data else { return nil }
    let count = Int(frame.raw.pointee.nb_samples)
    let (planes, repaired) = try SampleGuard.repair(frame.raw, data, channels: channels, count)
    let place = clock.place(timestamp(frame.raw.pointee.pts), count: count)
    if repaired > 0 {
      let at = SoundDamage.seconds(place, rate: rate)
      damage = .both(damage, SoundDamage(count: 1, text: "\(name): gave \(SampleGuard.text(repaired)) near \(at) s"))
    }
    return SoundPiece(position: place, count: count, planes: planes)
  }
  /// What it gave that cannot be used, since it was asked last.
  public func takeDamage() -> SoundDamage? {
    defer { damage = nil }
    return damage
  }
  private var damage: SoundDamage?
  public private(set) var isAtEnd = false
}
