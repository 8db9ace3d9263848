import CAVCodec
import CAVUtil
import SluiceBase

/// Owns an `AVPacket`. Used from one thread at a time.
public final class PacketBox {
  let raw: UnsafeMutablePointer<AVPacket>

  public init() throws(SluiceError) {
    guard let raw = av_packet_alloc() else { throw SluiceError(.unavailable, "no memory for a packet") }
    self.raw = raw
  }
  deinit {
    var raw: UnsafeMutablePointer<AVPacket>? = raw
    av_packet_free(&raw)
  }

  /// Ticks of the stream's time base; nil where it is not known.
  public var pts: Int64? {
    get { timestamp(raw.pointee.pts) }
    set { raw.pointee.pts = newValue ?? sluice_av_nopts() }
  }
  public var dts: Int64? {
    get { timestamp(raw.pointee.dts) }
    set { raw.pointee.dts = newValue ?? sluice_av_nopts() }
  }
  /// Ticks; 0 when unknown.
  public var duration: Int64 {
    get { max(0, raw.pointee.duration) }
    set { raw.pointee.duration = newValue }
  }
  /// `AV_PKT_FLAG_*`.
  public var flags: Int32 {
    get { raw.pointee.flags }
    set { raw.pointee.flags = newValue }
  }
  public var isKey: Bool {
    get { raw.pointee.flags & AV_PKT_FLAG_KEY != 0 }
    set { raw.pointee.flags = newValue ? raw.pointee.flags | AV_PKT_FLAG_KEY : raw.pointee.flags & ~AV_PKT_FLAG_KEY }
  }
  /// Outside the edit list: decoded for reference, never shown.
  public var isDiscarded: Bool { raw.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }
  /// The container has less of it than it should have.
  public var isDamaged: Bool { raw.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }
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
