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

  /// Every font file that may be chosen, and the files by which it is chosen; sorted.
  public static var files: [String] {
    guard FcInit() != 0, let configuration = FcConfigGetCurrent() else { return [] }
    var paths: Set<String> = []
    for list in [FcConfigGetConfigFiles(configuration), FcConfigGetFontDirs(configuration)] {
      guard let list else { continue }
      while let next = FcStrListNext(list) { paths.insert(String(cString: next)) }
      FcStrListDone(list)
    }
    for kind in [FcSetSystem, FcSetApplication] {
      guard let set = FcConfigGetFonts(configuration, kind)?.pointee else { continue }
      for index in 0..<Int(set.nfont) {
        var file: UnsafeMutablePointer<FcChar8>?
        if FcPatternGetString(set.fonts[index], FC_FILE, 0, &file) == FcResultMatch, let file {
          paths.insert(String(cString: file))
        }
      }
    }
    return paths.sorted()
  }
}
