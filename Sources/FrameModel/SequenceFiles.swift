import SluiceBase

/// The files of a sequence that are there, among the names in its directory.
public struct SequenceFiles: Sendable {
  private let directory: String
  private let prefix: String
  private let suffix: String
  private let digits: Int
  public let first: Int64
  /// The numbers that there are: at least one, in rising order.
  public let numbers: [Int64]

  /// `list` gives the names in a directory. Throws what it throws, 65 for a pattern without one `%d` in the file's name, 66
  /// when no file is there.
  public init(_ key: SequenceKey, list: (_ directory: String) throws(SluiceError) -> [String]) throws(SluiceError) {
    let slash = key.pattern.lastIndex(of: "/")
    directory = Self.directory(of: key)
    let name = slash.map { key.pattern[key.pattern.index(after: $0)...] } ?? key.pattern[...]
    guard let parts = Self.parts(name) else {
      throw SluiceError(
        .badInput, "has not exactly one number", at: key.pattern, advice: "write %d or %04d for it in the file's name")
    }
    (prefix, digits, suffix) = parts
    first = key.first
    var numbers: [Int64] = []
    for name in try list(directory) {
      guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.utf8.count > prefix.utf8.count + suffix.utf8.count else {
        continue
      }
      let text = name.dropFirst(prefix.count).dropLast(suffix.count)
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), number >= key.first,
        Self.text(number, digits) == text
      else { continue }
      numbers.append(number)
    }
    self.numbers = numbers.sorted()
    guard !numbers.isEmpty else { throw SluiceError(.noInput, "no such file", at: path(key.first)) }
  }

  public static func directory(of key: SequenceKey) -> String {
    key.pattern.lastIndex(of: "/").map { $0 == key.pattern.startIndex ? "/" : String(key.pattern[..<$0]) } ?? "."
  }

  public func path(_ number: Int64) -> String {
    (directory == "/" ? "/" : directory + "/") + prefix + Self.text(number, digits) + suffix
  }

  /// Pictures from the first number to the last one, missing ones included.
  public var count: Int64 { (numbers.last ?? first) - first + 1 }

  /// How many numbers are missing, and the first of them; nil when none is.
  public var missing: (count: Int64, first: Int64)? {
    let count = count - Int64(numbers.count)
    guard count > 0 else { return nil }
    var expected = first
    for number in numbers {
      if number != expected { break }
      expected += 1
    }
    return (count, expected)
  }

  private static func text(_ number: Int64, _ digits: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// `%%` is a percent sign.
  private static func parts(_ name: Substring) -> (String, Int, String)? {
    var before = "", after = ""
    var digits: Int?
    var rest = name
    while let character = rest.popFirst() {
      if character != "%" || rest.first == "%" {
        if character == "%" { rest = rest.dropFirst() }
        if digits == nil { before.append(character) } else { after.append(character) }
        continue
      }
      let width = rest.prefix { $0.isNumber }
      rest = rest.dropFirst(width.count)
      guard digits == nil, rest.popFirst() == "d", width.isEmpty || (width.first == "0" && width.count < 3) else { return nil }
      digits = width.isEmpty ? 0 : Int(width)
    }
    return digits.map { (before, min($0, 18), after) }
  }
}
