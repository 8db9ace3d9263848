import CAVCodec
import CAVUtil
import SluiceBase

extension Encoder {
  /// The video encoder of that name. `usage` for a name that means none, `unavailable` for one that this build of
  /// FFmpeg lacks.
  static func find(_ name: String) throws(SluiceError) -> UnsafePointer<AVCodec> {
    if let codec = avcodec_find_encoder_by_name(name) {
      guard codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
        throw SluiceError(.usage, "\(name) is not an encoder for pictures", advice: "try libx264")
      }
      return codec
    }
    if let descriptor = avcodec_descriptor_get_by_name(name) {
      if let codec = avcodec_find_encoder(descriptor.pointee.id) {
        let encoder = String(cString: codec.pointee.name)
        throw SluiceError(.usage, "\(name) is a codec, not an encoder", advice: "its encoder here is \(encoder)")
      }
      throw missing(name)
    }
    if known.contains(name) || name.hasHardwareEnding { throw missing(name) }
    let nearest = NearestName.of(name, in: available() + known).map { "did you mean \($0)?" }
    throw SluiceError(.usage, "there is no encoder \(name)", advice: nearest ?? "`ffmpeg -encoders` lists those that there are")
  }

  private static func missing(_ name: String) -> SluiceError {
    SluiceError(.unavailable, "this build of FFmpeg has no encoder \(name)", advice: "choose another, such as libx264")
  }

  /// Encoders of other builds, by the libraries that they need.
  private static let known = [
    "libx264", "libx264rgb", "libx265", "libvpx", "libvpx-vp9", "libaom-av1", "libsvtav1", "librav1e", "libtheora",
    "libwebp", "libwebp_anim", "libjxl", "libxvid", "libopenh264", "libkvazaar", "libvvenc", "libuavs3e", "libxavs2",
    "libxeve", "libopenjpeg", "libsvt_vp9", "libsvt_hevc",
  ]

  private static func available() -> [String] {
    var names: [String] = []
    var state: UnsafeMutableRawPointer?
    while let codec = av_codec_iterate(&state) {
      if av_codec_is_encoder(codec) != 0, codec.pointee.type == AVMEDIA_TYPE_VIDEO {
        names.append(String(cString: codec.pointee.name))
      }
    }
    return names
  }
}

extension String {
  /// `h264_nvenc` and its like: named by the device that they run on.
  fileprivate var hasHardwareEnding: Bool {
    ["_nvenc", "_qsv", "_vaapi", "_amf", "_videotoolbox", "_v4l2m2m", "_omx", "_mediacodec", "_mf", "_vulkan", "_d3d12va"]
      .contains { hasSuffix($0) }
  }
}
