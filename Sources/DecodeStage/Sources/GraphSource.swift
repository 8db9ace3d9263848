import AVBinding
import FrameModel
import SluiceBase

/// Pictures of a filter graph: always from the beginning.
final class GraphSource: PictureSource {
  private let text: String
  private var graph: FilterSource
  private var repair = TimestampRepair(jump: .max)
  private var hasBegun = false
  let clock: TickClock
  let traits = StreamTraits()
  let isStill = false
  private let duration: Int64

  init(_ text: String) throws(SluiceError) {
    self.text = text
    graph = try FilterSource(text)
    clock = TickClock(timeBase: graph.timeBase, origin: 0)
    duration = graph.rate > .zero ? clock.ticks(.one / graph.rate) : 1
  }

  var rate: Rational { graph.rate }
  var isAtBeginning: Bool { true }

  func position(before limit: Int64, keeping count: Int) throws(SluiceError) {
    guard hasBegun else { return }
    graph = try FilterSource(text)
    repair = TimestampRepair(jump: .max)
    hasBegun = false
  }

  func next() throws(SluiceError) -> Picture? {
    hasBegun = true
    while true {
      let frame = try FrameBox()
      guard try graph.next(into: frame) else { return nil }
      if let tick = repair.next(frame.pts, duration: duration) {
        return Picture(frame: frame, tick: tick, duration: duration)
      }
    }
  }
}
