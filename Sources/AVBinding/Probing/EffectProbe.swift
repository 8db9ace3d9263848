import FrameModel
import SluiceBase

/// Builds a source's effects as a stream would, and finds out what comes out of them.
enum EffectProbe {
  /// Effects that take pictures apart from their times, which nothing in the pictures of a test shows.
  private static let unordered: Set<String> = ["reverse", "random", "shuffleframes", "freezeframes", "loop", "zmq"]

  /// `opened` becomes what the source is with `chain` on it. Throws 65 with libavfilter's own words for what it refuses.
  static func apply(_ chain: EffectChain, to opened: inout MediaProbe.Opened, of source: SourceKey) throws(SluiceError) {
    let place = source.place
    guard var video = opened.info.video, let picture = opened.picture else {
      throw SluiceError(.badInput, "no picture in it that effects could change", at: place)
    }
    for case .avfilter(let text, _) in chain.effects {
      if let name = EffectTraits.filterNames(text).first(where: unordered.contains) {
        throw SluiceError(
          .badInput, "\(name): an effect must give one picture for each, in their order", at: place,
          advice: "cut the clip, or change its speed, instead")
      }
    }
    let rate = video.averageRate > .zero ? video.averageRate : video.nominalRate
    let graph = try EffectGraph(
      EffectRecipe(chain: chain, place: place), like: picture, traits: opened.traits, timeBase: opened.timeBase, rate: rate)
    try graph.checkParameters()
    if case .subtitles = source, !chain.isStateless {
      throw SluiceError(
        .badInput, "effects that look at several pictures cannot be used on subtitles", at: place,
        advice: "animate the clip's opacity or place instead")
    }
    let result = try firstResult(graph, picture, step: step(rate, opened.timeBase), isStateless: chain.isStateless, place)
    guard let mapping = result.mapping else {
      throw SluiceError(.badInput, "pictures of the format \(result.formatName) cannot be used", at: place)
    }
    let traits = graph.outputTraits
    let described = MediaProbe.describe(result, traits, mapping)
    video.width = described.width
    video.height = described.height
    video.format = described.format
    video.sourceFormat = described.sourceFormat
    video.sampleAspect = described.sampleAspect
    video.rotation = described.rotation
    video.mirrored = described.mirrored
    video.color = described.color
    video.interlaced = described.interlaced
    video.slotBytes = described.slotBytes
    // The codec's pictures are private memory; only results are in slots.
    video.pictureBuffers = 1
    opened.info.video = video
    opened.picture = result
    opened.traits = traits
  }

  /// Ticks from picture to picture.
  private static func step(_ rate: Rational, _ timeBase: Rational) -> Int64 {
    let seconds = rate > .zero ? .one / rate : Rational(1, 25)
    return max(
      1,
      (Rational(reducing: Int128(seconds.num) * Int128(timeBase.den), Int128(seconds.den) * Int128(timeBase.num)) ?? .one).floor)
  }

  /// Feeds some pictures: as many must come out, at the times at which they went in.
  private static func firstResult(
    _ graph: EffectGraph, _ picture: FrameBox, step: Int64, isStateless: Bool, _ place: String
  ) throws(SluiceError) -> FrameBox {
    if isStateless { return try graph.apply(picture, tick: 0) }
    let fed = (0..<3).map { Int64($0) * step }
    var first: FrameBox?
    var ticks: [Int64?] = []
    func drain() throws(SluiceError) {
      while ticks.count <= fed.count, let result = try graph.receive() {
        if first == nil { first = result.picture }
        ticks.append(result.tick)
      }
    }
    for tick in fed {
      try graph.send(picture, tick: tick)
      try drain()
    }
    try graph.finish()
    try drain()
    guard let first, ticks == fed else {
      throw SluiceError(
        .badInput,
        ticks.count == fed.count
          ? "the effects change the times of the pictures"
          : "the effects change the rate of the pictures: \(ticks.count > fed.count ? "more" : "\(ticks.count)") came out for \(fed.count)",
        at: place, advice: "an effect must give one picture for each")
    }
    return first
  }
}
