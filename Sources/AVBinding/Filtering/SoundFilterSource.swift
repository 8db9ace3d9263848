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
  private var damage: SoundDamage?

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
    let repaired = converter.takeRepaired()
    if repaired > 0 {
      let at = SoundDamage.seconds(clock.expected ?? 0, rate: rate)
      damage = .both(damage, SoundDamage(count: 1, text: "damaged near \(at) s (\(SampleGuard.text(repaired)))"))
    }
    let place = clock.place(timestamp(frame.raw.pointee.pts), count: sound.count)
    return SoundPiece(position: place, count: sound.count, planes: sound.planes)
  }

  public func takeDamage() -> SoundDamage? {
    defer { damage = nil }
    return damage
  }

  private struct Graph {
    let sink: SoundGraph.Filter
    private let graph: SoundGraph

    init(_ text: String, _ number: Int) throws(SluiceError) {
      let graph = try SoundGraph(place: SourceKey.graphPrefix + text)
      var heard: SoundGraph.Filter?
      try graph.build(text) { (inputs, outputs) throws(SluiceError) in
        if inputs != nil {
          throw SluiceError(.badInput, "the filter graph wants an input; a source makes sound of nothing", at: graph.place)
        }
        heard = try Self.end(graph, outputs, number)
      }
      guard let heard else { throw SluiceError(.software, "the filter graph was not wired", at: graph.place) }
      sink = heard
      self.graph = graph
    }

    /// Gives every output an end; that of sound output `number` is heard.
    private static func end(
      _ graph: SoundGraph, _ outputs: SoundGraph.Ends?, _ number: Int
    ) throws(SluiceError) -> SoundGraph.Filter {
      var heard: SoundGraph.Filter?
      var sounds = 0
      var output = outputs
      while let current = output {
        let isSound = SoundGraph.isSound(current.pointee.filter_ctx.pointee.output_pads, current)
        let isHeard = isSound && sounds == number
        if isSound { sounds += 1 }
        let end = try graph.make(isHeard ? "abuffersink" : isSound ? "anullsink" : "nullsink")
        try graph.link((current.pointee.filter_ctx, UInt32(current.pointee.pad_idx)), (end, 0))
        if isHeard { heard = end }
        output = current.pointee.next
      }
      guard let heard else { throw SluiceError(.badInput, "the filter graph has no such sound output", at: graph.place) }
      return heard
    }
  }
}
