import SluiceBase

/// What a plan says of a source or its effects, without where files lie.
enum SourceText {
  /// Members of the JSON of sources and effects that are paths.
  private static let pathMembers: Set<String> = ["path", "pattern", "lut"]

  static func withoutPaths(_ text: String, kind: SourceRecord.Kind) -> String {
    switch kind {
    case .file: ""
    case .lavfi: text
    case .sequence, .title, .subtitles: withoutPaths(json: text)
    }
  }

  /// What is no JSON stays as it is.
  static func withoutPaths(json text: String) -> String {
    guard let value = try? JSONReader.read(text) else { return text }
    return withoutPaths(value).line
  }

  private static func withoutPaths(_ value: JSONValue) -> JSONValue {
    switch value.content {
    case .array(let values): return .array(values.map(withoutPaths))
    case .object(let members):
      return .object(
        members.map {
          pathMembers.contains($0.key) && $0.value.string != nil
            ? JSONMember($0.key, .string("")) : JSONMember($0.key, withoutPaths($0.value))
        })
    default: return value
    }
  }
}
