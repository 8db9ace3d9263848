extension JSONValue {
  /// JSON text on one line.
  public var line: String {
    var out = ""
    write(to: &out, indent: nil)
    return out
  }

  /// JSON text for people: two spaces a level; arrays and objects that hold no others stay on one line when short.
  public var pretty: String {
    var out = ""
    write(to: &out, indent: 0)
    return out + "\n"
  }

  private func write(to out: inout String, indent: Int?) {
    switch content {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .number(let number): out += number.text
    case .string(let text): Self.quote(text, to: &out)
    case .array(let values):
      Self.list("[", "]", values.count, isFlat ? nil : indent, &out) { index, out, inner in
        values[index].write(to: &out, indent: inner)
      }
    case .object(let members):
      Self.list("{", "}", members.count, isFlat ? nil : indent, &out) { index, out, inner in
        Self.quote(members[index].key, to: &out)
        out += ": "
        members[index].value.write(to: &out, indent: inner)
      }
    }
  }

  private var isFlat: Bool {
    switch content {
    case .array(let values): values.count <= 8 && values.allSatisfy(\.isScalar)
    case .object(let members): members.count <= 6 && members.allSatisfy { $0.value.isScalar }
    default: true
    }
  }

  private var isScalar: Bool {
    switch content {
    case .array, .object: false
    default: true
    }
  }

  private static func list(
    _ open: String, _ close: String, _ count: Int, _ indent: Int?, _ out: inout String,
    _ element: (Int, inout String, Int?) -> Void
  ) {
    out += open
    for index in 0..<count {
      if index > 0 { out += "," }
      if let indent {
        out += "\n" + String(repeating: "  ", count: indent + 1)
      } else if index > 0 {
        out += " "
      }
      element(index, &out, indent.map { $0 + 1 })
    }
    if let indent, count > 0 { out += "\n" + String(repeating: "  ", count: indent) }
    out += close
  }

  private static func quote(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7f {
          out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    out += "\""
  }
}
