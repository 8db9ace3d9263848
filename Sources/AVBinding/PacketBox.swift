import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import SluiceBase

/// Owns an `AVPacket`. Used from one thread at a time.
public final class PacketBox {
  let raw: UnsafeMutablePointer<AVPacket>

  public init() throws(SluiceError) {
    guard let raw = av_packet_alloc() else { throw SluiceError(.unavailable, "out of memory") }
    self.raw = raw
  }
  deinit {
    var raw: UnsafeMutablePointer<AVPacket>? = raw
    av_packet_free(&raw)
  }

  /// Ticks of the stream's time base; nil when the container does not say.
  public var pts: Int64? { timestamp(raw.pointee.pts) }
  public var dts: Int64? { timestamp(raw.pointee.dts) }
  public var isKey: Bool { raw.pointee.flags & AV_PKT_FLAG_KEY != 0 }
  /// Outside the edit list: decoded for reference, never shown.
  public var isDiscarded: Bool { raw.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }
  /// The container has less of it than it should have.
  public var isDamaged: Bool { raw.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }
  /// Ticks; 0 when unknown.
  public var duration: Int64 { max(0, raw.pointee.duration) }
  public var size: Int { Int(raw.pointee.size) }
  /// A VP8 packet whose picture is only a reference (its frame tag says so).
  func isHiddenVP8(_ codec: AVCodecID) -> Bool {
    guard codec == AV_CODEC_ID_VP8, raw.pointee.size > 0, let data = raw.pointee.data else { return false }
    return data[0] >> 4 & 1 == 0
  }
  public func clear() { av_packet_unref(raw) }
  /// Becomes what `other` was; that one is empty then.
  public func take(_ other: PacketBox) {
    clear()
    av_packet_move_ref(raw, other.raw)
  }
}

/// nil for `AV_NOPTS_VALUE`.
func timestamp(_ value: Int64) -> Int64? { value == sluice_av_nopts() ? nil : value }
