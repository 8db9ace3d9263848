import CAVCodec
import CAVUtil
import SluiceBase

extension Encoder {
  /// The encoder of that name, for pictures or sound. `usage` for a name that means none, `unavailable` for one that this
  /// build of FFmpeg lacks.
  static func find(
    _ name: String, for media: AVMediaType = AVMEDIA_TYPE_VIDEO
  ) throws(SluiceError) -> UnsafePointer<AVCodec> {
    let isSound = media == AVMEDIA_TYPE_AUDIO
    if let codec = avcodec_find_encoder_by_name(name) {
      guard codec.pointee.type == media else {
        throw SluiceError(
          .usage, "\(name) is not an encoder for \(isSound ? "sound" : "pictures")", advice: isSound ? "try aac" : "try libx264")
      }
      return codec
    }
    if let descriptor = avcodec_descriptor_get_by_name(name) {
      if let codec = avcodec_find_encoder(descriptor.pointee.id) {
        let encoder = String(cString: codec.pointee.name)
        throw SluiceError(.usage, "\(name) is a codec, not an encoder", advice: "its encoder here is \(encoder)")
      }
      throw missing(name, isSound)
    }
    let others = isSound ? knownForSound : known
    if others.contains(name) || (!isSound && name.hasHardwareEnding) { throw missing(name, isSound) }
    let nearest = NearestName.of(name, in: available(media) + others).map { "did you mean \($0)?" }
    throw SluiceError(.usage, "there is no encoder \(name)", advice: nearest ?? "`ffmpeg -encoders` lists those that there are")
  }

  private static func missing(_ name: String, _ isSound: Bool) -> SluiceError {
    SluiceError(
      .unavailable, "this build of FFmpeg has no encoder \(name)",
      advice: "choose another, such as \(isSound ? "aac" : "libx264")")
  }

  /// Encoders of other builds, by the libraries that they need.
  private static let known = [
    "libx264", "libx264rgb", "libx265", "libvpx", "libvpx-vp9", "libaom-av1", "libsvtav1", "librav1e", "libtheora",
    "libwebp", "libwebp_anim", "libjxl", "libxvid", "libopenh264", "libkvazaar", "libvvenc", "libuavs3e", "libxavs2",
    "libxeve", "libopenjpeg", "libsvt_vp9", "libsvt_hevc",
  ]

  private static let knownForSound = [
    "libfdk_aac", "aac_at", "libopus", "libmp3lame", "libshine", "libtwolame", "libvorbis", "libspeex", "liblc3",
  ]

  private static func available(_ media: AVMediaType) -> [String] {
    var names: [String] = []
    var state: UnsafeMutableRawPointer?
    while let codec = av_codec_iterate(&state) {
      if av_codec_is_encoder(codec) != 0, codec.pointee.type == media {
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
