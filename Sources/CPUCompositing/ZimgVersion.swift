import CZimg

extension CPUCompositor {
  /// The version of zimg that this program was linked with.
  public static var zimgVersion: String {
    var major: UInt32 = 0, minor: UInt32 = 0, micro: UInt32 = 0
    zimg_get_version_info(&major, &minor, &micro)
    return "\(major).\(minor).\(micro)"
  }
}
