import SluiceBase

/// Containers by file name, without FFmpeg: what the planner must know about an output before an encoder runs.
/// Pure values. A muxer that is not in the table can still be named; only the encoder worker knows all of them.
public struct OutputFormat: Equatable, Sendable {
  /// libavformat's muxer name, as in `OutputSettings.format`.
  public let name: String
  /// libavcodec's encoder for pictures when the user names none; empty: it is for sound alone.
  public let codec: String
  /// The same for sound; empty: it has none.
  public let sound: String
  /// Endings of file names, without the dot, in small letters. The first is also the name that users write.
  public let extensions: [String]
  /// The muxer goes back to earlier bytes: it cannot write to a pipe unless told to make fragments.
  public let needsSeeking: Bool

  init(_ name: String, _ codec: String, sound: String = "", _ extensions: [String], needsSeeking: Bool = false) {
    self.name = name
    self.codec = codec
    self.sound = sound
    self.extensions = extensions
    self.needsSeeking = needsSeeking
  }

  /// A muxer outside the table. Which sound it takes is not known here.
  public init(unknown name: String) { self.init(name, "libx264", []) }

  /// Pictures as they are, without an encoder.
  public var isRaw: Bool { codec == "rawvideo" }
  public var isForSoundAlone: Bool { codec.isEmpty }

  /// The encoder for sound of that rate when the user names none: Opus knows only some rates.
  public func soundCodec(sampleRate: Int) -> String {
    sound == "libopus" && ![48000, 24000, 16000, 12000, 8000].contains(sampleRate) && name != "opus" ? "libvorbis" : sound
  }

  public static let all: [OutputFormat] = [
    OutputFormat("mp4", "libx264", sound: "aac", ["mp4", "m4v"], needsSeeking: true),
    OutputFormat("mov", "libx264", sound: "aac", ["mov", "qt"], needsSeeking: true),
    // Opus and not AAC: of Opus alone Matroska tells the priming, so that sound begins with the first picture, at 0.
    OutputFormat("matroska", "libx264", sound: "libopus", ["mkv"]),
    OutputFormat("webm", "libvpx-vp9", sound: "libopus", ["webm"]),
    OutputFormat("nut", "rawvideo", sound: "pcm_s16le", ["nut"]),
    OutputFormat("yuv4mpegpipe", "rawvideo", ["y4m"]),
    OutputFormat("rawvideo", "rawvideo", ["yuv", "raw", "rgb"]),
    OutputFormat("mpegts", "libx264", sound: "aac", ["ts", "m2ts", "mts"]),
    OutputFormat("avi", "libx264", sound: "libmp3lame", ["avi"]),
    OutputFormat("flv", "libx264", sound: "aac", ["flv"]),
    OutputFormat("3gp", "libx264", sound: "aac", ["3gp"], needsSeeking: true),
    OutputFormat("mpeg", "mpeg2video", sound: "mp2", ["mpg", "mpeg", "vob"]),
    OutputFormat("mxf", "mpeg2video", sound: "pcm_s16le", ["mxf"], needsSeeking: true),
    OutputFormat("ogg", "libtheora", sound: "libvorbis", ["ogv"]),
    OutputFormat("h264", "libx264", ["h264", "264"]),
    OutputFormat("hevc", "libx265", ["h265", "hevc", "265"]),
    OutputFormat("ivf", "libvpx-vp9", ["ivf"]),
    OutputFormat("gif", "gif", ["gif"]),
    OutputFormat("apng", "apng", ["apng"], needsSeeking: true),
    OutputFormat("webp", "libwebp_anim", ["webp"], needsSeeking: true),
    OutputFormat("image2pipe", "png", ["png"]),
    OutputFormat("image2pipe", "mjpeg", ["jpg", "jpeg"]),
    OutputFormat("image2pipe", "tiff", ["tif", "tiff"]),
    OutputFormat("image2pipe", "bmp", ["bmp"]),
    OutputFormat("image2pipe", "libjxl", ["jxl"]),
    // Sound alone.
    OutputFormat("wav", "", sound: "pcm_s16le", ["wav"]),
    OutputFormat("w64", "", sound: "pcm_s16le", ["w64"], needsSeeking: true),
    OutputFormat("aiff", "", sound: "pcm_s16be", ["aiff", "aif"], needsSeeking: true),
    OutputFormat("caf", "", sound: "pcm_s16le", ["caf"]),
    OutputFormat("flac", "", sound: "flac", ["flac"]),
    OutputFormat("ipod", "", sound: "aac", ["m4a", "m4b"], needsSeeking: true),
    OutputFormat("mp3", "", sound: "libmp3lame", ["mp3"]),
    OutputFormat("opus", "", sound: "libopus", ["opus"]),
    OutputFormat("oga", "", sound: "libvorbis", ["ogg", "oga"]),
    OutputFormat("matroska", "", sound: "libopus", ["mka"]),
    OutputFormat("webm", "", sound: "libopus", ["weba"]),
    OutputFormat("adts", "", sound: "aac", ["aac"]),
    OutputFormat("ac3", "", sound: "ac3", ["ac3"]),
  ]

  /// The format that a file's ending asks for. Throws `usage` for no or an unknown ending.
  public static func guess(name: String) throws(SluiceError) -> OutputFormat {
    let file = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let advice =
      "name it .mp4, .mov, .mkv, .webm, .nut, .y4m or .png, .wav, .flac, .m4a, .mp3 or .opus for sound alone, or give --format"
    guard let dot = file.lastIndex(of: "."), dot != file.startIndex, file.index(after: dot) != file.endIndex else {
      throw SluiceError(.usage, "the file name has no ending that says its format", at: name, advice: advice)
    }
    let ending = file[file.index(after: dot)...].lowercased()
    if let format = all.first(where: { $0.extensions.contains(ending) }) { return format }
    let nearest = NearestName.of(ending, in: all.flatMap(\.extensions)).map { "did you mean .\($0)? Else " } ?? ""
    throw SluiceError(.usage, "no format is known for the ending .\(ending)", at: name, advice: nearest + advice)
  }

  /// The format that `--format` names: what users call it (`mkv`, `y4m`, `png`), or a muxer (`matroska`).
  /// nil for a muxer outside the table, which the encoder worker may still know by that name.
  public static func named(_ name: String) -> OutputFormat? {
    let name = name.lowercased()
    return all.first { $0.extensions.contains(name) } ?? all.first { $0.name == name }
  }
}
