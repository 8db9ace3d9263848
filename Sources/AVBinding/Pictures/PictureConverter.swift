import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// Brings a picture that does not lie in a slot into one: copied when its planes are the slot's, unpacked or converted
/// when they are not, scaled when it has another size. Used from one thread.
public final class PictureConverter {
  public enum Work: Equatable, Sendable {
    /// Bytes moved without computing anything.
    case copied(UInt64)
    case converted
  }

  private var scaler: OpaquePointer?

  public init() {}
  deinit { sws_freeContext(scaler) }

  /// Fills planes laid out by `PlaneLayout(format, width, height)` at `base` (a slot's first byte). The frame keeps its
  /// picture. `format` is the frame's own mapping. Throws 70 when libswscale cannot do it.
  public func fill(
    _ base: UnsafeMutableRawPointer, format: PixelFormat, width: Int, height: Int, from frame: FrameBox
  ) throws(SluiceError) -> Work {
    guard let mapping = frame.mapping, mapping.format == format else {
      throw SluiceError(.badInput, "pictures of the format \(frame.formatName) cannot be used")
    }
    let layout = PlaneLayout(format, width: width, height: height)
    if frame.width == width, frame.height == height {
      if mapping.isDirect { return .copied(copy(frame, format, layout, base)) }
      if PictureUnpacker(frame.format).map({ $0.unpack(frame, format, layout, base) }) == true { return .converted }
    }
    try scale(frame, mapping, layout, base, width, height)
    return .converted
  }

  private func copy(
    _ frame: FrameBox, _ format: PixelFormat, _ layout: PlaneLayout, _ base: UnsafeMutableRawPointer
  ) -> UInt64 {
    var bytes = 0
    for (index, plane) in layout.planes.enumerated() {
      let (data, stride) = frame.plane(PixelFormatMap.avPlane(index, of: format))
      guard let data else { continue }
      let row = plane.width * format.bytesPerSample
      for y in 0..<plane.height {
        (base + plane.offset + y * plane.stride).copyMemory(from: data + y * stride, byteCount: row)
      }
      bytes += row * plane.height
    }
    return UInt64(bytes)
  }

  private func scale(
    _ frame: FrameBox, _ mapping: PixelFormatMap.Mapping, _ layout: PlaneLayout, _ base: UnsafeMutableRawPointer,
    _ width: Int, _ height: Int
  ) throws(SluiceError) {
    let flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT
    scaler = sws_getCachedContext(
      scaler, Int32(frame.width), Int32(frame.height), frame.format, Int32(width), Int32(height), mapping.slotFormat, flags,
      nil, nil, nil)
    guard let scaler else {
      throw SluiceError(.software, "libswscale cannot turn \(frame.formatName) into \(mapping.format)")
    }
    // The same matrix and range on both sides: samples are rearranged and scaled, their meaning stays in the header.
    let full: Int32 =
      frame.raw.pointee.color_range == AVCOL_RANGE_JPEG || mapping.isFullRange || mapping.format.family != .yuv ? 1 : 0
    let matrix = sws_getCoefficients(SWS_CS_DEFAULT)
    sws_setColorspaceDetails(scaler, matrix, full, matrix, full, 0, 1 << 16, 1 << 16)

    var data: [UnsafeMutablePointer<UInt8>?] = [nil, nil, nil, nil]
    var strides: [Int32] = [0, 0, 0, 0]
    for (index, plane) in layout.planes.enumerated() {
      let av = PixelFormatMap.avPlane(index, of: mapping.format)
      data[av] = (base + plane.offset).assumingMemoryBound(to: UInt8.self)
      strides[av] = Int32(plane.stride)
    }
    let source = [frame.plane(0), frame.plane(1), frame.plane(2), frame.plane(3)]
    let sourceData = source.map { $0.data.map { UnsafePointer<UInt8>($0) } }
    let rows = sws_scale(scaler, sourceData, source.map { Int32($0.stride) }, 0, Int32(frame.height), data, strides)
    guard rows > 0 else { throw SluiceError(.software, "libswscale failed on \(frame.formatName)") }
  }
}
