import CAVCodec
import CAVFilter
import CAVFormat
import CAVUtil
import CSWScale
import FrameModel

/// Between FFmpeg's pixel formats and those of a slot.
public enum PixelFormatMap {
  /// How a picture of an FFmpeg format lies in a slot.
  public struct Mapping: Equatable, Sendable {
    /// The planar format that holds every sample without loss.
    public var format: PixelFormat
    /// FFmpeg's name for exactly that; the codec's own format when `isDirect`.
    var slotFormat: AVPixelFormat
    /// The codec's own planes are the slot's planes: it can decode straight into the slot.
    public var isDirect: Bool
    /// One of the `yuvj` formats, whose samples are full range whatever the tags say.
    public var isFullRange: Bool
  }

  /// nil for what has no samples in memory (hardware surfaces) or what libswscale cannot read.
  static func mapping(_ source: AVPixelFormat) -> Mapping? {
    guard let descriptor = av_pix_fmt_desc_get(source) else { return nil }
    let flags = descriptor.pointee.flags
    guard flags & UInt64(AV_PIX_FMT_FLAG_HWACCEL) == 0 else { return nil }
    let full = name(source).hasPrefix("yuvj")
    if let format = planarFormat(source) {
      return Mapping(format: format, slotFormat: source, isDirect: true, isFullRange: full)
    }
    guard sws_isSupportedInput(source) != 0, let (format, target) = holder(descriptor) else { return nil }
    return Mapping(format: format, slotFormat: target, isDirect: false, isFullRange: full)
  }

  /// FFmpeg's format whose planes are those of `format`; nil where it has none (gray with alpha in two planes).
  /// The full-range `yuvj` variant for 8 bits when asked for: some encoders still want it.
  static func avFormat(_ format: PixelFormat, deprecatedFullRange: Bool = false) -> AVPixelFormat? {
    guard format.isValid else { return nil }
    if deprecatedFullRange, format.family == .yuv, !format.hasAlpha, format.depth == 8 {
      let name = "yuvj" + format.description.dropFirst(3)
      let found = av_get_pix_fmt(name)
      if found != AV_PIX_FMT_NONE { return found }
    }
    let found = av_get_pix_fmt(format.description)
    guard found != AV_PIX_FMT_NONE, planarFormat(found) == format else { return nil }
    return found
  }

  /// Plane of an AVFrame in which plane `index` of the slot lies. FFmpeg stores G B R A where a slot says R G B A.
  static func avPlane(_ index: Int, of format: PixelFormat) -> Int {
    guard format.family == .rgb else { return index }
    return switch index {
    case 0: 2
    case 1: 0
    case 2: 1
    default: index
    }
  }

  /// FFmpeg's name of a format, "unknown" for none.
  static func name(_ format: AVPixelFormat) -> String {
    av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "unknown"
  }

  /// The slot format whose planes are those of `source`, if there is one.
  private static func planarFormat(_ source: AVPixelFormat) -> PixelFormat? {
    guard let pointer = av_pix_fmt_desc_get(source) else { return nil }
    let descriptor = pointer.pointee
    let odd =
      AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL
      | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER
    guard descriptor.flags & UInt64(odd) == 0, descriptor.log2_chroma_w <= 3, descriptor.log2_chroma_h <= 3 else { return nil }
    let components = Int(descriptor.nb_components)
    let alpha = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
    let rgb = descriptor.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
    let depth = Int(descriptor.comp.0.depth)
    let format = PixelFormat(
      rgb ? .rgb : components <= 2 ? .gray : .yuv, depth: depth, log2ChromaWidth: Int(descriptor.log2_chroma_w),
      log2ChromaHeight: Int(descriptor.log2_chroma_h), alpha: alpha)
    guard format.isValid, format.planeCount == components else { return nil }
    let planes = withUnsafeBytes(of: descriptor.comp) { raw in
      Array(raw.bindMemory(to: AVComponentDescriptor.self).prefix(components))
    }
    for (index, component) in planes.enumerated() {
      let own = Int(component.plane) == avPlane(index, of: format)
      guard own, component.depth == depth, component.shift == 0, component.offset == 0,
        Int(component.step) == format.bytesPerSample
      else { return nil }
    }
    return format
  }

  /// The smallest planar format that holds what a packed, paletted, big-endian or float format can say.
  private static func holder(_ pointer: UnsafePointer<AVPixFmtDescriptor>) -> (PixelFormat, AVPixelFormat)? {
    let descriptor = pointer.pointee
    let flags = descriptor.flags
    let components = Int(descriptor.nb_components)
    let paletted = flags & UInt64(AV_PIX_FMT_FLAG_PAL) != 0
    let alpha = flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 || paletted
    let rgb = flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BAYER) != 0 || paletted
    // FFmpeg has no planar gray with alpha; R = G = B holds it.
    let family: PixelFormat.Family = rgb || (components == 2 && alpha) ? .rgb : components <= 2 ? .gray : .yuv
    let deepest = withUnsafeBytes(of: descriptor.comp) { raw in
      raw.bindMemory(to: AVComponentDescriptor.self).prefix(components).map { Int($0.depth) }.max() ?? 8
    }
    let least = paletted ? 8 : flags & UInt64(AV_PIX_FMT_FLAG_FLOAT) != 0 ? 16 : deepest
    for depth in [8, 9, 10, 12, 14, 16] where depth >= min(least, 16) {
      let format = PixelFormat(
        family, depth: depth, log2ChromaWidth: family == .yuv ? Int(descriptor.log2_chroma_w) : 0,
        log2ChromaHeight: family == .yuv ? Int(descriptor.log2_chroma_h) : 0, alpha: alpha)
      if let target = avFormat(format), sws_isSupportedOutput(target) != 0 { return (format, target) }
    }
    return nil
  }
}
