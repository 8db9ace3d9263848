import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale

extension Demuxer {
  /// Whether what libavcodec leaves out of an unreferenced picture's packet changes nothing else.
  ///
  /// Of H.264 it leaves out every unit that calls itself unreferenced. A damaged one may be something else in a whole
  /// decode: a parameter set, or a refresh that forgets all references. Of HEVC nothing is left out: with silent damage
  /// later pictures came out otherwise (`DamagedBytesTests`).
  public func canSkip(_ packet: PacketBox) -> Bool {
    guard let parameters = stream?.pointee.codecpar else { return false }
    if parameters.pointee.codec_id == AV_CODEC_ID_HEVC { return false }
    guard parameters.pointee.codec_id == AV_CODEC_ID_H264 else { return true }
    guard let data = packet.raw.pointee.data else { return false }
    let bytes = UnsafeBufferPointer(start: data, count: packet.size)
    if let extra = parameters.pointee.extradata, parameters.pointee.extradata_size > 6, extra[0] == 1 {
      return Self.counted(bytes, lengthBytes: Int(extra[4] & 3) + 1)
    }
    return Self.marked(bytes)
  }

  /// Units after their lengths (ISO/IEC 14496-15).
  private static func counted(_ bytes: UnsafeBufferPointer<UInt8>, lengthBytes: Int) -> Bool {
    var at = 0
    while at < bytes.count {
      guard at + lengthBytes < bytes.count else { return false }
      var size = 0
      for index in 0..<lengthBytes { size = size << 8 | Int(bytes[at + index]) }
      at += lengthBytes
      guard size > 0, size <= bytes.count - at, isHarmless(bytes[at]) else { return false }
      at += size
    }
    return true
  }

  /// Units after start codes (ITU-T H.264, annex B).
  private static func marked(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var zeros = 0
    for (at, byte) in bytes.enumerated() {
      if byte == 1, zeros >= 2, at + 1 < bytes.count, !isHarmless(bytes[at + 1]) { return false }
      zeros = byte == 0 ? zeros + 1 : 0
    }
    return true
  }

  /// By a unit's first byte: referenced, so that it is decoded, or a slice, or nothing that lasts.
  private static func isHarmless(_ byte: UInt8) -> Bool {
    byte >> 5 & 3 != 0 || [1, 6, 9, 10, 11, 12].contains(byte & 31)
  }
}
