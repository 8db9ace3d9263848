import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// Makes pictures of one format and colour into another with libswscale, at the same size. Each result depends on its picture
/// alone, and is the same on every machine. For one thread.
public final class FormatConverter {
  private let context: OpaquePointer
  private let format: CodecPixelFormat
  private let width: Int32
  private let height: Int32

  /// What pictures are before, and after.
  public struct Side {
    public var format: CodecPixelFormat
    /// Matrix, range and the place of chroma are used.
    public var color: ColorDescription
    public init(_ format: CodecPixelFormat, _ color: ColorDescription) { (self.format, self.color) = (format, color) }
  }

  /// Throws `unavailable` for what libswscale cannot convert.
  public init(from source: Side, to target: Side, width: Int, height: Int) throws(SluiceError) {
    guard let context = sws_alloc_context() else { throw SluiceError(.unavailable, "no memory for a converter") }
    self.context = context
    format = target.format
    self.width = Int32(width)
    self.height = Int32(height)
    let object = UnsafeMutableRawPointer(context)
    func set(_ name: String, _ value: Int64) { av_opt_set_int(object, name, value, 0) }
    set("srcw", Int64(width))
    set("srch", Int64(height))
    set("dstw", Int64(width))
    set("dsth", Int64(height))
    set("src_format", Int64(source.format.raw.rawValue))
    set("dst_format", Int64(target.format.raw.rawValue))
    // Full chroma interpolation and exact rounding: quality before speed, and the same result on every machine.
    set("sws_flags", Int64(SWS_BICUBIC | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_ACCURATE_RND | SWS_BITEXACT))
    for (name, side) in [("src", source), ("dst", target)] where side.format.hasSitedChroma {
      // 1/256 of a luma sample: left 0,128; center 128,128; top-left 0,0.
      set("\(name)_h_chr_pos", side.color.chromaLocation == 1 ? 128 : 0)
      set("\(name)_v_chr_pos", side.color.chromaLocation == 2 ? 0 : 128)
    }
    set("src_range", source.color.fullRange ? 1 : 0)
    set("dst_range", target.color.fullRange ? 1 : 0)
    let (result, message) = AVLog.capture { sws_init_context(context, nil, nil) }
    guard result >= 0 else {
      sws_freeContext(context)
      throw SluiceError(
        .unavailable, "cannot convert \(source.format.name) to \(target.format.name): \(message ?? AVErrorText.text(result))")
    }
    sws_setColorspaceDetails(
      context, sws_getCoefficients(Int32(source.color.matrix)), source.color.fullRange ? 1 : 0,
      sws_getCoefficients(Int32(target.color.matrix)), target.color.fullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
  }

  deinit { sws_freeContext(context) }

  /// A frame with memory of its own for a result.
  public func makeTarget() throws(SluiceError) -> FrameBox {
    let frame = try FrameBox()
    frame.raw.pointee.format = format.raw.rawValue
    frame.raw.pointee.width = width
    frame.raw.pointee.height = height
    guard av_frame_get_buffer(frame.raw, 0) >= 0 else { throw SluiceError(.unavailable, "no memory for a picture") }
    return frame
  }

  /// Writes the picture of `source` into `target`, which `makeTarget` made and nobody else references.
  public func convert(_ source: FrameBox, into target: FrameBox) throws(SluiceError) {
    let (result, message) = AVLog.capture { sws_scale_frame(context, target.raw, source.raw) }
    guard result >= 0 else {
      throw SluiceError(.software, "cannot convert a frame: \(message ?? AVErrorText.text(result))")
    }
    target.raw.pointee.interlaced_frame = source.raw.pointee.interlaced_frame
    target.raw.pointee.top_field_first = source.raw.pointee.top_field_first
  }
}
