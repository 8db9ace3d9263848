import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// Decoded samples as the mix may have them. A sample that is no number would stay in every filter with a memory, and encoders refuse it.
enum SampleGuard {
  /// +36 dB over full scale: far more than a mix goes over on purpose.
  static let limit: Float = 64

  /// Puts 0 for what is not finite, and the limit for what is beyond it; how many samples were changed.
  static func repair(_ samples: UnsafeMutablePointer<Float>, _ count: Int) -> Int {
    guard isBad(samples, count) else { return 0 }
    var changed = 0
    for i in 0..<count where !(samples[i].magnitude <= limit) {
      samples[i] = samples[i].isFinite ? (samples[i] < 0 ? -limit : limit) : 0
      changed += 1
    }
    return changed
  }

  /// Without branches, so that it is vectorised: as whole numbers, the bits of what is not finite are above all others.
  static func isBad(_ samples: UnsafePointer<Float>, _ count: Int) -> Bool {
    var most: UInt32 = 0
    samples.withMemoryRebound(to: UInt32.self, capacity: count) { bits in
      for i in 0..<count { most = max(most, bits[i] & 0x7fff_ffff) }
    }
    return most > limit.bitPattern
  }

  /// The same for a frame of planar float, whose memory may be others' too: its planes, and how many samples were changed.
  static func repair(
    _ frame: UnsafeMutablePointer<AVFrame>, _ data: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, channels: Int,
    _ count: Int
  ) throws(SluiceError) -> (planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, changed: Int) {
    func each(_ planes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, _ body: (UnsafeMutablePointer<Float>) -> Int) -> Int {
      var sum = 0
      for channel in 0..<channels { sum += planes[channel]?.withMemoryRebound(to: Float.self, capacity: count, body) ?? 0 }
      return sum
    }
    if each(data, { isBad($0, count) ? 1 : 0 }) == 0 { return (data, 0) }
    guard av_frame_make_writable(frame) >= 0, let own = frame.pointee.extended_data else {
      throw SluiceError(.unavailable, "out of memory")
    }
    return (own, each(own) { repair($0, count) })
  }

  static func text(_ count: Int) -> String {
    "\(count) sample\(count == 1 ? "" : "s") that \(count == 1 ? "is" : "are") not finite or beyond +36 dBFS"
  }
}

/// What was damaged in a source's sound.
public struct SoundDamage: Sendable, Equatable {
  /// Places of it.
  public var count: UInt64
  /// The first: where, and why.
  public var text: String

  public init(count: UInt64, text: String) { (self.count, self.text) = (count, text) }

  /// Of both; nil where neither is.
  public static func both(_ a: SoundDamage?, _ b: SoundDamage?) -> SoundDamage? {
    guard let a, let b else { return a ?? b }
    return SoundDamage(count: a.count + b.count, text: a.text)
  }

  /// The place of a sample in seconds, for people.
  static func seconds(_ sample: Int64, rate: Int) -> String {
    DecimalText.seconds(Double(max(0, sample)) / Double(rate))
  }
}
