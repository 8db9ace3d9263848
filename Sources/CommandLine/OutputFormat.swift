/// Names of containers as people write them.
public enum OutputFormat {
  /// libavformat's muxer for a name of `--format`; other names are its own already.
  public static func muxer(_ name: String) -> String {
    switch name.lowercased() {
    case "y4m": "yuv4mpegpipe"
    case "mkv": "matroska"
    case "raw", "yuv": "rawvideo"
    default: name
    }
  }

  /// Encoder of a picture file by its ending; nil for an ending that `sluice frame` does not write.
  public static func pictureCodec(path: String) -> String? {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return switch name[name.index(after: dot)...].lowercased() {
    case "png": "png"
    case "jpg", "jpeg": "mjpeg"
    case "webp": "libwebp"
    case "bmp": "bmp"
    case "tif", "tiff": "tiff"
    case "ppm": "ppm"
    default: nil
    }
  }
  public static let pictureEndings = "png, jpg, webp, bmp, tiff or ppm"
}
