import FrameModel
import SluiceBase
import TextDrawing

/// Pictures that no codec makes.
public enum DrawnPicture {
  public static func title(_ title: TitleKey) throws(SluiceError) -> FrameBox {
    try FrameBox(format: TitlePicture.format, width: title.width, height: title.height) { (base) throws(SluiceError) in
      try TitlePicture.draw(title, into: base)
    }
  }

  /// What `track.changes(at:)` found.
  public static func subtitles(_ track: SubtitleTrack, _ key: SubtitlesKey) throws(SluiceError) -> FrameBox {
    try FrameBox(format: TitlePicture.format, width: key.width, height: key.height) { (base) throws(SluiceError) in
      track.draw(into: base)
    }
  }
}
