import FrameModel

/// A time of the graph, counted from its frame 0.
public enum AudioTime: Sendable, Hashable {
  case frame(Int64)
  case seconds(Double)
  /// Seconds as a project writes them, exact.
  case exact(Rational)

  /// In frames of a rate; between two frames where it falls between.
  func frames(_ sampleRate: Double) -> Double {
    switch self {
    case .frame(let frame): Double(frame)
    case .seconds(let seconds): seconds * sampleRate
    case .exact(let time):
      if let rate = Int64(exactly: sampleRate) {
        Self.quotient(Int128(time.num) * Int128(rate), Int128(time.den))
      } else {
        time.double * sampleRate
      }
    }
  }

  /// The integer part apart, so that an integer stays one however large it is.
  private static func quotient(_ num: Int128, _ den: Int128) -> Double {
    let (whole, rest) = num.quotientAndRemainder(dividingBy: den)
    return Double(whole) + Double(rest) / Double(den)
  }
}
