import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

// A frame as an encoder gets it: a view of a picture that lies in a slot, filled again and again.
extension FrameBox {
  /// The call that gives a picture back, kept by libavutil until the last reference has gone.
  private final class Owner: Sendable {
    let release: @Sendable () -> Void
    init(_ release: @escaping @Sendable () -> Void) { self.release = release }
  }

  /// Points the frame into `memory`, which is only read and must stay unchanged until `release` is called: exactly
  /// once, on any thread, also when this throws. No pixel is copied.
  public func wrap(
    _ memory: UnsafeRawPointer, bytes: Int, description: FrameDescription, as format: CodecPixelFormat,
    release: @escaping @Sendable () -> Void
  ) throws(SluiceError) {
    clear()
    let start = UnsafeMutableRawPointer(mutating: memory).assumingMemoryBound(to: UInt8.self)
    let owner = Unmanaged.passRetained(Owner(release))
    let free: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?) -> Void = { opaque, _ in
      guard let opaque else { return }
      Unmanaged<Owner>.fromOpaque(opaque).takeRetainedValue().release()
    }
    guard let buffer = av_buffer_create(start, bytes, free, owner.toOpaque(), AV_BUFFER_FLAG_READONLY) else {
      owner.takeRetainedValue().release()
      throw SluiceError(.unavailable, "no memory for a frame")
    }
    raw.pointee.buf.0 = buffer
    guard description.lies(within: bytes) else {
      clear()
      throw SluiceError(.software, "planes of frame \(description.number) lie outside their slot")
    }
    raw.pointee.format = format.raw.rawValue
    raw.pointee.width = Int32(description.width)
    raw.pointee.height = Int32(description.height)
    for (index, plane) in description.planes.enumerated() {
      setPlane(PixelFormatMap.avPlane(index, of: description.format), start + plane.offset, stride: plane.stride)
    }
    raw.pointee.interlaced_frame = description.interlaced ? 1 : 0
    raw.pointee.top_field_first = description.topFieldFirst ? 1 : 0
  }

  /// Lets the picture go.
  public func clear() { av_frame_unref(raw) }

  /// Says that the samples are of `format`, whose planes are the same.
  public func reinterpret(as format: CodecPixelFormat) { raw.pointee.format = format.raw.rawValue }

  /// Writes colour, aspect and time (in the encoder's ticks) into the frame as the encoder is to see them.
  public func tag(_ color: ColorDescription, sampleAspect: Rational, pts: Int64) {
    raw.pointee.colorspace = AVColorSpace(rawValue: UInt32(color.matrix))
    raw.pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(color.primaries))
    raw.pointee.color_trc = AVColorTransferCharacteristic(rawValue: UInt32(color.transfer))
    raw.pointee.color_range = color.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    raw.pointee.sample_aspect_ratio = AVRational(sampleAspect)
    raw.pointee.pts = pts
  }

  /// Nobody else references the picture's memory.
  public var isWritable: Bool { av_frame_is_writable(raw) > 0 }

  /// One plane as rows. The memory is the picture's.
  public struct Rows {
    public var start: UnsafeMutablePointer<UInt8>
    /// Bytes from row to row, and bytes of a row that are picture.
    public var stride: Int
    public var width: Int
    /// Rows.
    public var count: Int
  }

  /// The planes of the picture in FFmpeg's order, without what stands beside it.
  public func rows() -> [Rows] {
    guard let descriptor = av_pix_fmt_desc_get(format) else { return [] }
    let planes = Int(max(av_pix_fmt_count_planes(format), 0))
    return (0..<planes).compactMap { plane in
      guard let start = raw.pointee.extended_data[plane] else { return nil }
      let width = av_image_get_linesize(format, raw.pointee.width, Int32(plane))
      let shift = plane == 1 || plane == 2 ? Int(descriptor.pointee.log2_chroma_h) : 0
      let stride = withUnsafeBytes(of: raw.pointee.linesize) { Int($0.bindMemory(to: Int32.self)[plane]) }
      return Rows(start: start, stride: stride, width: Int(width), count: (height + (1 << shift) - 1) >> shift)
    }
  }
}

extension FrameDescription {
  /// Every plane lies inside a slot of `bytes`.
  fileprivate func lies(within bytes: Int) -> Bool {
    guard planes.count == format.planeCount else { return false }
    for (index, plane) in planes.enumerated() {
      let size = format.planeSize(index, width: width, height: height)
      let row = size.width * format.bytesPerSample
      guard plane.offset >= 0, plane.stride >= row, plane.offset + plane.stride * (size.height - 1) + row <= bytes else {
        return false
      }
    }
    return true
  }
}
