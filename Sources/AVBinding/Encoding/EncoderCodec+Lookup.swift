import CAVCodec
import CAVUtil
import SluiceBase

extension EncoderCodec {
  /// The encoder of that name, for pictures or sound. `usage` for a name that means none, `unavailable` for one that this
  /// build of FFmpeg lacks.
  public static func find(
    _ name: String, for media: Media = .pictures
  ) throws(SluiceError) -> EncoderCodec {
    let isSound = media == .sound
    if let codec = avcodec_find_encoder_by_name(name) {
      guard codec.pointee.type == ffmpeg(media) else {
        throw SluiceError(
          .usage, "\(name) is not an encoder for \(isSound ? "sound" : "pictures")", advice: isSound ? "try aac" : "try libx264")
      }
      return EncoderCodec(raw: codec)
    }
    let here = available(media)
    let meant = EncoderNames.meant(by: name, in: here)
    let descriptor = avcodec_descriptor_get_by_name(name)
    if let descriptor, let codec = avcodec_find_encoder(descriptor.pointee.id) {
      let encoder = meant ?? String(cString: codec.pointee.name)
      throw SluiceError(.usage, "\(name) is a codec, not an encoder", advice: "its encoder here is \(encoder)")
    }
    // Some names are those of codecs that nobody encodes, too: `avc` is one.
    if let meant { throw SluiceError(.usage, "there is no encoder \(name)", advice: "did you mean \(meant)?") }
    if descriptor != nil { throw missing(name, isSound) }
    let others = isSound ? knownForSound : known
    if others.contains(name) || (!isSound && name.hasHardwareEnding) { throw missing(name, isSound) }
    let nearest = NearestName.of(name, in: here + others).map { "did you mean \($0)?" }
    throw SluiceError(.usage, "there is no encoder \(name)", advice: nearest ?? "`ffmpeg -encoders` lists those that there are")
  }

  private static func ffmpeg(_ media: Media) -> AVMediaType { media == .sound ? AVMEDIA_TYPE_AUDIO : AVMEDIA_TYPE_VIDEO }

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

  private static func available(_ media: Media) -> [String] {
    var names: [String] = []
    var state: UnsafeMutableRawPointer?
    while let codec = av_codec_iterate(&state) {
      if av_codec_is_encoder(codec) != 0, codec.pointee.type == ffmpeg(media) {
        names.append(String(cString: codec.pointee.name))
      }
    }
    return names
  }
}

/// Encoders by the names that people have for them.
enum EncoderNames {
  /// Those of a name, the usual first. Without spaces, points, dashes and underscores, in lower case.
  private static let names: [String: [String]] = [
    "x264": ["libx264"], "avc": ["libx264"], "h264": ["libx264", "libopenh264"], "mpeg4avc": ["libx264"], "mp4": ["libx264"],
    "x265": ["libx265"], "hevc": ["libx265"], "h265": ["libx265"], "vvc": ["libvvenc"], "h266": ["libvvenc"],
    "av1": ["libsvtav1", "libaom-av1", "librav1e"], "svtav1": ["libsvtav1"], "svt": ["libsvtav1"], "aom": ["libaom-av1"],
    "libaom": ["libaom-av1"], "aomenc": ["libaom-av1"], "rav1e": ["librav1e"], "vp8": ["libvpx"], "vp9": ["libvpx-vp9"],
    "vpx": ["libvpx-vp9"], "webm": ["libvpx-vp9"], "prores422": ["prores_ks"], "prores4444": ["prores_ks"],
    "proresks": ["prores_ks"], "appleprores": ["prores_ks"], "dnxhr": ["dnxhd"], "dnx": ["dnxhd"], "jpeg": ["mjpeg"],
    "jpg": ["mjpeg"], "motionjpeg": ["mjpeg"], "mjpg": ["mjpeg"], "jpeg2000": ["libopenjpeg", "jpeg2000"],
    "j2k": ["libopenjpeg", "jpeg2000"], "jpegxl": ["libjxl"], "jxl": ["libjxl"], "webp": ["libwebp"],
    "xvid": ["libxvid", "mpeg4"],
    "divx": ["mpeg4"], "mpeg2": ["mpeg2video"], "mpeg1": ["mpeg1video"], "theora": ["libtheora"], "raw": ["rawvideo"],
    "uncompressed": ["rawvideo"], "lossless": ["ffv1"], "huffyuv": ["ffvhuff"], "nvenc": ["h264_nvenc"], "tif": ["tiff"],
    "mp3": ["libmp3lame"], "lame": ["libmp3lame"], "opus": ["libopus"], "vorbis": ["libvorbis"], "oggvorbis": ["libvorbis"],
    "speex": ["libspeex"], "fdk": ["libfdk_aac"], "fdkaac": ["libfdk_aac"], "heaac": ["libfdk_aac"], "aaclc": ["aac"],
    "m4a": ["aac"], "pcm": ["pcm_s16le"], "wav": ["pcm_s16le"], "wave": ["pcm_s16le"], "lpcm": ["pcm_s16le"],
    "dolby": ["ac3"], "dolbydigital": ["ac3"], "applelossless": ["alac"],
  ]

  /// The first that there is; nil for names that are none of these.
  static func meant(by name: String, in available: [String]) -> String? {
    let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
    return names[plain]?.first { available.contains($0) && $0 != name }
  }
}

extension String {
  /// `h264_nvenc` and its like: named by the device that they run on.
  fileprivate var hasHardwareEnding: Bool {
    ["_nvenc", "_qsv", "_vaapi", "_amf", "_videotoolbox", "_v4l2m2m", "_omx", "_mediacodec", "_mf", "_vulkan", "_d3d12va"]
      .contains { hasSuffix($0) }
  }
}
