import CAVCodec
import CAVUtil
import CSWScale
import FrameModel

/// A pixel format as FFmpeg numbers them: what codecs take and give. (That of a slot is a `PixelFormat`.) A value.
public struct CodecPixelFormat: Equatable, Sendable {
  let raw: AVPixelFormat

  init(_ raw: AVPixelFormat) { self.raw = raw }

  /// The format whose planes are those of `format`; nil where FFmpeg has none.
  /// - Parameter deprecatedFullRange: for 8 bits the full-range `yuvj` variant, which some encoders still want.
  public init?(_ format: PixelFormat, deprecatedFullRange: Bool = false) {
    guard let raw = PixelFormatMap.avFormat(format, deprecatedFullRange: deprecatedFullRange) else { return nil }
    self.raw = raw
  }

  /// nil where no format has that name.
  public init?(named name: String) {
    let found = av_get_pix_fmt(name)
    guard found != AV_PIX_FMT_NONE else { return nil }
    raw = found
  }

  /// Names of all formats.
  public static var names: [String] {
    var names: [String] = []
    var descriptor = av_pix_fmt_desc_next(nil)
    while let current = descriptor {
      if let text = current.pointee.name { names.append(String(cString: text)) }
      descriptor = av_pix_fmt_desc_next(current)
    }
    return names
  }

  /// FFmpeg's name.
  public var name: String { PixelFormatMap.name(raw) }

  public var isRGB: Bool { has(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) }
  public var isGray: Bool { !isRGB && (av_pix_fmt_desc_get(raw)?.pointee.nb_components ?? 0) <= 2 }
  /// One of the `yuvj` formats, whose samples are full range whatever the tags say.
  public var isAlwaysFullRange: Bool { PixelFormatMap.mapping(raw)?.isFullRange == true }
  /// 4:2:0, where a sample's place beside its luma must be told.
  public var hasSitedChroma: Bool {
    av_pix_fmt_desc_get(raw).map { $0.pointee.log2_chroma_w == 1 && $0.pointee.log2_chroma_h == 1 } ?? false
  }
  /// Pictures in memory that libswscale can make.
  public var canBeMade: Bool { sws_isSupportedOutput(raw) != 0 }

  /// The one of `formats` that loses least of this one's samples.
  public func closest(of formats: [CodecPixelFormat]) -> CodecPixelFormat {
    let alpha: Int32 = has(AV_PIX_FMT_FLAG_ALPHA) ? 1 : 0
    return CodecPixelFormat(avcodec_find_best_pix_fmt_of_list(formats.map(\.raw) + [AV_PIX_FMT_NONE], raw, alpha, nil))
  }

  private func has(_ flags: Int32) -> Bool {
    av_pix_fmt_desc_get(raw).map { $0.pointee.flags & UInt64(flags) != 0 } ?? false
  }
}
