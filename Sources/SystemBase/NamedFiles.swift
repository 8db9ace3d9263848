#if canImport(Glibc)
import Glibc
import SluiceBase
#endif

/// Files that a text of options or filters names: `lut3d=file=a.cube`, `cellauto=/clips/rule.txt:seed=1`.
public enum NamedFiles {
  /// Every word of the text that is the path of a file, whatever option it belongs to. Folders do not count.
  public static func files(in text: String) -> [String] {
    words(text).filter { word in
      guard word.contains("/") || word.contains(".") else { return false }
      var status = stat()
      return stat(word, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
  }

  /// What a thing that is not a regular file is called: "a pipe". Reading one might never end. Returns nil for a file.
  public static func kind(_ mode: mode_t) -> String? {
    switch mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a directory"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  /// Throws 65 when something that is not a regular file has this name.
  public static func check(_ path: String) throws(SluiceError) {
    var status = stat()
    guard stat(path, &status) == 0, let kind = kind(status.st_mode) else { return }
    throw SluiceError(.badInput, "is \(kind), not a file", at: path)
  }

  /// Words between the separators of libavfilter and of option lists; a backslash or quotes keep a separator in the word.
  static func words(_ text: String) -> [String] {
    var words = [""]
    var quoted = false
    var escaped = false
    for character in text {
      if escaped {
        escaped = false
        words[words.count - 1].append(character)
      } else if character == "\\" {
        escaped = true
      } else if character == "'" {
        quoted.toggle()
      } else if !quoted, ":=,;[]|@".contains(character) || character.isWhitespace {
        words.append("")
      } else {
        words[words.count - 1].append(character)
      }
    }
    return words.filter { !$0.isEmpty }
  }
}
