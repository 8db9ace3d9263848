import FrameModel
import SluiceBase

/// What a media file holds, for people.
public enum MediaTable {
  /// Lines of `name: value`, the first one the path; ends with a newline.
  public static func text(_ info: MediaInfo) -> String {
    var rows: [(String, String)] = []
    if !info.container.isEmpty { rows.append(("container", info.container)) }
    if info.fileBytes > 0 { rows.append(("size", Values.sizeText(UInt64(info.fileBytes)))) }
    if let duration = info.duration {
      rows.append(("duration", "\(Values.clock(duration.double)) (\(DecimalText.fixed(duration.double, 3)) s)"))
    }
    if let video = info.video { rows.append((info.kind == .image ? "picture" : "video", describe(video))) }
    for audio in info.audio {
      rows.append(("sound", describe(audio)))
    }
    for note in info.notes { rows.append(("note", note)) }
    return info.path.printable + "\n"
      + rows.map { "  " + HelpText.padded($0.0, 11) + $0.1.printable + "\n" }.joined()
  }

  private static func describe(_ audio: MediaInfo.Audio) -> String {
    var text = "\(audio.codec), \(audio.sampleRate) Hz, \(audio.channels) channel\(audio.channels == 1 ? "" : "s")"
    if audio.channels > 2, !audio.layout.isEmpty { text += " (\(audio.layout))" }
    if audio.start != .zero { text += ", from \(DecimalText.fixed(audio.start.double, 3)) s" }
    if let duration = audio.duration { text += ", \(DecimalText.fixed(duration.double, 3)) s" }
    return text
  }

  private static func describe(_ video: MediaInfo.Video) -> String {
    var parts = ["\(video.codec), \(video.width)x\(video.height), \(video.sourceFormat)"]
    if video.sampleAspect != .one { parts.append("pixels \(video.sampleAspect.num):\(video.sampleAspect.den)") }
    if video.rotation != 0 { parts.append("rotated by \(video.rotation * 90) degrees") }
    if video.mirrored { parts.append("mirrored") }
    if video.averageRate > .zero {
      parts.append("\(DecimalText.fixed(video.averageRate.double, video.averageRate.den == 1 ? 0 : 3)) frames/s")
      if video.nominalRate > .zero, video.nominalRate != video.averageRate {
        parts.append("nominal \(DecimalText.fixed(video.nominalRate.double, 3))")
      }
    }
    if let frames = video.frames { parts.append("\(frames) frames") }
    if video.interlaced { parts.append("interlaced") }
    parts.append("color \(video.color.words)")
    return parts.joined(separator: ", ")
  }
}
