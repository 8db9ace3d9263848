import CLibass
import CPango

/// Versions of the libraries that draw text.
public enum TextLibraries {
  public static var pango: String { String(cString: pango_version_string()) }
  public static var cairo: String { String(cString: cairo_version_string()) }
  /// Written in hexadecimal digits: 0x01701000 is 0.17.1.
  public static var libass: String {
    let version = ass_library_version()
    func digits(_ shift: Int32, _ mask: Int32) -> Int32 { Int32(String(version >> shift & mask, radix: 16)) ?? 0 }
    return "\(digits(28, 15)).\(digits(20, 255)).\(digits(12, 255))"
  }
}
