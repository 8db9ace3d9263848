import AVBinding
import FrameModel
import SluiceBase

/// One picture that was drawn.
final class DrawnSource: PictureSource {
  private let picture: FrameBox
  private var isTaken = false
  let clock = TickClock(timeBase: Rational(1, 1000), origin: 0)
  let traits = StreamTraits()
  let isStill = true
  let rate = Rational.zero
  let isAtBeginning = true

  init(_ picture: FrameBox) { self.picture = picture }

  func position(before limit: Int64, keeping count: Int) { isTaken = false }

  func next() -> Picture? {
    if isTaken { return nil }
    isTaken = true
    return Picture(frame: picture, tick: 0, duration: 0)
  }
}
