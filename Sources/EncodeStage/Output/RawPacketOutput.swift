import AVBinding
import FrameModel
import SluiceBase

/// Raw pictures in NUT. A picture whose planes lie one behind the other without gaps becomes the packet itself;
/// others are packed together first, which is counted as copied bytes.
final class RawPacketOutput: PictureConsumer {
  private let sink: any PacketSink
  private let packet: PacketBox
  private(set) var copiedBytes: UInt64 = 0

  /// Writes the file's header.
  init(settings: OutputSettings, pixels: OutputPixelFormat, container: OutputContainer) throws(SluiceError) {
    packet = try PacketBox()
    sink = container.track()
    container.muxer.writeDirectly()
    try sink.start(
      .pictures(settings, encoder: "rawvideo"),
      CodecParameters(
        uncoded: pixels.target, width: settings.width, height: settings.height, sampleAspect: settings.sampleAspect))
  }

  func take(_ frame: FrameBox, number: Int64) throws(SluiceError) {
    defer { frame.clear() }
    let planes = frame.rows()
    let bytes = planes.reduce(0) { $0 + $1.width * $1.count }
    let start = RawPacketOutput.contiguous(planes)
    if start.map({ packet.view(frame, from: $0, bytes: bytes) }) != true {
      try pack(planes, bytes)
      copiedBytes += UInt64(bytes)
    }
    packet.pts = number
    packet.dts = number
    packet.duration = 1
    packet.isKey = true
    try sink.write(packet)
  }

  func finish() throws(SluiceError) { try sink.finish() }

  private func pack(_ planes: [FrameBox.Rows], _ bytes: Int) throws(SluiceError) {
    var at = try packet.allocate(bytes).baseAddress
    for plane in planes {
      for row in 0..<plane.count {
        at?.copyMemory(from: plane.start + row * plane.stride, byteCount: plane.width)
        at = at.map { $0 + plane.width }
      }
    }
  }

  private static func contiguous(_ planes: [FrameBox.Rows]) -> UnsafeMutablePointer<UInt8>? {
    guard var next = planes.first?.start else { return nil }
    for plane in planes {
      guard plane.start == next, plane.stride == plane.width else { return nil }
      next += plane.width * plane.count
    }
    return planes[0].start
  }
}
