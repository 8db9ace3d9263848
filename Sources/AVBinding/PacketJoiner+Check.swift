import CAVCodec
import CSluice
import SluiceBase

extension PacketJoiner {
  /// Reads a whole segment of pictures and throws what `append` would say of it by itself, without joining it. The descriptor's
  /// position stays as it is.
  public static func check(_ segment: Int32, firstFrame: Int64, frames: Int64) throws(SluiceError) {
    AVLog.silence()
    let place = self.place(firstFrame, frames)
    var reader = try SegmentReader(segment, place: place)
    guard reader.frames == frames else { throw SluiceError(.software, "holds \(reader.frames) frames", at: place) }
    var packet = av_packet_alloc()
    defer { av_packet_free(&packet) }
    guard let packet else { throw SluiceError(.unavailable, "no memory for a packet") }
    var last = Int64.min
    try reader.forEach(packet) { () throws(SluiceError) in
      last = max(packet.pointee.dts, last &+ 1)
      guard last <= packet.pointee.pts else {
        throw SluiceError(.software, "frame \(packet.pointee.pts) would be shown before it is decoded", at: place)
      }
    }
  }

  static func place(_ firstFrame: Int64, _ frames: Int64) -> String {
    frames == 1 ? "segment of frame \(firstFrame)" : "segment of frames \(firstFrame) to \(firstFrame + frames - 1)"
  }
}
