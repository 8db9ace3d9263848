#if canImport(Glibc)
  import Glibc
#endif

/// A source as an operand names it.
enum SourcePath {
  /// The key by which it is probed: an absolute path, or `lavfi:GRAPH` as it stands.
  static func key(_ operand: String) -> String {
    guard !operand.hasPrefix("/"), !operand.hasPrefix("lavfi:") else { return operand }
    guard let directory = getcwd(nil, 0) else { return operand }
    defer { free(directory) }
    let base = String(cString: directory)
    return (base == "/" ? "" : base) + "/" + operand
  }

  static func isProject(_ path: String) -> Bool {
    let name = path.lowercased()
    return name.hasSuffix(".json") || name.hasSuffix(".json5") || name.hasSuffix(".otio")
  }
}
