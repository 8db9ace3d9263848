/// A JSON value. One that was read knows its place in the text; one that is made to be written has none. Numbers keep their
/// source text, so that nothing is lost to floating point. Equality ignores the place.
public struct JSONValue: Equatable, Sendable {
  public enum Content: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])
  }
  public var content: Content
  /// Byte of the text at which the value starts; 0 for a value that was made.
  public var offset: Int

  public init(_ content: Content, offset: Int = 0) {
    self.content = content
    self.offset = offset
  }

  public static func == (a: JSONValue, b: JSONValue) -> Bool { a.content == b.content }

  /// What a user calls it: "a string", "an object".
  public var kind: String {
    switch content {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

public struct JSONMember: Equatable, Sendable {
  public var key: String
  public var value: JSONValue
  /// Byte in the text where the key starts.
  public var offset: Int

  public init(_ key: String, _ value: JSONValue, offset: Int = 0) {
    self.key = key
    self.value = value
    self.offset = offset
  }

  public static func == (a: JSONMember, b: JSONMember) -> Bool { a.key == b.key && a.value == b.value }
}

/// A number as its text: `12.5`, `1e-3`, `0x1f`.
public struct JSONNumber: Equatable, Sendable {
  public let text: String
  public init(text: String) { self.text = text }

  /// The exact value as a fraction whose denominator is a power of ten, not reduced; without what lies beyond 36 digits and
  /// beyond 36 places behind the point. nil for infinities, NaN, what has more than 36 digits before the point, and exponents
  /// far beyond these.
  public var fraction: (num: Int128, den: Int128)? {
    var digits = Substring(text)
    let negative = digits.first == "-"
    if negative || digits.first == "+" { digits = digits.dropFirst() }
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      guard let value = Int64(digits.dropFirst(2), radix: 16) else { return nil }
      return (Int128(negative ? -value : value), 1)
    }
    var mantissa: Int128 = 0
    var exponent = 0
    var count = 0
    var seenPoint = false
    var rest = digits.utf8[...]
    while let byte = rest.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: ".") {
        seenPoint = true
        continue
      }
      guard (0x30...0x39).contains(byte) else { return nil }
      if count > 0 || byte != 0x30 { count += 1 }
      guard count <= 36 else {
        if seenPoint { continue }
        return nil
      }
      mantissa = mantissa * 10 + Int128(byte - 0x30)
      if seenPoint { exponent -= 1 }
    }
    if !rest.isEmpty {
      guard let written = Int(Substring(rest.dropFirst())), written.magnitude <= 1000 else { return mantissa == 0 ? (0, 1) : nil }
      exponent += written
    }
    // Of fewer than 73 places something may be left within 36.
    while (-72..<(-36)).contains(exponent), mantissa != 0 {
      mantissa /= 10
      exponent += 1
    }
    if mantissa == 0 { return (0, 1) }
    while exponent < 0, mantissa % 10 == 0 {
      mantissa /= 10
      exponent += 1
    }
    var scale: Int128 = 1
    for _ in 0..<min(exponent.magnitude, 37) {
      scale *= 10
    }
    guard exponent.magnitude <= 36 else { return nil }
    if negative { mantissa = -mantissa }
    if exponent <= 0 { return (mantissa, scale) }
    let (value, overflow) = mantissa.multipliedReportingOverflow(by: scale)
    return overflow ? nil : (value, 1)
  }

  /// The value as an integer; nil when it is not one, or does not fit.
  public var integer: Int64? {
    guard let (num, den) = fraction, num % den == 0 else { return nil }
    return Int64(exactly: num / den)
  }
}

extension JSONValue {
  public var string: String? { if case .string(let value) = content { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = content { value } else { nil } }
  public var number: JSONNumber? { if case .number(let value) = content { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = content { value } else { nil } }
  public var object: [JSONMember]? { if case .object(let value) = content { value } else { nil } }
  public var isNull: Bool { content == .null }

  /// The member of this name. Returns nil when there is none, or when this is not an object.
  public subscript(_ key: String) -> JSONValue? { object?.first { $0.key == key }?.value }

  public static let null = JSONValue(.null)
  public static func bool(_ value: Bool) -> JSONValue { JSONValue(.bool(value)) }
  public static func string(_ value: String) -> JSONValue { JSONValue(.string(value)) }
  public static func array(_ value: [JSONValue]) -> JSONValue { JSONValue(.array(value)) }
  public static func object(_ members: [JSONMember]) -> JSONValue { JSONValue(.object(members)) }
  /// The members keep this order.
  public static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    JSONValue(.object(members.map { JSONMember($0.key, $0.value) }))
  }
  public static func number(text: String) -> JSONValue { JSONValue(.number(JSONNumber(text: text))) }
  public static func number(_ value: some BinaryInteger) -> JSONValue { number(text: "\(value)") }
  /// Gives null for a number that is not finite.
  public static func number(_ value: Double) -> JSONValue { value.isFinite ? number(text: "\(value)") : .null }
}
