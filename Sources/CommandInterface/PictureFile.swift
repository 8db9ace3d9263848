import FrameModel

/// Files of one picture that `sluice frame` writes.
public enum PictureFile {
  /// Encoder of a picture file by its ending; nil for an ending that `sluice frame` does not write.
  public static func codec(path: String) -> String? {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return switch name[name.index(after: dot)...].lowercased() {
    case "png": "png"
    case "jpg", "jpeg": "mjpeg"
    case "webp": "libwebp"
    case "bmp": "bmp"
    case "tif", "tiff": "tiff"
    case "ppm": "ppm"
    case "yuv", "raw": "rawvideo"
    default: nil
    }
  }

  /// Colour that a format prescribes for its Y'CbCr samples: JFIF's and WebP's are BT.601's, of full and of limited range.
  /// nil where samples are R'G'B'.
  public static func color(codec: String) -> ColorDescription? {
    switch codec {
    case "mjpeg": ColorDescription(matrix: 6, primaries: 1, transfer: 1, fullRange: true, chromaLocation: 1)
    case "libwebp": ColorDescription(matrix: 6, primaries: 1, transfer: 1)
    default: nil
    }
  }

  public static let endings = "png, jpg, webp, bmp, tiff, ppm, or yuv for the samples as they are"
}
