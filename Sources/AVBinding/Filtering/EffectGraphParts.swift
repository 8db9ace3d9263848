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

/// A filter graph as it is put together: buffer source, deinterlacer, turn to upright, effects, buffer sink. Whoever
/// takes it owns the graph.
struct GraphParts {
  let graph: UnsafeMutablePointer<AVFilterGraph>
  private(set) var source: UnsafeMutablePointer<AVFilterContext>
  private(set) var sink: UnsafeMutablePointer<AVFilterContext>
  private(set) var filters: [[UnsafeMutablePointer<AVFilterContext>]] = []

  private typealias Filter = UnsafeMutablePointer<AVFilterContext>
  private typealias End = (filter: Filter, pad: UInt32)

  init(
    _ recipe: EffectRecipe, _ input: FrameDescription, _ turn: Orientation, timeBase: Rational, rate: Rational
  ) throws(SluiceError) {
    guard let graph = avfilter_graph_alloc() else { throw SluiceError(.unavailable, "out of memory") }
    do throws(SluiceError) {
      graph.pointee.nb_threads = 1
      // A matrix and a range are kept through every conversion that libavfilter inserts. (vf_scale leaves the tag of a
      // picture that it turned into limited range as it was, so the range is always named.)
      let range = input.color.fullRange && input.format.family != .rgb ? "pc" : "tv"
      graph.pointee.scale_sws_opts = av_strdup(
        "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact:out_range=\(range)")
      source = try Self.source(graph, input, timeBase: timeBase, rate: rate, recipe.place)
      var end: End = (source, 0)
      var prefix: [String] = []
      if recipe.deinterlace { prefix.append("bwdif=mode=send_frame:parity=auto:deint=interlaced") }
      if !recipe.chain.isEmpty { prefix += Self.upright(turn) }
      if !prefix.isEmpty {
        _ = try Self.add(prefix.joined(separator: ","), graph, &end, recipe.place)
      }
      for (index, effect) in recipe.chain.effects.enumerated() {
        switch effect {
        case .avfilter(let text, _):
          do throws(SluiceError) {
            filters.append(try Self.add(text, graph, &end, recipe.place))
          } catch {
            var error = error
            error.what = "effects[\(index)] \"\(text)\": \(error.what)"
            throw error
          }
        case .lut(let path): filters.append([try Self.addTable(path, graph, &end)])
        }
      }
      for filter in filters.joined() where String(cString: filter.pointee.filter.pointee.name) == "scale" {
        var value: Int64 = 0
        guard let values = filter.pointee.priv else { continue }
        if av_opt_get_int(values, "out_range", 0, &value) >= 0, value == 0 { av_opt_set(values, "out_range", range, 0) }
      }
      sink = try Self.sink(graph, end, recipe.place)
      let (code, lines) = AVLog.captureLines { avfilter_graph_config(graph, nil) }
      if code < 0 { throw Self.failure(code, lines, recipe.place) }
      try PictureBound.check(Int(av_buffersink_get_w(sink)), Int(av_buffersink_get_h(sink)), path: recipe.place)
    } catch {
      var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
      avfilter_graph_free(&graph)
      throw error
    }
    self.graph = graph
  }

  /// libavfilter's own words: all errors that it wrote, each once.
  static func failure(_ code: Int32, _ lines: [AVLog.Line], _ place: String) -> SluiceError {
    var words: [String] = []
    for line in lines where line.isError && !words.contains(line.text) { words.append(line.text) }
    // What it only says on the way back out.
    let echoes = ["Error initializing filter", "Error applying option", "with args", "Failed to configure"]
    let news = words.filter { word in !echoes.contains { word.hasPrefix($0) } }
    if !news.isEmpty { words = news }
    if words.isEmpty { words = [AVErrorText.text(code)] }
    return SluiceError(.badInput, words.prefix(4).joined(separator: "; "), at: place)
  }

  private static func source(
    _ graph: UnsafeMutablePointer<AVFilterGraph>, _ input: FrameDescription, timeBase: Rational, rate: Rational,
    _ place: String
  ) throws(SluiceError) -> Filter {
    guard let format = PixelFormatMap.avFormat(input.format),
      let parameters = av_buffersrc_parameters_alloc(),
      let filter = avfilter_graph_alloc_filter(graph, avfilter_get_by_name("buffer"), "source")
    else { throw SluiceError(.unavailable, "out of memory") }
    defer { av_free(parameters) }
    func fraction(_ value: Rational) -> AVRational {
      AVRational(num: Int32(clamping: value.num), den: Int32(clamping: value.den))
    }
    parameters.pointee.format = format.rawValue
    parameters.pointee.width = Int32(input.width)
    parameters.pointee.height = Int32(input.height)
    parameters.pointee.time_base = fraction(timeBase)
    parameters.pointee.sample_aspect_ratio = fraction(input.sampleAspect)
    if rate > .zero { parameters.pointee.frame_rate = fraction(rate) }
    let (code, lines) = AVLog.captureLines {
      let set = av_buffersrc_parameters_set(filter, parameters)
      return set < 0 ? set : avfilter_init_str(filter, nil)
    }
    if code < 0 { throw failure(code, lines, place) }
    return filter
  }

  /// As FFmpeg's own autorotation does it.
  private static func upright(_ turn: Orientation) -> [String] {
    let mirror = turn.mirrored ? ["hflip"] : []
    return switch turn.quarterTurns & 3 {
    case 1: mirror + ["transpose=clock"]
    case 2: mirror + ["hflip", "vflip"]
    case 3: mirror + ["transpose=cclock"]
    default: mirror
    }
  }

  /// Appends a chain; its filters.
  private static func add(
    _ text: String, _ graph: UnsafeMutablePointer<AVFilterGraph>, _ end: inout End, _ place: String
  ) throws(SluiceError) -> [Filter] {
    let before = Int(graph.pointee.nb_filters)
    var inputs: UnsafeMutablePointer<AVFilterInOut>?
    var outputs: UnsafeMutablePointer<AVFilterInOut>?
    defer {
      avfilter_inout_free(&inputs)
      avfilter_inout_free(&outputs)
    }
    let (code, lines) = AVLog.captureLines { avfilter_graph_parse2(graph, text, &inputs, &outputs) }
    if code < 0 { throw failure(code, lines, place) }
    guard let input = inputs, input.pointee.next == nil, isVideo(input.pointee.filter_ctx.pointee.input_pads, input) else {
      throw SluiceError(.badInput, "\(text): an effect must have exactly one video input", at: place)
    }
    guard let output = outputs, output.pointee.next == nil, isVideo(output.pointee.filter_ctx.pointee.output_pads, output)
    else { throw SluiceError(.badInput, "\(text): an effect must have exactly one video output", at: place) }
    try link(end, (input.pointee.filter_ctx, UInt32(input.pointee.pad_idx)), place)
    end = (output.pointee.filter_ctx, UInt32(output.pointee.pad_idx))
    return (before..<Int(graph.pointee.nb_filters)).compactMap { graph.pointee.filters[$0] }
  }

  private static func isVideo(_ pads: OpaquePointer?, _ end: UnsafeMutablePointer<AVFilterInOut>) -> Bool {
    avfilter_pad_get_type(pads, end.pointee.pad_idx) == AVMEDIA_TYPE_VIDEO
  }

  private static func addTable(
    _ path: String, _ graph: UnsafeMutablePointer<AVFilterGraph>, _ end: inout End
  ) throws(SluiceError) -> Filter {
    try NamedFiles.check(path)
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try System.readFile(path)
    } catch {
      throw SluiceError(.noInput, error.errno == ENOENT ? "no such file" : error.reason.lowercased(), at: path)
    }
    // One curve a channel, or a cube of colours: FFmpeg has a filter for each.
    let isCurves = String(decoding: bytes.prefix(1 << 16), as: UTF8.self).contains("LUT_1D_SIZE")
    guard let filter = avfilter_graph_alloc_filter(graph, avfilter_get_by_name(isCurves ? "lut1d" : "lut3d"), "lut") else {
      throw SluiceError(.unavailable, "this FFmpeg has no filter for look-up tables", at: path)
    }
    let (code, lines) = AVLog.captureLines {
      let set = av_opt_set(filter, "file", path, AV_OPT_SEARCH_CHILDREN)
      return set < 0 ? set : avfilter_init_str(filter, nil)
    }
    if code < 0 { throw failure(code, lines, path) }
    try link(end, (filter, 0), path)
    end = (filter, 0)
    return filter
  }

  private static func sink(
    _ graph: UnsafeMutablePointer<AVFilterGraph>, _ end: End, _ place: String
  ) throws(SluiceError) -> Filter {
    guard let filter = avfilter_graph_alloc_filter(graph, avfilter_get_by_name("buffersink"), "sink") else {
      throw SluiceError(.unavailable, "out of memory")
    }
    let formats = slotFormats
    let (code, lines) = AVLog.captureLines {
      let set = formats.withUnsafeBytes { raw in
        av_opt_set_bin(
          filter, "pix_fmts", raw.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(raw.count), AV_OPT_SEARCH_CHILDREN)
      }
      return set < 0 ? set : avfilter_init_str(filter, nil)
    }
    if code < 0 { throw failure(code, lines, place) }
    try link(end, (filter, 0), place)
    return filter
  }

  private static func link(_ from: End, _ to: End, _ place: String) throws(SluiceError) {
    let (code, lines) = AVLog.captureLines { avfilter_link(from.filter, from.pad, to.filter, to.pad) }
    if code < 0 { throw failure(code, lines, place) }
  }

  /// Every format of FFmpeg whose planes are a slot's planes.
  private static let slotFormats: [Int32] = {
    var formats: [Int32] = []
    var descriptor = av_pix_fmt_desc_next(nil)
    while let current = descriptor {
      let format = av_pix_fmt_desc_get_id(current)
      if let mapping = PixelFormatMap.mapping(format), mapping.isDirect, !mapping.isFullRange { formats.append(format.rawValue) }
      descriptor = av_pix_fmt_desc_next(current)
    }
    return formats
  }()
}
