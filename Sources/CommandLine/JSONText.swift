/// Writes JSON. Members keep the order in which they are given; numbers that are not finite become 0.
public indirect enum JSONText: Sendable {
  case string(String)
  case integer(Int64)
  case unsigned(UInt64)
  /// With at most six decimals.
  case number(Double)
  case bool(Bool)
  case null
  case array([JSONText])
  case object([(String, JSONText)])

  /// On one line.
  public var line: String { text(indent: nil) }
  /// Indented by two spaces, with a newline at the end.
  public var pretty: String { text(indent: 0) + "\n" }

  private func text(indent: Int?) -> String {
    switch self {
    case .string(let value): Self.quoted(value)
    case .integer(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .number(let value): Self.trimmed(Values.fixed(value, 6))
    case .bool(let value): value ? "true" : "false"
    case .null: "null"
    case .array(let items): Self.enclosed("[", items.map { $0.text(indent: indent.map { $0 + 2 }) }, "]", indent)
    case .object(let members):
      Self.enclosed("{", members.map { Self.quoted($0.0) + ": " + $0.1.text(indent: indent.map { $0 + 2 }) }, "}", indent)
    }
  }

  private static func enclosed(_ open: String, _ items: [String], _ close: String, _ indent: Int?) -> String {
    guard !items.isEmpty else { return open + close }
    guard let indent else { return open + items.joined(separator: ", ") + close }
    let margin = String(repeating: " ", count: indent)
    return open + "\n" + items.map { margin + "  " + $0 }.joined(separator: ",\n") + "\n" + margin + close
  }

  private static func trimmed(_ number: String) -> String {
    var text = Substring(number)
    while text.last == "0" { text.removeLast() }
    return String(text.last == "." ? text.dropLast() : text)
  }

  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
