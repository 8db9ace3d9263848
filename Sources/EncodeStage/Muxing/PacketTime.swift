import AVBinding
import FrameModel

/// A time in ticks of some time base, which can be compared exactly with those of others. A value.
struct PacketTime: Comparable {
  var ticks: Int64
  var timeBase: Rational

  static func == (a: PacketTime, b: PacketTime) -> Bool { a.common(with: b) == b.common(with: a) }
  static func < (a: PacketTime, b: PacketTime) -> Bool { a.common(with: b) < b.common(with: a) }

  /// Fits: terms of time bases have 32 bits.
  private func common(with other: PacketTime) -> Int128 {
    Int128(ticks) * Int128(timeBase.num) * Int128(other.timeBase.den)
  }
}

extension PacketBox {
  /// When it is to be decoded; where that is not said, when it is shown.
  var decodingTime: Int64 { dts ?? pts ?? .min }
}
