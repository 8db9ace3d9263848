import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// A libavfilter graph that makes video of nothing: `testsrc2=s=640x360`, `life,scale=1280:-2`. Used from one thread.
public final class FilterSource {
  private let graph: UnsafeMutablePointer<AVFilterGraph>
  private let sink: UnsafeMutablePointer<AVFilterContext>
  private let text: String

  /// Throws 65 with libavfilter's own words when the graph is wrong, or has not exactly one video output; its outputs of
  /// sound go nowhere.
  public init(_ text: String) throws(SluiceError) {
    self.text = text
    let (result, message) = AVLog.capture { Self.build(text) }
    switch result {
    case .success(let parts): (graph, sink) = parts
    case .failure(let error):
      throw SluiceError(.badInput, error.what ?? message ?? AVErrorText.text(error.code), at: SourceKey.graphPrefix + text)
    }
    // Every field is set, so deinit frees the graph when this throws.
    try PictureBound.check(Int(av_buffersink_get_w(sink)), Int(av_buffersink_get_h(sink)), path: SourceKey.graphPrefix + text)
  }
  deinit {
    var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
    avfilter_graph_free(&graph)
  }

  public var timeBase: Rational {
    let base = Rational(av_buffersink_get_time_base(sink))
    return base > .zero ? base : Rational(1, 1_000_000)
  }
  public var rate: Rational { Rational(av_buffersink_get_frame_rate(sink)) }

  /// false at the end. Throws 65 when a filter fails.
  public func next(into frame: FrameBox) throws(SluiceError) -> Bool {
    av_frame_unref(frame.raw)
    let (code, message) = AVLog.capture { av_buffersink_get_frame(sink, frame.raw) }
    if code >= 0 {
      frame.raw.pointee.best_effort_timestamp = frame.raw.pointee.pts
      return true
    }
    if code == AVErrorText.endOfFile { return false }
    throw SluiceError(.badInput, message ?? AVErrorText.text(code), at: SourceKey.graphPrefix + text)
  }

  private struct Failure: Error {
    var code: Int32 = 0
    var what: String?
  }

  private static func build(
    _ text: String
  ) -> Result<(UnsafeMutablePointer<AVFilterGraph>, UnsafeMutablePointer<AVFilterContext>), Failure> {
    var graph = avfilter_graph_alloc()
    guard let built = graph else { return .failure(Failure(code: AVErrorText.noMemory)) }
    func fail(_ failure: Failure) -> Result<(UnsafeMutablePointer<AVFilterGraph>, UnsafeMutablePointer<AVFilterContext>), Failure>
    {
      avfilter_graph_free(&graph)
      return .failure(failure)
    }
    built.pointee.nb_threads = 1
    var inputs: UnsafeMutablePointer<AVFilterInOut>?
    var outputs: UnsafeMutablePointer<AVFilterInOut>?
    defer {
      avfilter_inout_free(&inputs)
      avfilter_inout_free(&outputs)
    }
    var code = avfilter_graph_parse2(built, text, &inputs, &outputs)
    guard code >= 0 else { return fail(Failure(code: code)) }
    guard inputs == nil else { return fail(Failure(what: "the filter graph wants an input; a source makes pictures of nothing")) }
    var video: UnsafeMutablePointer<AVFilterInOut>?
    var coming = outputs
    while let output = coming {
      coming = output.pointee.next
      if avfilter_pad_get_type(output.pointee.filter_ctx.pointee.output_pads, output.pointee.pad_idx) == AVMEDIA_TYPE_VIDEO {
        guard video == nil else { return fail(Failure(what: "the filter graph must have exactly one video output")) }
        video = output
        continue
      }
      var end: UnsafeMutablePointer<AVFilterContext>?
      code = avfilter_graph_create_filter(&end, avfilter_get_by_name("anullsink"), nil, nil, nil, built)
      guard code >= 0, let end else { return fail(Failure(code: code)) }
      code = avfilter_link(output.pointee.filter_ctx, UInt32(output.pointee.pad_idx), end, 0)
      guard code >= 0 else { return fail(Failure(code: code)) }
    }
    guard let output = video else { return fail(Failure(what: "the filter graph must have exactly one video output")) }
    var sink: UnsafeMutablePointer<AVFilterContext>?
    code = avfilter_graph_create_filter(&sink, avfilter_get_by_name("buffersink"), "out", nil, nil, built)
    guard code >= 0, let sink else { return fail(Failure(code: code)) }
    code = avfilter_link(output.pointee.filter_ctx, UInt32(output.pointee.pad_idx), sink, 0)
    guard code >= 0 else { return fail(Failure(code: code)) }
    code = avfilter_graph_config(built, nil)
    guard code >= 0 else { return fail(Failure(code: code)) }
    return .success((built, sink))
  }
}
