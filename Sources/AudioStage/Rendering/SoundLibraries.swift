import CEBUR128
import CRubberband

/// Versions of the libraries of sound, as far as they tell.
public enum SoundLibraries {
  public static var ebur128: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    ebur128_get_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }
  /// It tells only that of its headers.
  public static var rubberband: String { RUBBERBAND_VERSION }
}
