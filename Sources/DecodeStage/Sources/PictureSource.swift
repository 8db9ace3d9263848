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
  /// Pictures a second; zero when unknown.
  var rate: Rational { get }
  /// Parts of the stream that could not be decoded since the last call.
  func takeDamage() -> (count: UInt64, message: String?)
  /// Goes to where the next picture is the first that may be needed: the one shown at `limit`, or one before it.
  /// May be called again.
  /// - Parameter count: pictures before that one that are wanted too, as far as they come; 0: they may be left out.
  func position(before limit: Int64, keeping count: Int) throws(SluiceError)
  /// The first picture after the last `position` is the source's first.
  var isAtBeginning: Bool { get }
  /// Of the pictures that come, those before the one shown at `limit` are not wanted: they may be left out. Only forward.
  func advance(to limit: Int64) throws(SluiceError)
  /// A tick up to which the picture given out last is surely the one to show (exclusive): no picture comes before it.
  /// nil when that cannot be told before the next picture is there.
  var nextTick: Int64? { get }
  /// nil at the end.
  func next() throws(SluiceError) -> Picture?
  /// The memory that the source's allocator gave for a picture; nil when it lies elsewhere.
  func memory(of picture: Picture) -> (any PictureMemory)?
}

extension PictureSource {
  func advance(to limit: Int64) {}
  var nextTick: Int64? { nil }
  func memory(of picture: Picture) -> (any PictureMemory)? { nil }
  func takeDamage() -> (count: UInt64, message: String?) { (0, nil) }
}
