import AVBinding
import FrameModel
import SluiceBase

/// A decoded picture on its way into a slot.
struct Picture {
  let frame: FrameBox
  /// Presentation time in ticks of the source's clock; strictly rising from picture to picture.
  let tick: Int64
  /// How long it lasts by the container, in ticks; 0 when unknown.
  let duration: Int64
  var isDamaged: Bool { frame.isDamaged }
}

/// Pictures of a source in presentation order. Used from one thread.
protocol PictureSource: AnyObject {
  var clock: TickClock { get }
  var traits: StreamTraits { get }
  /// One picture without end: no warning when it is held.
  var isStill: Bool { get }
  /// Parts of the stream that could not be decoded since the last call.
  func takeDamage() -> (count: UInt64, message: String?)
  /// Goes to where the next picture is the first that may be needed: the one shown at `limit`, or one before it.
  func position(before limit: Int64) throws(SluiceError)
  /// A tick up to which the picture given out last is surely the one to show (exclusive): no picture comes before it.
  /// nil when that cannot be told before the next picture is there.
  var nextTick: Int64? { get }
  /// nil at the end.
  func next() throws(SluiceError) -> Picture?
  /// The memory that the source's allocator gave for a picture; nil when it lies elsewhere.
  func memory(of picture: Picture) -> (any PictureMemory)?
}

/// Pictures of a filter graph: always from the beginning.
final class GraphSource: PictureSource {
  private let graph: FilterSource
  private var repair: TimestampRepair
  let clock: TickClock
  let traits = StreamTraits()
  let isStill = false
  private let duration: Int64

  init(_ text: String) throws(SluiceError) {
    graph = try FilterSource(text)
    clock = TickClock(timeBase: graph.timeBase, origin: 0)
    duration = graph.rate > .zero ? clock.ticks(.one / graph.rate) : 1
    repair = TimestampRepair(jump: .max)
  }

  func takeDamage() -> (count: UInt64, message: String?) { (0, nil) }
  var nextTick: Int64? { nil }
  func position(before limit: Int64) {}
  func memory(of picture: Picture) -> (any PictureMemory)? { nil }

  func next() throws(SluiceError) -> Picture? {
    while true {
      let frame = try FrameBox()
      guard try graph.next(into: frame) else { return nil }
      if let tick = repair.next(frame.pts, duration: duration) {
        return Picture(frame: frame, tick: tick, duration: duration)
      }
    }
  }
}
