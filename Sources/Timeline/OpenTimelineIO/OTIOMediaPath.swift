import SluiceBase
import SystemBase

/// Where an OpenTimelineIO `target_url` points.
enum OTIOMediaPath: Equatable {
  /// Absolute paths in the order in which they are tried: unescaped and as written, for a plain path the other way.
  case file([String])
  /// On another machine or in another scheme.
  case elsewhere(String)

  /// `file:` URLs with percent-escapes (also without: many tools do not write them), plain absolute paths, and paths
  /// relative to the folder of the timeline.
  init(_ target: String, folder: String) {
    let scheme = Self.scheme(target)
    guard let scheme else {
      self = Self.files([target, Self.unescaped(target)], folder)
      return
    }
    guard scheme.lowercased() == "file" else {
      self = .elsewhere(target)
      return
    }
    var rest = target.dropFirst(scheme.count + 1)
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let host = rest.prefix { $0 != "/" }
      guard host.isEmpty || host.lowercased() == "localhost" else {
        self = .elsewhere(target)
        return
      }
      rest = rest.dropFirst(host.count)
    }
    self = Self.files([Self.unescaped(String(rest)), String(rest)], folder)
  }

  /// Two letters at least: `D:\\a.mov` is a path.
  private static func scheme(_ target: String) -> String? {
    guard let colon = target.firstIndex(of: ":") else { return nil }
    let scheme = target[..<colon]
    guard scheme.utf8.count >= 2, scheme.first?.isLetter == true,
      scheme.utf8.allSatisfy({ Character(UnicodeScalar($0)).isLetter || (0x30...0x39).contains($0) || "+-.".utf8.contains($0) }),
      scheme.lowercased() == "file" || target[colon...].hasPrefix("://")
    else { return nil }
    return String(scheme)
  }

  private static func files(_ candidates: [String], _ folder: String) -> OTIOMediaPath {
    var paths: [String] = []
    for path in candidates where !path.isEmpty {
      let absolute = Folder.absolute(path, in: folder)
      if !paths.contains(absolute) { paths.append(absolute) }
    }
    return .file(paths)
  }

  /// A `%` that no two hexadecimal digits follow stands for itself; so does all when the result is not UTF-8.
  static func unescaped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    var at = 0
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count, let high = digit(bytes[at + 1]), let low = digit(bytes[at + 2]) {
        out.append(high << 4 | low)
        at += 3
      } else {
        out.append(bytes[at])
        at += 1
      }
    }
    return String(validating: out, as: UTF8.self) ?? text
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
