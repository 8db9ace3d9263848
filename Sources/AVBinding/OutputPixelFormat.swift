import CAVCodec
import CAVUtil
import CSWScale
import FrameModel
import SluiceBase

/// The samples that an encoder is given for a canvas: their format and colour, and whether they must be made first.
struct OutputPixelFormat {
  /// FFmpeg's name for the planes of the slot.
  let source: AVPixelFormat
  /// What the encoder takes.
  let target: AVPixelFormat
  /// Colour of the target, as tagged in the output.
  let color: ColorDescription
  /// Colour of the source, as far as a conversion must know it.
  let sourceColor: ColorDescription
  /// The slot's samples are not the encoder's.
  let isConverted: Bool

  /// `accepted`: formats that the encoder takes, nil for any. `wanted`: the user's choice, empty for none.
  init(
    for input: PixelFormat, color canvas: ColorDescription, wanted: String, accepted: [AVPixelFormat]?, encoder: String
  ) throws(SluiceError) {
    guard let source = PixelFormatMap.avFormat(input) else {
      throw SluiceError(.unavailable, "FFmpeg has no format for \(input) pictures", at: encoder)
    }
    let usable = accepted?.filter { sws_isSupportedOutput($0) != 0 }
    if let usable, usable.isEmpty {
      throw SluiceError(.unavailable, "takes only pictures in GPU memory, which is not supported", at: encoder)
    }
    self.source = source
    sourceColor = OutputPixelFormat.color(of: source, canvas: canvas)
    if wanted.isEmpty {
      target = OutputPixelFormat.nearest(to: source, in: usable)
    } else {
      target = try OutputPixelFormat.named(wanted, accepted: usable, encoder: encoder)
    }
    color = OutputPixelFormat.color(of: target, canvas: canvas)
    let twin = PixelFormatMap.avFormat(input, deprecatedFullRange: true)
    let sameSamples = target == source || target == twin
    isConverted = !sameSamples || color.fullRange != sourceColor.fullRange
  }

  /// Colour of a canvas once it is in `format`: RGB and gray are always full range, as FFmpeg has them.
  private static func color(of format: AVPixelFormat, canvas: ColorDescription) -> ColorDescription {
    var color = canvas
    if format.isRGB {
      color.matrix = 0
      color.fullRange = true
    } else {
      if color.matrix == 0 { color.matrix = 1 }
      if format.isGray || PixelFormatMap.mapping(format)?.isFullRange == true { color.fullRange = true }
    }
    return color
  }

  /// The source's own format, or its full-range twin where the encoder names that first; else the one that loses least.
  private static func nearest(to source: AVPixelFormat, in accepted: [AVPixelFormat]?) -> AVPixelFormat {
    guard let accepted else { return source }
    let name = PixelFormatMap.name(source)
    let twin = name.hasPrefix("yuv4") ? av_get_pix_fmt("yuvj" + name.dropFirst(3)) : AV_PIX_FMT_NONE
    if let same = accepted.first(where: { $0 == source || ($0 == twin && twin != AV_PIX_FMT_NONE) }) { return same }
    let alpha: Int32 = av_pix_fmt_desc_get(source).map { $0.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 } == true ? 1 : 0
    return avcodec_find_best_pix_fmt_of_list(accepted + [AV_PIX_FMT_NONE], source, alpha, nil)
  }

  private static func named(_ name: String, accepted: [AVPixelFormat]?, encoder: String) throws(SluiceError) -> AVPixelFormat {
    let found = av_get_pix_fmt(name)
    guard found != AV_PIX_FMT_NONE else {
      var names: [String] = []
      var descriptor = av_pix_fmt_desc_next(nil)
      while let current = descriptor {
        if let text = current.pointee.name { names.append(String(cString: text)) }
        descriptor = av_pix_fmt_desc_next(current)
      }
      let nearest = NearestName.of(name, in: names).map { "did you mean \($0)?" } ?? "try yuv420p"
      throw SluiceError(.usage, "there is no pixel format \(name)", advice: nearest)
    }
    guard accepted?.contains(found) ?? (sws_isSupportedOutput(found) != 0) else {
      let list = (accepted ?? []).map(PixelFormatMap.name).joined(separator: " ")
      throw SluiceError(
        .usage, "does not take the pixel format \(name)", at: encoder, advice: list.isEmpty ? "" : "it takes \(list)")
    }
    return found
  }
}

extension AVPixelFormat {
  var isRGB: Bool {
    av_pix_fmt_desc_get(self).map { $0.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) != 0 } ?? false
  }
  var isGray: Bool { !isRGB && (av_pix_fmt_desc_get(self)?.pointee.nb_components ?? 0) <= 2 }
  /// 4:2:0, where a sample's place beside its luma must be told.
  var hasSitedChroma: Bool {
    av_pix_fmt_desc_get(self).map { $0.pointee.log2_chroma_w == 1 && $0.pointee.log2_chroma_h == 1 } ?? false
  }
}
