import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// The sound of a libavfilter graph that makes it of nothing: `sine=440:d=5`, `anoisesrc`. Used from one thread.
public final class SoundFilterSource: SoundFeed {
  public let rate: Int
  public var channels: Int { converter.channels }
  private let text: String
  private let number: Int
  private var graph: Graph
  private let converter: SoundConverter
  private let frame: FrameBox
  private var clock: SoundClock
  private var isAtStart = true

  /// Of several outputs with sound the one of that number; the others, and pictures, go nowhere. Throws 65 with libavfilter's own words.
  public init(_ text: String, stream number: Int, zero: Rational) throws(SluiceError) {
    self.text = text
    self.number = number
    graph = try Graph(text, number)
    frame = try FrameBox()
    rate = Int(av_buffersink_get_sample_rate(graph.sink))
    var layout = AVChannelLayout()
    av_buffersink_get_ch_layout(graph.sink, &layout)
    guard 1000...SoundFile.maximumRate ~= rate, 1...64 ~= layout.nb_channels else {
      throw SluiceError(
        .badInput, "sound of \(rate) Hz and \(layout.nb_channels) channels cannot be used", at: SourceKey.graphPrefix + text)
    }
    converter = SoundConverter(layout, rate: rate)
    let base = Rational(av_buffersink_get_time_base(graph.sink))
    clock = SoundClock(timeBase: base > .zero ? base : Rational(1, Int64(rate)), zero: zero, rate: rate)
  }

  /// A graph only goes forward: to an earlier place it is made anew.
  public func seek(to sample: Int64) throws(SluiceError) {
    if isAtStart || sample >= clock.expected ?? 0 { return }
    graph = try Graph(text, number)
    clock = SoundClock(timeBase: clock.timeBase, zero: clock.zero, rate: rate)
    isAtStart = true
  }

  public func next() throws(SluiceError) -> SoundPiece? {
    isAtStart = false
    av_frame_unref(frame.raw)
    let (code, message) = AVLog.capture { av_buffersink_get_frame(graph.sink, frame.raw) }
    if code == AVErrorText.endOfFile { return nil }
    guard code >= 0 else {
      throw SluiceError(.badInput, message ?? AVErrorText.text(code), at: SourceKey.graphPrefix + text)
    }
    let sound = try converter.convert(frame.raw)
    let place = clock.place(timestamp(frame.raw.pointee.pts), count: sound.count)
    return SoundPiece(position: place, count: sound.count, planes: sound.planes)
  }

  public func takeDamage() -> String? { nil }

  private final class Graph {
    let sink: UnsafeMutablePointer<AVFilterContext>
    private let graph: UnsafeMutablePointer<AVFilterGraph>

    init(_ text: String, _ number: Int) throws(SluiceError) {
      let place = SourceKey.graphPrefix + text
      guard let graph = avfilter_graph_alloc() else { throw SluiceError(.unavailable, "out of memory") }
      do throws(SluiceError) {
        graph.pointee.nb_threads = 1
        var inputs: UnsafeMutablePointer<AVFilterInOut>?
        var outputs: UnsafeMutablePointer<AVFilterInOut>?
        defer {
          avfilter_inout_free(&inputs)
          avfilter_inout_free(&outputs)
        }
        let (code, lines) = AVLog.captureLines { avfilter_graph_parse2(graph, text, &inputs, &outputs) }
        if code < 0 { throw GraphParts.failure(code, lines, place) }
        if inputs != nil {
          throw SluiceError(.badInput, "the filter graph wants an input; a source makes sound of nothing", at: place)
        }
        sink = try Self.end(graph, outputs, number, place)
        let (configured, words) = AVLog.captureLines { avfilter_graph_config(graph, nil) }
        if configured < 0 { throw GraphParts.failure(configured, words, place) }
      } catch {
        var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
        avfilter_graph_free(&graph)
        throw error
      }
      self.graph = graph
    }

    deinit {
      var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
      avfilter_graph_free(&graph)
    }

    /// Gives every output an end; that of sound output `number` is heard.
    private static func end(
      _ graph: UnsafeMutablePointer<AVFilterGraph>, _ outputs: UnsafeMutablePointer<AVFilterInOut>?, _ number: Int,
      _ place: String
    ) throws(SluiceError) -> UnsafeMutablePointer<AVFilterContext> {
      var heard: UnsafeMutablePointer<AVFilterContext>?
      var sounds = 0
      var output = outputs
      while let current = output {
        let isSound =
          avfilter_pad_get_type(current.pointee.filter_ctx.pointee.output_pads, current.pointee.pad_idx) == AVMEDIA_TYPE_AUDIO
        let isHeard = isSound && sounds == number
        if isSound { sounds += 1 }
        var end: UnsafeMutablePointer<AVFilterContext>?
        let kind = isHeard ? "abuffersink" : isSound ? "anullsink" : "nullsink"
        var code = avfilter_graph_create_filter(&end, avfilter_get_by_name(kind), nil, nil, nil, graph)
        if code >= 0, let end { code = avfilter_link(current.pointee.filter_ctx, UInt32(current.pointee.pad_idx), end, 0) }
        if code < 0 { throw SluiceError(.badInput, AVErrorText.text(code), at: place) }
        if isHeard { heard = end }
        output = current.pointee.next
      }
      guard let heard else { throw SluiceError(.badInput, "the filter graph has no such sound output", at: place) }
      return heard
    }
  }
}
