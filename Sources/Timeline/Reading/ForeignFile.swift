import SluiceBase

/// What a file is that is given as a project, and is none: by its first bytes, else by its name.
enum ForeignFile {
  /// nil for what may be meant as a project.
  static func error(_ path: String, _ bytes: [UInt8]) -> SluiceError? {
    let head = bytes.prefix(4096)
    if let media = media(head) ?? mediaByName(path) {
      return SluiceError(
        .badInput, "is \(media), not a project", at: path,
        advice: "name it in a project's \"sources\"; sluice probe tells what is in it, sluice grid puts clips side by side")
    }
    guard let (name, way) = editor(path, head) else { return nil }
    return SluiceError(.badInput, "is \(name), which is not read", at: path, advice: way)
  }

  private static let elsewhere = "export the timeline as OpenTimelineIO (.otio) there, and give that"

  private static func converted(_ adapter: String) -> String {
    "make OpenTimelineIO of it, and give that: pip install OpenTimelineIO \(adapter); otioconvert -i FILE -o cut.otio"
  }

  /// Projects and cut lists of other programs, and the way from there.
  private static func editor(_ path: String, _ head: ArraySlice<UInt8>) -> (name: String, way: String)? {
    var text = String(decoding: head, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{feff}" }
    let kind = ending(path)
    if text.hasPrefix("<") {
      text = text.lowercased()[...]
      if kind == "kdenlive" || text.contains("kdenlive") { return ("a project of Kdenlive", elsewhere) }
      if text.contains("<mlt") {
        return ("a project of MLT (Shotcut)", "export an EDL there, and " + converted("otio-cmx3600-adapter"))
      }
      if text.contains("fcpxml") { return ("a timeline of Final Cut Pro (FCPXML)", converted("otio-fcpx-xml-adapter")) }
      if text.contains("xmeml") { return ("a timeline in Final Cut Pro 7's XML", converted("otio-fcp-adapter")) }
      if text.contains("<!doctype html") || text.contains("<html") { return ("a web page", "download the file itself") }
      return ("XML", "give a project in JSON, or an OpenTimelineIO file (.otio)")
    }
    if head.starts(with: [0xd0, 0xcf, 0x11, 0xe0]) { return ("AAF", converted("otio-aaf-adapter")) }
    let isPacked = head.starts(with: [0x1f, 0x8b])
    switch kind {
    case "prproj":
      return ("a project of Premiere Pro", elsewhere + ", or as Final Cut Pro XML and " + converted("otio-fcp-adapter"))
    case "aaf": return ("AAF", converted("otio-aaf-adapter"))
    case "edl": return ("an EDL", converted("otio-cmx3600-adapter"))
    case "drp", "dra": return ("a project of DaVinci Resolve", elsewhere)
    case "otioz", "otiod": return ("a bundle of OpenTimelineIO", "unpack it, and give the .otio file in it")
    case "srt", "vtt", "ass", "ssa": return ("subtitles", "put them on a track of kind \"subtitles\"")
    default: break
    }
    if text.hasPrefix("TITLE:") { return ("an EDL", converted("otio-cmx3600-adapter")) }
    if text.hasPrefix("WEBVTT") || text.hasPrefix("[Script Info]") {
      return ("subtitles", "put them on a track of kind \"subtitles\"")
    }
    if isPacked { return ("a packed file", "unpack it first") }
    if head.starts(with: [0x50, 0x4b, 0x03, 0x04]) { return ("a zip archive", "unpack it first") }
    if head.contains(0) { return ("no text", "give a project in JSON, or an OpenTimelineIO file (.otio)") }
    return nil
  }

  /// Containers and pictures by how they begin.
  private static func media(_ head: ArraySlice<UInt8>) -> String? {
    func has(_ text: String, at offset: Int) -> Bool {
      head.count >= offset + text.utf8.count && head.dropFirst(offset).starts(with: text.utf8)
    }
    if has("ftyp", at: 4) || has("moov", at: 4) || has("mdat", at: 4) || has("wide", at: 4) { return "a clip (MP4 or QuickTime)" }
    if head.starts(with: [0x1a, 0x45, 0xdf, 0xa3]) { return "a clip (Matroska or WebM)" }
    if has("RIFF", at: 0) { return has("WAVE", at: 8) ? "sound (WAV)" : has("WEBP", at: 8) ? "a picture (WebP)" : "a clip (AVI)" }
    if has("OggS", at: 0) { return "a clip or sound (Ogg)" }
    if has("fLaC", at: 0) { return "sound (FLAC)" }
    if has("ID3", at: 0) { return "sound (MP3)" }
    if has("FLV", at: 0) { return "a clip (FLV)" }
    if has("GIF8", at: 0) { return "a picture (GIF)" }
    if head.starts(with: [0x89, 0x50, 0x4e, 0x47]) { return "a picture (PNG)" }
    if head.starts(with: [0xff, 0xd8, 0xff]) { return "a picture (JPEG)" }
    if has("II*\0", at: 0) || has("MM\0*", at: 0) { return "a picture (TIFF)" }
    if has("YUV4MPEG2", at: 0) { return "a clip (Y4M)" }
    if head.starts(with: [0x30, 0x26, 0xb2, 0x75]) { return "a clip (WMV)" }
    if head.starts(with: [0x06, 0x0e, 0x2b, 0x34]) { return "a clip (MXF)" }
    if head.starts(with: [0, 0, 1, 0xba]) || head.starts(with: [0, 0, 1, 0xb3]) { return "a clip (MPEG)" }
    if head.first == 0x47, head.count > 376, head.dropFirst(188).first == 0x47, head.dropFirst(376).first == 0x47 {
      return "a clip (MPEG-TS)"
    }
    return nil
  }

  private static func mediaByName(_ path: String) -> String? {
    switch ending(path) {
    case "mp4", "mov", "m4v", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg", "mpeg", "vob", "flv", "wmv", "mxf", "3gp", "ogv",
      "y4m":
      "a clip"
    case "mp3", "wav", "flac", "aac", "m4a", "ogg", "opus", "oga", "aiff", "aif", "wma", "ac3", "mka": "sound"
    case "png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp", "avif", "heic", "heif", "exr", "psd", "svg": "a picture"
    default: nil
    }
  }

  private static func ending(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let point = name.lastIndex(of: ".") else { return "" }
    return name[name.index(after: point)...].lowercased()
  }
}
