import AVBinding
import FrameModel
import SluiceBase

/// The samples that an encoder is given for a canvas: their format and colour, and whether they must be made first. A value.
struct OutputPixelFormat {
  /// FFmpeg's format for the planes of the slot.
  let source: CodecPixelFormat
  /// What the encoder takes.
  let target: CodecPixelFormat
  /// Colour of the target, as tagged in the output.
  let color: ColorDescription
  /// Colour of the source, as far as a conversion must know it.
  let sourceColor: ColorDescription
  /// The slot's samples are not the encoder's.
  let isConverted: Bool

  /// `accepted`: formats that the encoder takes, nil for any. `wanted`: the user's choice, empty for none.
  init(
    for input: PixelFormat, color canvas: ColorDescription, wanted: String, accepted: [CodecPixelFormat]?, encoder: String
  ) throws(SluiceError) {
    guard let source = CodecPixelFormat(input) else {
      throw SluiceError(.unavailable, "FFmpeg has no format for \(input) pictures", at: encoder)
    }
    let usable = accepted?.filter(\.canBeMade)
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
    let twin = CodecPixelFormat(input, deprecatedFullRange: true)
    let sameSamples = target == source || target == twin
    isConverted = !sameSamples || color.fullRange != sourceColor.fullRange
  }

  /// Colour of a canvas once it is in `format`: RGB and gray are always full range, as FFmpeg has them.
  private static func color(of format: CodecPixelFormat, canvas: ColorDescription) -> ColorDescription {
    var color = canvas
    if format.isRGB {
      color.matrix = 0
      color.fullRange = true
    } else {
      if color.matrix == 0 { color.matrix = 1 }
      if format.isGray || format.isAlwaysFullRange { color.fullRange = true }
    }
    return color
  }

  /// The source's own format, or its full-range twin where the encoder names that first; else the one that loses least.
  private static func nearest(to source: CodecPixelFormat, in accepted: [CodecPixelFormat]?) -> CodecPixelFormat {
    guard let accepted else { return source }
    let twin = source.name.hasPrefix("yuv4") ? CodecPixelFormat(named: "yuvj" + source.name.dropFirst(3)) : nil
    return accepted.first { $0 == source || $0 == twin } ?? source.closest(of: accepted)
  }

  private static func named(
    _ name: String, accepted: [CodecPixelFormat]?, encoder: String
  ) throws(SluiceError) -> CodecPixelFormat {
    guard let found = CodecPixelFormat(named: name) else {
      let nearest = NearestName.of(name, in: CodecPixelFormat.names).map { "did you mean \($0)?" } ?? "try yuv420p"
      throw SluiceError(.usage, "there is no pixel format \(name)", advice: nearest)
    }
    guard accepted?.contains(found) ?? found.canBeMade else {
      let list = (accepted ?? []).map(\.name).joined(separator: " ")
      throw SluiceError(
        .usage, "does not take the pixel format \(name)", at: encoder, advice: list.isEmpty ? "" : "it takes \(list)")
    }
    return found
  }
}
