import CAVCodec
import CAVUtil
import FrameModel
import SluiceBase

/// An `AVFrame` that is filled again and again: a view of a picture that lies elsewhere. Owns the structure, and a
/// reference to the picture while one is set. For one thread; the picture may be let go on any.
final class OutputFrame {
  let raw: UnsafeMutablePointer<AVFrame>

  init() throws(SluiceError) {
    guard let raw = av_frame_alloc() else { throw SluiceError(.unavailable, "no memory for a frame") }
    self.raw = raw
  }

  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = raw
    av_frame_free(&frame)
  }

  /// The call that gives a picture back, kept by libavutil until the last reference has gone.
  private final class Owner: Sendable {
    let release: @Sendable () -> Void
    init(_ release: @escaping @Sendable () -> Void) { self.release = release }
  }

  /// Points the frame into `memory`, which is only read and must stay unchanged until `release` is called: exactly
  /// once, on any thread, also when this throws. No pixel is copied.
  func wrap(
    _ memory: UnsafeRawPointer, bytes: Int, description: FrameDescription, as format: AVPixelFormat,
    release: @escaping @Sendable () -> Void
  ) throws(SluiceError) {
    av_frame_unref(raw)
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
      av_frame_unref(raw)
      throw SluiceError(.software, "planes of frame \(description.number) lie outside their slot")
    }
    raw.pointee.format = format.rawValue
    raw.pointee.width = Int32(description.width)
    raw.pointee.height = Int32(description.height)
    for (index, plane) in description.planes.enumerated() {
      raw.setPlane(PixelFormatMap.avPlane(index, of: description.format), start + plane.offset, stride: plane.stride)
    }
    raw.pointee.interlaced_frame = description.interlaced ? 1 : 0
    raw.pointee.top_field_first = description.topFieldFirst ? 1 : 0
  }

  /// Lets the picture go.
  func clear() { av_frame_unref(raw) }
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

extension UnsafeMutablePointer where Pointee == AVFrame {
  func setPlane(_ index: Int, _ data: UnsafeMutablePointer<UInt8>, stride: Int) {
    pointee.extended_data[index] = data
    withUnsafeMutableBytes(of: &pointee.linesize) { $0.bindMemory(to: Int32.self)[index] = Int32(stride) }
  }

  /// One plane as rows: where it starts, from row to row, bytes of a row that are picture, rows.
  struct Rows {
    var start: UnsafeMutablePointer<UInt8>
    var stride: Int
    var width: Int
    var count: Int
  }

  /// The planes of the picture in FFmpeg's order, without what stands beside it.
  func rows() -> [Rows] {
    let format = AVPixelFormat(rawValue: pointee.format)
    guard let descriptor = av_pix_fmt_desc_get(format) else { return [] }
    let planes = Int(max(av_pix_fmt_count_planes(format), 0))
    return (0..<planes).compactMap { plane in
      guard let start = pointee.extended_data[plane] else { return nil }
      let width = av_image_get_linesize(format, pointee.width, Int32(plane))
      let shift = plane == 1 || plane == 2 ? Int(descriptor.pointee.log2_chroma_h) : 0
      let stride = withUnsafeBytes(of: pointee.linesize) { Int($0.bindMemory(to: Int32.self)[plane]) }
      return Rows(start: start, stride: stride, width: Int(width), count: (Int(pointee.height) + (1 << shift) - 1) >> shift)
    }
  }

  /// Writes colour, aspect and time into the frame as the encoder is to see them.
  func tag(_ color: ColorDescription, sampleAspect: Rational, pts: Int64) {
    pointee.colorspace = AVColorSpace(rawValue: UInt32(color.matrix))
    pointee.color_primaries = AVColorPrimaries(rawValue: UInt32(color.primaries))
    pointee.color_trc = AVColorTransferCharacteristic(rawValue: UInt32(color.transfer))
    pointee.color_range = color.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
    pointee.sample_aspect_ratio = AVRational(sampleAspect)
    pointee.pts = pts
  }
}

extension AVRational {
  /// The nearest fraction whose terms fit 32 bits; exact for all that occur as rates and aspects.
  init(_ value: Rational) {
    self.init()
    av_reduce(&num, &den, value.num, value.den, Int64(Int32.max))
  }
}
