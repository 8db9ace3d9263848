import Foundation
import Testing

/// One conformance vector: what a reader must say about these bytes. See ipc-schema/vectors/README.md.
struct Vector: CustomTestStringConvertible {
  enum Verdict: String { case accept, ignore, refuse }

  let name: String
  let verdict: Verdict
  let why: String
  let bytes: [UInt8]

  var testDescription: String { "\(name): \(why)" }

  static let schema = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "ipc-schema")

  /// The vectors whose names start with `kind-`, in the order of the table.
  static func all(_ kind: String) throws -> [Vector] {
    let folder = schema.appending(path: "vectors")
    let table = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
    return try table.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3, cells[0].hasPrefix("\(kind)-"), let verdict = Verdict(rawValue: cells[1]) else { return nil }
      let text = try String(contentsOf: folder.appending(path: "\(cells[0]).hex"), encoding: .utf8)
      return Vector(name: cells[0], verdict: verdict, why: cells[2], bytes: try parse(text))
    }
  }

  struct Malformed: Error { let line: Substring }

  /// `offset: bytes` lines; what no line names is zero, the last offset is the size.
  private static func parse(_ text: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: ":")
      guard let offset = parts.first.flatMap({ Int($0, radix: 16) }), offset >= bytes.count else { throw Malformed(line: line) }
      bytes += [UInt8](repeating: 0, count: offset - bytes.count)
      for digits in parts.dropFirst().joined().split(separator: " ") {
        guard let byte = UInt8(digits, radix: 16) else { throw Malformed(line: line) }
        bytes.append(byte)
      }
    }
    return bytes
  }
}
