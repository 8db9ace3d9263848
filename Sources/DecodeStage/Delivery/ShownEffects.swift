import AVBinding
import FrameModel
import SluiceBase

/// Effects without state, on the pictures that are shown only: each once, or once for every set of values that their
/// options have while it is shown. Used from one thread.
final class ShownEffects {
  private let recipe: EffectRecipe
  private let parameters: [DecodeRequest.Parameter]
  private let traits: StreamTraits
  private let clock: TickClock
  private let rate: Rational
  private var graph: EffectGraph?
  /// The graph's options now.
  private var values: [Double] = []
  /// The last result, and what it was made of.
  private var last: (source: FrameBox, values: [Double], result: FrameBox)?

  init(_ request: DecodeRequest, _ source: any PictureSource) {
    recipe = request.shownRecipe
    parameters = request.parameters
    traits = source.traits
    clock = source.clock
    rate = source.rate
  }

  /// What holds for the results.
  var outputTraits: StreamTraits { graph?.outputTraits ?? traits }

  /// The results for output frames `first ..< first + count`, all of which show `picture`.
  func results(
    of picture: Picture, first: Int64, count: Int64, _ use: (Picture, Int64, Int64) throws(SluiceError) -> Void
  ) throws(SluiceError) {
    var start = first
    while start < first + count {
      let values = parameters.map { $0.value(start) }
      var end = start + 1
      while end < first + count, parameters.isEmpty || parameters.map({ $0.value(end) }) == values {
        end = parameters.isEmpty ? first + count : end + 1
      }
      let result = try result(of: picture, values)
      try use(Picture(frame: result, tick: picture.tick, duration: picture.duration), start, end - start)
      start = end
    }
  }

  private func result(of picture: Picture, _ values: [Double]) throws(SluiceError) -> FrameBox {
    if let last, last.source === picture.frame, last.values == values { return last.result }
    let graph = try graph(for: picture)
    for (index, parameter) in parameters.enumerated() where self.values.isEmpty || self.values[index] != values[index] {
      try graph.set(effect: parameter.effect, parameter.name, values[index])
    }
    self.values = values
    let result = try graph.apply(picture.frame, tick: picture.tick)
    last = (picture.frame, values, result)
    return result
  }

  private func graph(for picture: Picture) throws(SluiceError) -> EffectGraph {
    if let graph { return graph }
    let graph = try EffectGraph(recipe, like: picture.frame, traits: traits, timeBase: clock.timeBase, rate: rate)
    self.graph = graph
    return graph
  }
}
