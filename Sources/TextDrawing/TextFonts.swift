import CPango

/// Where text comes from: fonts, their configuration and caches, and the tables of character sets.
public enum TextFonts {
  /// Files and folders that drawing text may read. The first call loads fontconfig's configuration, and writes its cache
  /// where one is missing: in a contained process it could not.
  public static let places: [String] = {
    guard FcInit() != 0, let configuration = FcConfigGetCurrent() else { return [] }
    var paths: [String] = []
    for list in [
      FcConfigGetFontDirs(configuration), FcConfigGetCacheDirs(configuration), FcConfigGetConfigFiles(configuration),
      FcConfigGetConfigDirs(configuration),
    ] {
      guard let list else { continue }
      while let next = FcStrListNext(list) { paths.append(String(cString: next)) }
      FcStrListDone(list)
    }
    // libass reads the configuration once more, from its root.
    paths += ["/etc/fonts", "/usr/share/fontconfig"]
    // Character sets, loaded when one is met.
    paths += ["/usr/lib/x86_64-linux-gnu/gconv", "/usr/lib/aarch64-linux-gnu/gconv", "/usr/lib64/gconv"]
    paths += ["/usr/lib/locale", "/etc/ld.so.cache"]
    return paths
  }()
}
