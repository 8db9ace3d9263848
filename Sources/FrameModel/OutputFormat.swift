import SluiceBase

/// Containers by file name, without FFmpeg: what the planner must know about an output before an encoder runs.
/// Pure values. A muxer that is not in the table can still be named; only the encoder worker knows all of them.
public struct OutputFormat: Equatable, Sendable {
  /// libavformat's muxer name, as in `OutputSettings.format`.
  public let name: String
  /// libavcodec's encoder name when the user names none.
  public let codec: String
  /// Endings of file names, without the dot, in small letters. The first is also the name that users write.
  public let extensions: [String]
  /// The muxer goes back to earlier bytes: it cannot write to a pipe unless told to make fragments.
  public let needsSeeking: Bool

  init(_ name: String, _ codec: String, _ extensions: [String], needsSeeking: Bool = false) {
    self.name = name
    self.codec = codec
    self.extensions = extensions
    self.needsSeeking = needsSeeking
  }

  /// Pictures as they are, without an encoder.
  public var isRaw: Bool { codec == "rawvideo" }

  public static let all: [OutputFormat] = [
    OutputFormat("mp4", "libx264", ["mp4", "m4v"], needsSeeking: true),
    OutputFormat("mov", "libx264", ["mov", "qt"], needsSeeking: true),
    OutputFormat("matroska", "libx264", ["mkv"]),
    OutputFormat("webm", "libvpx-vp9", ["webm"]),
    OutputFormat("nut", "rawvideo", ["nut"]),
    OutputFormat("yuv4mpegpipe", "rawvideo", ["y4m"]),
    OutputFormat("rawvideo", "rawvideo", ["yuv", "raw", "rgb"]),
    OutputFormat("mpegts", "libx264", ["ts", "m2ts", "mts"]),
    OutputFormat("avi", "libx264", ["avi"]),
    OutputFormat("flv", "libx264", ["flv"]),
    OutputFormat("3gp", "libx264", ["3gp"], needsSeeking: true),
    OutputFormat("mpeg", "mpeg2video", ["mpg", "mpeg", "vob"]),
    OutputFormat("mxf", "mpeg2video", ["mxf"], needsSeeking: true),
    OutputFormat("ogg", "libtheora", ["ogv", "ogg"]),
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
  ]

  /// The format that a file's ending asks for. Throws `usage` for no or an unknown ending.
  public static func guess(name: String) throws(SluiceError) -> OutputFormat {
    let file = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let advice = "name it .mp4, .mov, .mkv, .webm, .nut, .y4m or .png, or give --format"
    guard let dot = file.lastIndex(of: "."), dot != file.startIndex, file.index(after: dot) != file.endIndex else {
      throw SluiceError(.usage, "the file name has no ending that says its format", at: name, advice: advice)
    }
    let ending = file[file.index(after: dot)...].lowercased()
    if let format = all.first(where: { $0.extensions.contains(ending) }) { return format }
    let nearest = NearestName.of(ending, in: all.flatMap(\.extensions)).map { "did you mean .\($0)? Else " } ?? ""
    throw SluiceError(.usage, "no format is known for the ending .\(ending)", at: name, advice: nearest + advice)
  }

  /// The format that `--format` names: a muxer (`matroska`) or what users call it (`mkv`, `y4m`, `png`).
  /// nil for a muxer outside the table, which the encoder worker may still know by that name.
  public static func named(_ name: String) -> OutputFormat? {
    let name = name.lowercased()
    return all.first { $0.name == name } ?? all.first { $0.extensions.contains(name) }
  }
}
