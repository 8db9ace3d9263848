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
  private let place: String
  private let rate: Int
  private let graph: UnsafeMutablePointer<AVFilterGraph>
  private var source: UnsafeMutablePointer<AVFilterContext>
  private var sink: UnsafeMutablePointer<AVFilterContext>
  private var layout = AVChannelLayout()
  private let frame: FrameBox
  private var sent: Int64 = 0
  private var clock: SoundClock

  /// Throws 65 with libavfilter's own words. `place`: what errors call it.
  public init(_ text: String, rate: Int, channels: Int, place: String) throws(SluiceError) {
    self.channels = channels
    self.rate = rate
    self.place = place
    frame = try FrameBox()
    av_channel_layout_default(&layout, Int32(channels))
    clock = SoundClock(timeBase: Rational(1, Int64(rate)), zero: .zero, rate: rate)
    guard let graph = avfilter_graph_alloc() else { throw SluiceError(.unavailable, "out of memory") }
    do throws(SluiceError) {
      graph.pointee.nb_threads = 1
      var name = [CChar](repeating: 0, count: 64)
      av_channel_layout_describe(&layout, &name, name.count)
      let format = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      source = try Self.make(
        graph, "abuffer", "time_base=1/\(rate):sample_rate=\(rate):sample_fmt=fltp:channel_layout=\(format)", place)
      var inputs: UnsafeMutablePointer<AVFilterInOut>?
      var outputs: UnsafeMutablePointer<AVFilterInOut>?
      defer {
        avfilter_inout_free(&inputs)
        avfilter_inout_free(&outputs)
      }
      let (code, lines) = AVLog.captureLines { avfilter_graph_parse2(graph, text, &inputs, &outputs) }
      if code < 0 { throw GraphParts.failure(code, lines, place) }
      guard let input = inputs, input.pointee.next == nil, Self.isSound(input.pointee.filter_ctx.pointee.input_pads, input) else {
        throw SluiceError(.badInput, "\(text): an effect of sound must have exactly one input of sound", at: place)
      }
      guard let output = outputs, output.pointee.next == nil, Self.isSound(output.pointee.filter_ctx.pointee.output_pads, output)
      else { throw SluiceError(.badInput, "\(text): an effect of sound must have exactly one output of sound", at: place) }
      let last = try Self.make(graph, "aformat", "sample_fmts=fltp:sample_rates=\(rate):channel_layouts=\(format)", place)
      sink = try Self.make(graph, "abuffersink", nil, place)
      try Self.link((source, 0), (input.pointee.filter_ctx, UInt32(input.pointee.pad_idx)), place)
      try Self.link((output.pointee.filter_ctx, UInt32(output.pointee.pad_idx)), (last, 0), place)
      try Self.link((last, 0), (sink, 0), place)
      let (configured, words) = AVLog.captureLines { avfilter_graph_config(graph, nil) }
      if configured < 0 { throw GraphParts.failure(configured, words, place) }
    } catch {
      var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
      avfilter_graph_free(&graph)
      throw error
    }
    self.graph = graph
    let base = Rational(av_buffersink_get_time_base(sink))
    if base > .zero { clock = SoundClock(timeBase: base, zero: .zero, rate: rate) }
  }

  deinit {
    var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
    avfilter_graph_free(&graph)
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
    try check(AVLog.captureLines { av_buffersrc_add_frame_flags(source, frame.raw, 0) })
  }

  /// Nothing more goes in.
  public func finish() throws(SluiceError) { try check(AVLog.captureLines { av_buffersrc_add_frame_flags(source, nil, 0) }) }

  /// What came out, valid until the next call; nil: it wants more, or `isAtEnd`.
  public func receive() throws(SluiceError) -> SoundPiece? {
    av_frame_unref(frame.raw)
    let (code, lines) = AVLog.captureLines { av_buffersink_get_frame(sink, frame.raw) }
    if code == AVErrorText.endOfFile { isAtEnd = true }
    if code == AVErrorText.again || code == AVErrorText.endOfFile { return nil }
    try check((code, lines))
    guard let data = frame.raw.pointee.extended_data else { return nil }
    let count = Int(frame.raw.pointee.nb_samples)
    let place = clock.place(timestamp(frame.raw.pointee.pts), count: count)
    return SoundPiece(position: place, count: count, planes: data)
  }
  public private(set) var isAtEnd = false

  private func check(_ result: (code: Int32, lines: [AVLog.Line])) throws(SluiceError) {
    if result.code < 0 { throw GraphParts.failure(result.code, result.lines, place) }
  }

  private static func isSound(_ pads: OpaquePointer?, _ end: UnsafeMutablePointer<AVFilterInOut>) -> Bool {
    avfilter_pad_get_type(pads, end.pointee.pad_idx) == AVMEDIA_TYPE_AUDIO
  }

  private static func make(
    _ graph: UnsafeMutablePointer<AVFilterGraph>, _ kind: String, _ arguments: String?, _ place: String
  ) throws(SluiceError) -> UnsafeMutablePointer<AVFilterContext> {
    var made: UnsafeMutablePointer<AVFilterContext>?
    let (code, lines) = AVLog.captureLines {
      avfilter_graph_create_filter(&made, avfilter_get_by_name(kind), nil, arguments, nil, graph)
    }
    guard code >= 0, let made else { throw GraphParts.failure(code, lines, place) }
    return made
  }

  private static func link(
    _ from: (UnsafeMutablePointer<AVFilterContext>, UInt32), _ to: (UnsafeMutablePointer<AVFilterContext>, UInt32),
    _ place: String
  ) throws(SluiceError) {
    let (code, lines) = AVLog.captureLines { avfilter_link(from.0, from.1, to.0, to.1) }
    if code < 0 { throw GraphParts.failure(code, lines, place) }
  }
}
