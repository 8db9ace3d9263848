import CSluice
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// The user's configuration: `key = value` lines, `#` comments. Keys are the long names of options.
public struct ConfigurationFile: Sendable {
  public struct Entry: Sendable, Equatable {
    public var key: String
    public var value: String
    public var line: Int
  }
  public var path: String
  public var entries: [Entry]

  /// `$XDG_CONFIG_HOME/sluice/config`, or `~/.config/sluice/config`. nil when neither variable is set.
  public static func standardPath(environment: (String) -> String?) -> String? {
    if let base = environment("XDG_CONFIG_HOME"), base.hasPrefix("/") { return base + "/sluice/config" }
    guard let home = environment("HOME"), !home.isEmpty else { return nil }
    return home + "/.config/sluice/config"
  }

  /// Reads `path`; nil when there is no such file. A file that cannot be read or understood is an error of code 2.
  public static func read(_ path: String) throws(SluiceError) -> ConfigurationFile? {
    let bytes: [UInt8]
    do {
      bytes = try System.readFile(path, limit: 1 << 20)
    } catch {
      if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
      throw SluiceError(.usage, "cannot be read: \(error.reason)", at: path)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SluiceError(.usage, "is not UTF-8 text", at: path)
    }
    return try ConfigurationFile(text: text, path: path)
  }

  public init(text: String, path: String) throws(SluiceError) {
    self.path = path
    entries = []
    let keys = Option.all.compactMap(\.configurationKey)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let whole = Self.trimmed(line)
      if whole.isEmpty || whole.first == "#" { continue }
      guard let equals = whole.firstIndex(of: "=") else {
        throw SluiceError(.usage, "'\(whole)' is no 'key = value'", at: "\(path):\(index + 1)")
      }
      let key = String(Self.trimmed(whole[..<equals]))
      guard keys.contains(key) else {
        let nearest = NearestName.of(key, in: keys).map { "did you mean \($0)?" }
        throw SluiceError(
          .usage, "no such key '\(key)'", at: "\(path):\(index + 1)", advice: nearest ?? "keys are the long names of options")
      }
      entries.append(Entry(key: key, value: String(Self.value(whole[whole.index(after: equals)...])), line: index + 1))
    }
  }

  /// A `#` begins a comment at the start of a line or after a space; in quotes it does not.
  private static func value(_ text: Substring) -> Substring {
    let text = trimmed(text)
    if text.first == "\"", let end = text.dropFirst().firstIndex(of: "\"") {
      return text[text.index(after: text.startIndex)..<end]
    }
    var previous: Character = " "
    var end = text.startIndex
    while end < text.endIndex, !(text[end] == "#" && previous.isWhitespace) {
      previous = text[end]
      end = text.index(after: end)
    }
    return trimmed(text[..<end])
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
