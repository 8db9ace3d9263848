import CAVCodec
import CAVUtil
import SluiceBase

// What a packet carries. The memory is the packet's: pointers are valid until it is cleared, taken over or filled again.
extension PacketBox {
  public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: raw.pointee.data, count: Int(raw.pointee.size))
  }

  /// A piece of side data: its `AV_PKT_DATA_*` and its bytes.
  public struct SideData {
    public let type: UInt32
    public let bytes: UnsafeRawBufferPointer
  }

  public var sideData: [SideData] {
    (0..<Int(raw.pointee.side_data_elems)).map { index in
      let piece = raw.pointee.side_data[index]
      return SideData(type: piece.type.rawValue, bytes: UnsafeRawBufferPointer(start: piece.data, count: piece.size))
    }
  }

  /// Makes an empty packet one with `size` bytes, not initialised. Times and flags are forgotten.
  public func allocate(_ size: Int) throws(SluiceError) -> UnsafeMutableRawBufferPointer {
    guard av_new_packet(raw, Int32(size)) >= 0 else { throw SluiceError(.unavailable, "no memory for a packet") }
    return UnsafeMutableRawBufferPointer(start: raw.pointee.data, count: size)
  }

  /// Adds a piece of side data of `size` bytes, not initialised.
  public func addSideData(_ type: UInt32, _ size: Int) throws(SluiceError) -> UnsafeMutableRawBufferPointer {
    guard let data = av_packet_new_side_data(raw, AVPacketSideDataType(rawValue: type), size) else {
      throw SluiceError(.unavailable, "no memory for a packet")
    }
    return UnsafeMutableRawBufferPointer(start: data, count: size)
  }

  /// Makes an empty packet a view of `bytes` of the picture in `frame`, from `start` on: it holds a reference on the picture's
  /// memory, and copies nothing. false: without memory, or the frame has none that can be referenced.
  public func view(_ frame: FrameBox, from start: UnsafeMutablePointer<UInt8>, bytes: Int) -> Bool {
    guard let picture = frame.raw.pointee.buf.0, let buffer = av_buffer_ref(picture) else { return false }
    raw.pointee.buf = buffer
    raw.pointee.data = start
    raw.pointee.size = Int32(bytes)
    return true
  }
}
