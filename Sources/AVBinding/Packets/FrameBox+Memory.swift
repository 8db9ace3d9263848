import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import CSluice
import FrameModel
import SluiceBase

extension FrameBox {
  /// A picture in memory of its own, planes laid out by `PlaneLayout` from `base` on, not initialised. The memory goes with the
  /// last reference on it. Throws 69 without memory, 70 for a format that FFmpeg does not have.
  public convenience init(
    format: PixelFormat, width: Int, height: Int, fill: (UnsafeMutableRawPointer) throws(SluiceError) -> Void
  ) throws(SluiceError) {
    try self.init()
    guard let av = PixelFormatMap.avFormat(format) else {
      throw SluiceError(.software, "FFmpeg has no format for \(format)")
    }
    let layout = PlaneLayout(format, width: width, height: height)
    // Vector code may read a little behind a plane.
    let bytes = layout.bytes + 2 * Int(SLUICE_PLANE_ALIGN)
    let base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Int(SLUICE_PLANE_ALIGN))
    let start = base.assumingMemoryBound(to: UInt8.self)
    guard let buffer = av_buffer_create(start, bytes, { _, data in UnsafeMutableRawPointer(data)?.deallocate() }, nil, 0) else {
      base.deallocate()
      throw SluiceError(.unavailable, "out of memory")
    }
    raw.pointee.buf.0 = buffer
    raw.pointee.format = av.rawValue
    raw.pointee.width = Int32(width)
    raw.pointee.height = Int32(height)
    for (index, plane) in layout.planes.enumerated() {
      setPlane(PixelFormatMap.avPlane(index, of: format), start + plane.offset, stride: plane.stride)
    }
    try fill(base)
  }

  /// Another reference on the same picture.
  public func reference() throws(SluiceError) -> FrameBox {
    let other = try FrameBox()
    guard av_frame_ref(other.raw, raw) >= 0 else { throw SluiceError(.unavailable, "out of memory") }
    return other
  }

  /// Where a plane of the picture, in FFmpeg's order, lies.
  func setPlane(_ index: Int, _ data: UnsafeMutablePointer<UInt8>, stride: Int) {
    raw.pointee.extended_data[index] = data
    withUnsafeMutableBytes(of: &raw.pointee.linesize) { $0.bindMemory(to: Int32.self)[index] = Int32(stride) }
  }
}
