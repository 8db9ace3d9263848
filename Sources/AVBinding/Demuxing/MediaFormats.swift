import CAVCodec
import CAVFormat
import CAVUtil
import SluiceBase

/// Which of libavformat's readers untrusted media may choose: those of files that people have and that hold their own pictures
/// and sound. Left out are those that point to other files or addresses (hls, dash, concat, sdp, imf, …), those that make
/// pictures of any text (tty, bin, xbin, …), devices, and the readers of old games, which nobody looks after.
enum MediaFormats {
  private static let containers = [
    "mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "flv", "asf", "mxf", "gxf", "nut", "ogg", "rm", "wtv", "dv",
    "ivf", "swf", "yuv4mpegpipe", "gif", "apng", "jpegxl_anim", "mjpeg", "mjpeg_2000", "image2", "h261", "h263", "h264", "hevc",
    "vvc", "av1", "obu", "vc1", "vc1test", "dirac", "dnxhd", "cavsvideo", "avs2", "avs3",
  ]
  private static let sound = [
    "wav", "w64", "aiff", "au", "caf", "flac", "mp3", "aac", "ac3", "eac3", "ac4", "dts", "dtshd", "truehd", "mlp", "amr",
    "amrnb",
    "amrwb", "ape", "wv", "tta", "tak", "mpc", "mpc8", "dsf", "iff", "voc", "sox", "aptx", "aptx_hd", "sbc", "gsm", "loas",
    "spdif",
  ]
  private static let subtitles = [
    "srt", "ass", "webvtt", "microdvd", "mpl2", "subviewer", "subviewer1", "sami", "stl", "ttml", "jacosub", "realtext", "scc",
  ]
  private static let pictures = [
    "bmp", "dds", "dpx", "exr", "j2k", "jpeg", "jpegls", "jpegxl", "pam", "pbm", "pcx", "pfm", "pgm", "pgmyuv", "phm", "png",
    "ppm",
    "psd", "qoi", "sgi", "sunrast", "svg", "tiff", "webp", "xbm", "xpm", "xwd", "hdr", "cri", "gem", "pictor",
  ]

  private static let names = containers + sound + subtitles + pictures.map { $0 + "_pipe" }
  /// For `format_whitelist`, which holds for readers within readers, too.
  static let list = names.joined(separator: ",")

  /// Whether a reader by this name, or by one of its names ("mov,mp4,m4a"), may be used.
  static func allows(_ name: String) -> Bool { name.split(separator: ",").contains { names.contains(String($0)) } }

  /// Finds the reader for what `file` holds, and leaves the file at its start. nil: none was found, with libavformat's code.
  static func probe(_ file: UnsafeMutablePointer<AVIOContext>) -> (format: UnsafePointer<AVInputFormat>?, code: Int32) {
    var format: UnsafePointer<AVInputFormat>?
    let code = av_probe_input_buffer2(file, &format, "", nil, 0, 0)
    return code < 0 ? (nil, code) : (format, 0)
  }

  static func refusal(_ name: String, path: String) -> SluiceError {
    SluiceError(
      .badInput,
      "files of the format \(name) are not read: lists that name other files or addresses, and rare formats, are refused",
      at: path, advice: "name the media itself, or convert it to mp4 or mkv")
  }
}
