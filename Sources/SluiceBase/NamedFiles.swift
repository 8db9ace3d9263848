#if canImport(Glibc)
import Glibc
#endif

/// Files that a text of options or filters names: `lut3d=file=a.cube`, `cellauto=/clips/rule.txt:seed=1`.
public enum NamedFiles {
  /// Every word of the text that is the path of a file, whatever option it belongs to; a folder does not count.
  public static func files(in text: String) -> [String] {
    words(text).filter { word in
      guard word.contains("/") || word.contains(".") else { return false }
      var status = stat()
      return stat(word, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
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
