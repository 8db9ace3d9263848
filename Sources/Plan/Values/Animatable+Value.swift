import FrameModel

extension Animatable {
  /// The value at `time`, with the rules by which a plan's motions are evaluated: it is constant before the first key and after
  /// the last.
  public func at(_ time: Rational) -> Double {
    switch self {
    case .constant(let value): return value.double
    case .keys(let keys):
      guard let after = keys.firstIndex(where: { $0.time > time }) else { return keys.last?.value.double ?? 0 }
      guard after > 0 else { return keys[0].value.double }
      let (low, high) = (keys[after - 1], keys[after])
      let start = low.time.double, end = high.time.double
      let progress = high.ease.progress(min(max((time.double - start) / (end - start), 0), 1))
      return low.value.double + (high.value.double - low.value.double) * progress
    }
  }
}
