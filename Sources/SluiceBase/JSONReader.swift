/// A syntax error of a JSON text and where it is, both counted from 1; columns count characters.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  public let line: Int
  public let column: Int
  public let what: String
  public var description: String { "\(line):\(column): \(what)" }
}

/// Reads JSON and JSON5 (comments, trailing commas, unquoted keys, single quotes, hexadecimal numbers). Every input gives a
/// value or an error, in time proportional to its length.
public struct JSONReader {
  /// A text that is nested deeper is an error.
  public static let maximumDepth = 64

  private let bytes: [UInt8]
  private var at = 0

  public static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes: bytes)
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { reader.at = 3 }
    try reader.skipSpace()
    if reader.at == bytes.count { throw reader.error("is empty; expected a JSON value") }
    let value = try reader.value(depth: 0)
    try reader.skipSpace()
    guard reader.at == bytes.count else { throw reader.error("unexpected \(reader.here) behind the end of the value") }
    return value
  }

  public static func read(_ text: String) throws(JSONError) -> JSONValue { try read(Array(text.utf8)) }

  /// Line and column of a byte of a text.
  public static func position(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
    var line = 1, column = 1
    for byte in bytes[..<min(offset, bytes.count)] {
      if byte == 0x0a {
        line += 1
        column = 1
      } else if byte & 0xc0 != 0x80 {
        column += 1
      }
    }
    return (line, column)
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func error(_ what: String, at offset: Int? = nil) -> JSONError {
    let (line, column) = Self.position(of: offset ?? at, in: bytes)
    return JSONError(line: line, column: column, what: what)
  }

  private func peek(_ ahead: Int = 0) -> UInt8? { at + ahead < bytes.count ? bytes[at + ahead] : nil }

  /// The character at the cursor, as an error names it.
  private var here: String {
    guard at < bytes.count else { return "end of the text" }
    let next = String(decoding: bytes[at..<min(at + 4, bytes.count)], as: UTF8.self).unicodeScalars.first ?? "?"
    return "\"\(String(Character(next)).printable)\""
  }

  private mutating func skipSpace() throws(JSONError) {
    while let byte = peek() {
      switch byte {
      case 0x20, 0x09...0x0d: at += 1
      case 0xc2 where peek(1) == 0xa0: at += 2
      case 0xef where peek(1) == 0xbb && peek(2) == 0xbf: at += 3
      case 0xe2 where peek(1) == 0x80 && (0x80...0x8a).contains(peek(2) ?? 0): at += 3
      case 0xe2 where peek(1) == 0x80 && [0xa8, 0xa9, 0xaf].contains(peek(2) ?? 0): at += 3
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
        while let byte = peek(), byte != 0x0a { at += 1 }
      case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"):
        let start = at
        at += 2
        while !(peek() == UInt8(ascii: "*") && peek(1) == UInt8(ascii: "/")) {
          guard at < bytes.count else { throw error("this comment is never closed", at: start) }
          at += 1
        }
        at += 2
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth < Self.maximumDepth else { throw error("nested deeper than \(Self.maximumDepth) levels") }
    let start = at
    switch peek() {
    case UInt8(ascii: "{"): return JSONValue(.object(try object(depth: depth)), offset: start)
    case UInt8(ascii: "["): return JSONValue(.array(try array(depth: depth)), offset: start)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return JSONValue(.string(try string()), offset: start)
    case let byte? where (0x30...0x39).contains(byte) || "+-.".utf8.contains(byte):
      return JSONValue(.number(try number()), offset: start)
    case let byte? where Self.isWord(byte):
      let word = try identifier()
      switch word {
      case "null": return JSONValue(.null, offset: start)
      case "true": return JSONValue(.bool(true), offset: start)
      case "false": return JSONValue(.bool(false), offset: start)
      case "Infinity", "NaN": return JSONValue(.number(JSONNumber(text: word)), offset: start)
      default: throw error("unexpected \"\(word.printable)\"; a text needs quotes", at: start)
      }
    case nil: throw error("the text ends where a value is expected")
    default: throw error("unexpected \(here) where a value is expected")
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> [JSONMember] {
    let opening = at
    var members: [JSONMember] = []
    var keys: Set<String> = []
    at += 1
    while true {
      try skipSpace()
      let start = at
      let key: String
      switch peek() {
      case UInt8(ascii: "}"):
        at += 1
        return members
      case UInt8(ascii: "\""), UInt8(ascii: "'"): key = try string()
      case let byte? where Self.isWord(byte): key = try identifier()
      case nil: throw error("this \"{\" is never closed", at: opening)
      default: throw error("unexpected \(here) where a key or \"}\" is expected")
      }
      guard keys.insert(key).inserted else { throw error("the key \"\(key.printable)\" stands twice in this object", at: start) }
      try skipSpace()
      guard peek() == UInt8(ascii: ":") else { throw error("unexpected \(here) where \":\" is expected") }
      at += 1
      try skipSpace()
      members.append(JSONMember(key, try value(depth: depth + 1), offset: start))
      try skipSpace()
      switch peek() {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "}"): break
      case nil: throw error("this \"{\" is never closed", at: opening)
      default: throw error("unexpected \(here) where \",\" or \"}\" is expected")
      }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    let opening = at
    var values: [JSONValue] = []
    at += 1
    while true {
      try skipSpace()
      if peek() == UInt8(ascii: "]") {
        at += 1
        return values
      }
      if peek() == nil { throw error("this \"[\" is never closed", at: opening) }
      values.append(try value(depth: depth + 1))
      try skipSpace()
      switch peek() {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "]"): break
      case nil: throw error("this \"[\" is never closed", at: opening)
      default: throw error("unexpected \(here) where \",\" or \"]\" is expected")
      }
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
      || byte >= 0x80
  }

  private mutating func identifier() throws(JSONError) -> String {
    let start = at
    while let byte = peek(), Self.isWord(byte) || (0x30...0x39).contains(byte) { at += 1 }
    guard let text = String(validating: bytes[start..<at], as: UTF8.self) else { throw error("is not valid UTF-8", at: start) }
    return text
  }

  private mutating func number() throws(JSONError) -> JSONNumber {
    let start = at
    if peek() == UInt8(ascii: "-") || peek() == UInt8(ascii: "+") { at += 1 }
    if peek() == UInt8(ascii: "I") || peek() == UInt8(ascii: "N") {
      let word = try identifier()
      guard word == "Infinity" || word == "NaN" else { throw error("is not a number", at: start) }
    } else if peek() == 0x30, peek(1) == UInt8(ascii: "x") || peek(1) == UInt8(ascii: "X") {
      at += 2
      guard digits(hexadecimal: true) > 0 else { throw error("digits are missing behind \"0x\"", at: start) }
    } else {
      let wholeStart = at
      let whole = digits()
      if whole > 1, bytes[wholeStart] == 0x30 { throw error("a number does not start with 0", at: start) }
      var fraction = 0
      if peek() == UInt8(ascii: ".") {
        at += 1
        fraction = digits()
      }
      guard whole + fraction > 0 else { throw error("is not a number", at: start) }
      if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
        at += 1
        if peek() == UInt8(ascii: "-") || peek() == UInt8(ascii: "+") { at += 1 }
        guard digits() > 0 else { throw error("the exponent has no digits", at: start) }
      }
    }
    if let byte = peek(), Self.isWord(byte) || byte == UInt8(ascii: ".") || (0x30...0x39).contains(byte) {
      throw error("unexpected \(here) in a number; a text needs quotes")
    }
    return JSONNumber(text: String(decoding: bytes[start..<at], as: UTF8.self))
  }

  private mutating func digits(hexadecimal: Bool = false) -> Int {
    let start = at
    while let byte = peek(), (0x30...0x39).contains(byte) || (hexadecimal && Self.hexDigit(byte) != nil) { at += 1 }
    return at - start
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
  }

  private mutating func string() throws(JSONError) -> String {
    let start = at
    let quote = bytes[at]
    at += 1
    var text: [UInt8] = []
    while true {
      guard let byte = peek(), byte != 0x0a, byte != 0x0d else { throw error("this text's quote is never closed", at: start) }
      at += 1
      if byte == quote { break }
      if byte == UInt8(ascii: "\\") {
        try escape(into: &text)
      } else if byte < 0x20, byte != 0x09 {
        throw error(
          "a control character in a text; write it as \\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))", at: at - 1)
      } else {
        text.append(byte)
      }
    }
    guard let result = String(validating: text, as: UTF8.self) else { throw error("this text is not valid UTF-8", at: start) }
    return result
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let start = at - 1
    guard let byte = peek() else { throw error("the text ends in an escape", at: start) }
    at += 1
    switch byte {
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "v"): text.append(0x0b)
    case UInt8(ascii: "0") where !(0x30...0x39).contains(peek() ?? 0): text.append(0)
    case UInt8(ascii: "x"): text += String(Character(try scalar(hexadecimal(2, start), start))).utf8
    case UInt8(ascii: "u"):
      var code = try hexadecimal(4, start)
      if (0xd800...0xdbff).contains(code), peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") {
        at += 2
        let low = try hexadecimal(4, start)
        guard (0xdc00...0xdfff).contains(low) else { throw error("half of a surrogate pair", at: start) }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      text += String(Character(try scalar(code, start))).utf8
    case 0x0d:
      if peek() == 0x0a { at += 1 }
    case 0x0a: break
    case UInt8(ascii: "1")...UInt8(ascii: "9"), UInt8(ascii: "0"): throw error("unknown escape", at: start)
    default: text.append(byte)
    }
  }

  private func scalar(_ code: UInt32, _ start: Int) throws(JSONError) -> UnicodeScalar {
    guard let scalar = UnicodeScalar(code) else { throw error("half of a surrogate pair", at: start) }
    return scalar
  }

  private mutating func hexadecimal(_ count: Int, _ start: Int) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let byte = peek(), let digit = Self.hexDigit(byte) else {
        throw error("an escape needs \(count) hexadecimal digits", at: start)
      }
      value = value << 4 | digit
      at += 1
    }
    return value
  }
}
