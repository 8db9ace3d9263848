import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// What is done to a source's pictures before they are handed on, in this order.
public struct EffectRecipe: Sendable {
  /// Interlaced pictures are made progressive, one for each (bwdif).
  public var deinterlace = false
  /// Pictures are turned upright before the effects, which are meant for the picture as it is seen.
  public var chain = EffectChain.none
  /// What errors call the source.
  public var place: String

  public init(deinterlace: Bool = false, chain: EffectChain = .none, place: String) {
    self.deinterlace = deinterlace
    self.chain = chain
    self.place = place
  }
  public var isEmpty: Bool { !deinterlace && chain.isEmpty }
}

/// A filter graph with one input and one output. Pictures go in and come out in slot formats; libswscale converts only
/// where a filter takes nothing else, by the picture's own matrix and range. Used from one thread.
///
/// An untagged picture enters as what the renderer takes it for: BT.709 from 720 lines on, else BT.601.
public final class EffectGraph {
  private let graph: UnsafeMutablePointer<AVFilterGraph>
  private let source: UnsafeMutablePointer<AVFilterContext>
  private let sink: UnsafeMutablePointer<AVFilterContext>
  /// Filters of each effect.
  private let filters: [[UnsafeMutablePointer<AVFilterContext>]]
  private let recipe: EffectRecipe
  private let traits: StreamTraits
  private let format: PixelFormat
  private let width: Int
  private let height: Int
  private let timeBase: Rational
  private let converter = PictureConverter()
  /// Of the picture that went in last.
  private var lastTags:
    (
      matrix: AVColorSpace, range: AVColorRange, primaries: AVColorPrimaries, transfer: AVColorTransferCharacteristic,
      location: AVChromaLocation
    )?
  /// What holds for the pictures that come out.
  public let outputTraits: StreamTraits
  /// Everything that went in has come out.
  public private(set) var isAtEnd = false

  /// For pictures like `picture`. Throws 65 with libavfilter's own words for effects that it refuses, 66 for a look-up
  /// table that is not there.
  public init(
    _ recipe: EffectRecipe, like picture: FrameBox, traits: StreamTraits, timeBase: Rational, rate: Rational
  ) throws(SluiceError) {
    guard let mapping = picture.mapping else {
      throw SluiceError(.badInput, "pictures of the format \(picture.formatName) cannot be used", at: recipe.place)
    }
    let description = picture.description(traits, format: mapping.format)
    let turn = Orientation(quarterTurns: description.rotation, mirrored: description.mirrored)
    let parts = try GraphParts(recipe, description, turn, timeBase: timeBase, rate: rate)
    graph = parts.graph
    source = parts.source
    sink = parts.sink
    filters = parts.filters
    self.recipe = recipe
    self.traits = traits
    self.timeBase = timeBase
    format = mapping.format
    width = picture.width
    height = picture.height
    var output = traits
    output.sampleAspect = nil
    if !recipe.chain.isEmpty { output.orientation = Orientation() }
    outputTraits = output
  }

  deinit {
    var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
    avfilter_graph_free(&graph)
  }

  /// Frames a second that come out; zero when unknown.
  public var rate: Rational { Rational(av_buffersink_get_frame_rate(sink)) }

  // MARK: Pictures

  /// The picture at `tick` of the graph's time base. It is not changed.
  public func send(_ picture: FrameBox, tick: Int64) throws(SluiceError) {
    let frame = try prepare(picture)
    frame.raw.pointee.pts = tick
    let (code, lines) = AVLog.captureLines { av_buffersrc_add_frame_flags(source, frame.raw, 0) }
    if code < 0 { throw GraphParts.failure(code, lines, recipe.place) }
  }

  /// Nothing more comes.
  public func finish() throws(SluiceError) {
    let (code, lines) = AVLog.captureLines { av_buffersrc_add_frame_flags(source, nil, 0) }
    if code < 0 { throw GraphParts.failure(code, lines, recipe.place) }
  }

  /// The next picture and its tick (nil: it has none); nil when more must go in, or at the end.
  public func receive() throws(SluiceError) -> (picture: FrameBox, tick: Int64?)? {
    let frame = try FrameBox()
    let (code, lines) = AVLog.captureLines { av_buffersink_get_frame(sink, frame.raw) }
    if code == AVErrorText.again { return nil }
    if code == AVErrorText.endOfFile {
      isAtEnd = true
      return nil
    }
    guard code >= 0 else { throw GraphParts.failure(code, lines, recipe.place) }
    let base = av_buffersink_get_time_base(sink)
    let own = AVRational(num: Int32(clamping: timeBase.num), den: Int32(clamping: timeBase.den))
    let tick = timestamp(frame.raw.pointee.pts).map { av_rescale_q($0, base, own) }
    complete(frame)
    frame.raw.pointee.best_effort_timestamp = tick ?? sluice_av_nopts()
    frame.raw.pointee.pts = tick ?? sluice_av_nopts()
    return (frame, tick)
  }

  /// Some filters forget what they were told of the picture.
  private func complete(_ frame: FrameBox) {
    guard let tags = lastTags else { return }
    let frame = frame.raw
    if frame.pointee.colorspace == AVCOL_SPC_UNSPECIFIED { frame.pointee.colorspace = tags.matrix }
    if frame.pointee.color_range == AVCOL_RANGE_UNSPECIFIED { frame.pointee.color_range = tags.range }
    if frame.pointee.color_primaries == AVCOL_PRI_UNSPECIFIED { frame.pointee.color_primaries = tags.primaries }
    if frame.pointee.color_trc == AVCOL_TRC_UNSPECIFIED { frame.pointee.color_trc = tags.transfer }
    if frame.pointee.chroma_location == AVCHROMA_LOC_UNSPECIFIED { frame.pointee.chroma_location = tags.location }
    if frame.pointee.sample_aspect_ratio.num == 0 {
      frame.pointee.sample_aspect_ratio = av_buffersink_get_sample_aspect_ratio(sink)
    }
  }

  /// One in, one out: for effects without state.
  public func apply(_ picture: FrameBox, tick: Int64) throws(SluiceError) -> FrameBox {
    try send(picture, tick: tick)
    guard let result = try receive() else {
      throw SluiceError(.badInput, "the effects give no picture", at: recipe.place)
    }
    return result.picture
  }

  private func prepare(_ picture: FrameBox) throws(SluiceError) -> FrameBox {
    guard let mapping = picture.mapping, mapping.format == format else {
      throw SluiceError(
        .badInput, "the format of its pictures changes in mid-stream, which effects cannot follow", at: recipe.place)
    }
    let frame: FrameBox
    if mapping.isDirect, picture.width == width, picture.height == height {
      frame = try picture.reference()
    } else {
      frame = try FrameBox(format: format, width: width, height: height) { (base) throws(SluiceError) in
        _ = try converter.fill(base, format: format, width: width, height: height, from: picture)
      }
      av_frame_copy_props(frame.raw, picture.raw)
    }
    if let plain = PixelFormatMap.avFormat(format) { frame.raw.pointee.format = plain.rawValue }
    let description = picture.description(traits, format: format)
    let color = description.color.completed(width: width, height: height)
    // RGB enters with the matrix that a filter in YUV is to get, and without a range.
    let matrix = format.family == .rgb ? (width >= 1280 || height > 576 ? 1 : 6) : color.matrix
    frame.raw.pointee.colorspace = AVColorSpace(rawValue: UInt32(matrix))
    frame.raw.pointee.color_range =
      format.family == .rgb ? AVCOL_RANGE_UNSPECIFIED : description.color.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    let aspect = description.sampleAspect
    frame.raw.pointee.sample_aspect_ratio = AVRational(num: Int32(clamping: aspect.num), den: Int32(clamping: aspect.den))
    let tags = frame.raw.pointee
    lastTags = (tags.colorspace, tags.color_range, tags.color_primaries, tags.color_trc, tags.chroma_location)
    return frame
  }

  // MARK: Parameters

  /// Sets an option of a filter for the pictures that go in from now on. `name` is `sigma` or `gblur.sigma`. Throws 65
  /// for one that is not there or cannot change, with those that can; and for a value out of range.
  public func set(effect: Int, _ name: String, _ value: Double) throws(SluiceError) {
    let (filter, option) = try find(effect, name)
    let text = value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    let (code, lines) = AVLog.captureLines { avfilter_process_command(filter, option, text, nil, 0, 0) }
    if code < 0 {
      var error = GraphParts.failure(code, lines, recipe.place)
      error.what = "\(name) = \(text): \(error.what)"
      throw error
    }
  }

  /// Throws 65 when an option that is to change is not there or cannot.
  public func checkParameters() throws(SluiceError) {
    for (index, effect) in recipe.chain.effects.enumerated() {
      guard case .avfilter(_, let names) = effect else { continue }
      for name in names { _ = try find(index, name) }
    }
  }

  private func find(
    _ effect: Int, _ name: String
  ) throws(SluiceError) -> (UnsafeMutablePointer<AVFilterContext>, String) {
    let own = filters.indices.contains(effect) ? filters[effect] : []
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    let option = parts.last ?? name
    for filter in own {
      guard parts.count < 2 || Self.isNamed(filter, parts[0]) else { continue }
      if Self.changeable(filter).contains(option) { return (filter, option) }
    }
    let all = own.flatMap { filter in
      Self.changeable(filter).map { own.count > 1 ? "\(Self.name(filter)).\($0)" : $0 }
    }
    let exists = own.contains {
      (parts.count < 2 || Self.isNamed($0, parts[0])) && Self.options($0).contains { $0.name == option }
    }
    throw SluiceError(
      .badInput, "\(name): \(exists ? "this option cannot change over time" : "no filter of this effect has such an option")",
      at: recipe.place,
      advice: all.isEmpty ? "none of this effect's options can" : "those that can: \(all.joined(separator: ", "))")
  }

  private static func name(_ filter: UnsafeMutablePointer<AVFilterContext>) -> String {
    String(cString: filter.pointee.filter.pointee.name)
  }
  private static func isNamed(_ filter: UnsafeMutablePointer<AVFilterContext>, _ name: String) -> Bool {
    Self.name(filter) == name || filter.pointee.name.map { String(cString: $0) } == name
  }

  private static func changeable(_ filter: UnsafeMutablePointer<AVFilterContext>) -> [String] {
    guard filter.pointee.filter.pointee.process_command != nil else { return [] }
    return options(filter).filter(\.isRuntime).map(\.name)
  }

  private static func options(_ filter: UnsafeMutablePointer<AVFilterContext>) -> [(name: String, isRuntime: Bool)] {
    guard let values = filter.pointee.priv, filter.pointee.filter.pointee.priv_class != nil else { return [] }
    var found: [(name: String, isRuntime: Bool)] = []
    var option = av_opt_next(values, nil)
    while let current = option {
      if current.pointee.type != AV_OPT_TYPE_CONST {
        found.append((String(cString: current.pointee.name), current.pointee.flags & AV_OPT_FLAG_RUNTIME_PARAM != 0))
      }
      option = av_opt_next(values, current)
    }
    return found
  }
}
