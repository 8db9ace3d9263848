import FrameModel
import SluiceBase

#if canImport(Glibc)
import Glibc
#endif

/// A source as an operand names it.
enum SourcePath {
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
    defer { free(directory) }
    let base = String(cString: directory)
    return (base == "/" ? "" : base) + "/" + path
  }

  /// The key by which it is probed: an absolute path, or `lavfi:GRAPH` as it stands.
  static func key(_ operand: String) -> String { operand.hasPrefix(SourceKey.graphPrefix) ? operand : absolute(operand) }

  /// Throws for what is named by an address and not by a path.
  static func check(_ operands: [String]) throws(SluiceError) {
    for operand in operands {
      if let address = NetworkAddress(operand) { throw address.refusedAsSource(at: operand) }
    }
  }

  static func isProject(_ path: String) -> Bool {
    let name = path.lowercased()
    return [".json", ".json5", ".otio"].contains { name.hasSuffix($0) }
  }
}
