/// Which samples of a plane an interval of the canvas covers along one axis, and how much of each. Only the first and
/// the last sample can be covered in part.
public struct Span: Equatable {
  public static let full: UInt16 = 65535

  public var start: Int
  public var count: Int
  public var first: UInt16
  public var last: UInt16

  /// `low ..< high` in canvas pixels (inside 0 ..< size); a sample stands for `1 << log2` pixels, fewer at the end of
  /// an odd canvas.
  public init(low: Double, high: Double, size: Int, log2: Int) {
    let cell = Double(1 << log2)
    start = Int((low / cell).rounded(.down))
    count = max(0, Int((high / cell).rounded(.up)) - start)
    func weight(_ index: Int) -> UInt16 {
      let from = Double(index << log2)
      let to = Double(min((index + 1) << log2, size))
      return UInt16(((min(high, to) - max(low, from)) / (to - from) * 65535).rounded())
    }
    first = count > 0 ? weight(start) : 0
    last = count > 0 ? weight(start + count - 1) : 0
  }

  /// How much of sample `start + index` is covered; 65535 is all of it.
  public func weight(_ index: Int) -> UInt16 { index == 0 ? first : index == count - 1 ? last : Span.full }

  /// The part of it within samples low ..< high.
  public func cut(_ low: Int, _ high: Int) -> Span {
    var part = self
    part.start = max(start, low)
    part.count = max(0, min(start + count, high) - part.start)
    part.first = weight(part.start - start)
    part.last = weight(part.start + part.count - 1 - start)
    return part
  }
}
