import CAVUtil
import FrameModel

extension AVRational {
  /// The nearest fraction whose terms fit 32 bits; exact for all that occur as rates and aspects.
  init(_ value: Rational) {
    self.init()
    av_reduce(&num, &den, value.num, value.den, Int64(Int32.max))
  }
}

extension Rational {
  /// Zero for FFmpeg's unknown (0/0, 0/1) and for nonsense.
  init(_ value: AVRational) {
    self = value.num > 0 && value.den > 0 ? Rational(Int64(value.num), Int64(value.den)) : .zero
  }
}
