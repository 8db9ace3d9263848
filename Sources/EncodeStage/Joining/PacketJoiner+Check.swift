import AVBinding
import SluiceBase

extension PacketJoiner {
  /// Reads a whole segment of pictures and throws what `append` would say of it by itself, without joining it. The descriptor's
  /// position stays as it is.
  static func check(_ segment: Int32, firstFrame: Int64, frames: Int64) throws(SluiceError) {
    AVLog.silence()
    let place = self.place(firstFrame, frames)
    var reader = try SegmentReader(segment, place: place)
    guard reader.frames == frames else { throw SluiceError(.software, "holds \(reader.frames) frames", at: place) }
    let packet = try PacketBox()
    var last = Int64.min
    try reader.forEach(packet) { (pts) throws(SluiceError) in
      last = max(packet.decodingTime, last &+ 1)
      guard last <= pts else { throw SluiceError(.software, "frame \(pts) would be shown before it is decoded", at: place) }
    }
  }

  static func place(_ firstFrame: Int64, _ frames: Int64) -> String {
    frames == 1 ? "segment of frame \(firstFrame)" : "segment of frames \(firstFrame) to \(firstFrame + frames - 1)"
  }
}
