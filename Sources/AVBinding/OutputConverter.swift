import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// Makes the samples that an encoder takes from those of a slot, with libswscale, into frames that are used again
/// as soon as the encoder has let go of them. For one thread.
final class OutputConverter {
  private let context: OpaquePointer
  private let format: AVPixelFormat
  private let width: Int32
  private let height: Int32
  private var pool: [OutputFrame] = []
  var buffersCreated: Int { pool.count }

  init(_ choice: OutputPixelFormat, width: Int, height: Int) throws(SluiceError) {
    guard let context = sws_alloc_context() else { throw SluiceError(.unavailable, "no memory for a converter") }
    self.context = context
    format = choice.target
    self.width = Int32(width)
    self.height = Int32(height)
    let object = UnsafeMutableRawPointer(context)
    func set(_ name: String, _ value: Int64) { av_opt_set_int(object, name, value, 0) }
    set("srcw", Int64(width))
    set("srch", Int64(height))
    set("dstw", Int64(width))
    set("dsth", Int64(height))
    set("src_format", Int64(choice.source.rawValue))
    set("dst_format", Int64(choice.target.rawValue))
    // Full chroma interpolation and exact rounding: quality before speed, and the same result on every machine.
    set("sws_flags", Int64(SWS_BICUBIC | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_ACCURATE_RND | SWS_BITEXACT))
    for (side, format) in [("src", choice.source), ("dst", choice.target)] where format.hasSitedChroma {
      // 1/256 of a luma sample: left 0,128; center 128,128; top-left 0,0.
      set("\(side)_h_chr_pos", choice.color.chromaLocation == 1 ? 128 : 0)
      set("\(side)_v_chr_pos", choice.color.chromaLocation == 2 ? 0 : 128)
    }
    set("src_range", choice.sourceColor.fullRange ? 1 : 0)
    set("dst_range", choice.color.fullRange ? 1 : 0)
    let (result, message) = AVLog.capture { sws_init_context(context, nil, nil) }
    guard result >= 0 else {
      let names = "\(PixelFormatMap.name(choice.source)) to \(PixelFormatMap.name(choice.target))"
      sws_freeContext(context)
      throw SluiceError(.unavailable, "cannot convert \(names): \(message ?? AVErrorText.text(result))")
    }
    sws_setColorspaceDetails(
      context, sws_getCoefficients(Int32(choice.sourceColor.matrix)), choice.sourceColor.fullRange ? 1 : 0,
      sws_getCoefficients(Int32(choice.color.matrix)), choice.color.fullRange ? 1 : 0, 0, 1 << 16, 1 << 16)
  }

  deinit { sws_freeContext(context) }

  /// The picture of `source` in the target format. The frame belongs to the pool; who keeps it references it.
  func convert(_ source: OutputFrame) throws(SluiceError) -> OutputFrame {
    let target = try free()
    let (result, message) = AVLog.capture { sws_scale_frame(context, target.raw, source.raw) }
    guard result >= 0 else {
      throw SluiceError(.software, "cannot convert a frame: \(message ?? AVErrorText.text(result))")
    }
    target.raw.pointee.interlaced_frame = source.raw.pointee.interlaced_frame
    target.raw.pointee.top_field_first = source.raw.pointee.top_field_first
    return target
  }

  private func free() throws(SluiceError) -> OutputFrame {
    if let frame = pool.first(where: { av_frame_is_writable($0.raw) > 0 }) { return frame }
    let frame = try OutputFrame()
    frame.raw.pointee.format = format.rawValue
    frame.raw.pointee.width = width
    frame.raw.pointee.height = height
    guard av_frame_get_buffer(frame.raw, 0) >= 0 else { throw SluiceError(.unavailable, "no memory for a picture") }
    pool.append(frame)
    return frame
  }
}
