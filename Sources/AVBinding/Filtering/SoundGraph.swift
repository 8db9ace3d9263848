import CAVFilter
import CAVUtil
import SluiceBase

/// A libavfilter graph of sound as it is put together; it goes with this object. Used from one thread.
final class SoundGraph {
  typealias Filter = UnsafeMutablePointer<AVFilterContext>
  typealias Ends = UnsafeMutablePointer<AVFilterInOut>

  let graph: UnsafeMutablePointer<AVFilterGraph>
  /// What errors call it.
  let place: String

  init(place: String) throws(SluiceError) {
    guard let graph = avfilter_graph_alloc() else { throw SluiceError(.unavailable, "out of memory") }
    graph.pointee.nb_threads = 1
    self.graph = graph
    self.place = place
  }

  deinit {
    var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
    avfilter_graph_free(&graph)
  }

  /// Adds the filters of `text`, lets `wire` connect what is open, and makes the graph ready. Throws 65 with libavfilter's own words.
  func build(_ text: String, wire: (_ inputs: Ends?, _ outputs: Ends?) throws(SluiceError) -> Void) throws(SluiceError) {
    var inputs: Ends?
    var outputs: Ends?
    defer {
      avfilter_inout_free(&inputs)
      avfilter_inout_free(&outputs)
    }
    try check(AVLog.captureLines { avfilter_graph_parse2(graph, text, &inputs, &outputs) })
    try wire(inputs, outputs)
    try check(AVLog.captureLines { avfilter_graph_config(graph, nil) })
  }

  func make(_ kind: String, _ arguments: String? = nil) throws(SluiceError) -> Filter {
    var made: Filter?
    let (code, lines) = AVLog.captureLines {
      avfilter_graph_create_filter(&made, avfilter_get_by_name(kind), nil, arguments, nil, graph)
    }
    guard code >= 0, let made else { throw GraphParts.failure(code, lines, place) }
    return made
  }

  func link(_ from: (Filter, UInt32), _ to: (Filter, UInt32)) throws(SluiceError) {
    try check(AVLog.captureLines { avfilter_link(from.0, from.1, to.0, to.1) })
  }

  func check(_ result: (code: Int32, lines: [AVLog.Line])) throws(SluiceError) {
    if result.code < 0 { throw GraphParts.failure(result.code, result.lines, place) }
  }

  static func isSound(_ pads: OpaquePointer?, _ end: Ends) -> Bool {
    avfilter_pad_get_type(pads, end.pointee.pad_idx) == AVMEDIA_TYPE_AUDIO
  }
}
