import FrameModel
import SluiceBase

/// Decoded sound with its place in the source: planar float32.
public struct SoundPiece {
  /// Sample frames since the source's 0; may be below it.
  public let position: Int64
  public let count: Int
  let planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>

  /// Copies samples `from ..< from + count` of a channel.
  public func copy(_ channel: Int, from: Int, count: Int, to: UnsafeMutablePointer<Float>) {
    precondition(from >= 0 && from + count <= self.count, "samples \(from) + \(count) of \(self.count)")
    guard let plane = planes[channel] else { return }
    plane.withMemoryRebound(to: Float.self, capacity: self.count) { to.update(from: $0 + from, count: count) }
  }
}

/// Sound of a source in order of its time, from any place of it. Used from one thread.
public protocol SoundFeed: AnyObject {
  /// Samples a second.
  var rate: Int { get }
  /// 1, 2, 4 (L R SL SR) or 6 (L R C LFE SL SR).
  var channels: Int { get }
  /// Goes to a place such that what `next` gives from there on holds everything from `sample` on, and is whole there.
  func seek(to sample: Int64) throws(SluiceError)
  /// Valid until the next call; nil at the end. Pieces are in order of their positions; between two of them may be a gap.
  func next() throws(SluiceError) -> SoundPiece?
  /// What was damaged since it was asked last; nil: nothing.
  func takeDamage() -> SoundDamage?
}

/// Gives decoded frames their places: what follows without a gap is counted, so that coarse timestamps do no harm.
struct SoundClock {
  /// Seconds a tick, and the presentation time of the source's 0.
  let timeBase: Rational
  let zero: Rational
  let rate: Int
  /// What a timestamp may be beside the count without meaning it.
  let tolerance: Int64
  /// A fall by more than this is a new beginning (a joined recording).
  private let jump: Int64
  private var shift: Int64 = 0
  private(set) var expected: Int64?

  init(timeBase: Rational, zero: Rational, rate: Int) {
    self.timeBase = timeBase
    self.zero = zero
    self.rate = rate
    let tick = (timeBase * Rational(Int64(rate))).ceil
    tolerance = max(Int64(rate / 400), 2 * tick + 1)
    jump = Int64(rate) * 5
  }

  /// Timestamps are exact to the sample.
  var isExact: Bool { (.one / (Rational(Int64(rate)) * timeBase)).den == 1 }

  /// Nearest sample of a timestamp.
  func position(_ tick: Int64) -> Int64 {
    let num = Int128(tick) * Int128(timeBase.num) * Int128(zero.den) - Int128(zero.num) * Int128(timeBase.den)
    let den = Int128(timeBase.den) * Int128(zero.den)
    let doubled = 2 * num * Int128(rate) + den
    let (quotient, rest) = doubled.quotientAndRemainder(dividingBy: 2 * den)
    return Int64(clamping: rest < 0 ? quotient - 1 : quotient)
  }

  /// Last tick not after a sample.
  func tick(_ position: Int64) -> Int64 {
    let num = (Int128(position) * Int128(zero.den) + Int128(zero.num) * Int128(rate)) * Int128(timeBase.den)
    let den = Int128(rate) * Int128(zero.den) * Int128(timeBase.num)
    let (quotient, rest) = num.quotientAndRemainder(dividingBy: den)
    return Int64(clamping: rest < 0 ? quotient - 1 : quotient)
  }

  /// The place of the next frame.
  mutating func place(_ tick: Int64?, count: Int) -> Int64 {
    var place = expected ?? 0
    if let tick {
      let stamp = position(tick).addingReportingOverflow(shift).partialValue
      if let expected {
        let (difference, overflow) = stamp.subtractingReportingOverflow(expected)
        if !overflow, difference < -jump {
          shift = shift &- difference
        } else if overflow || difference.magnitude > tolerance.magnitude {
          place = stamp
        }
      } else {
        place = stamp
      }
    }
    expected = place.addingReportingOverflow(Int64(count)).partialValue
    return place
  }

  /// After a seek: the next frame is where `place` says.
  mutating func forget() { expected = nil }
  mutating func set(_ place: Int64) { expected = place }
}
