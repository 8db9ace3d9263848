/// The exit codes of all programs of Sluice, those of sysexits(3) where it has one.
public enum ExitCode: Int32, Sendable {
  case ok = 0
  case usage = 2
  /// A project or media file that cannot be used.
  case badInput = 65
  case noInput = 66
  /// Something needed is missing: a worker program, a codec, memory.
  case unavailable = 69
  /// A fault in Sluice itself.
  case software = 70
  case cannotCreate = 73
  case tryAgain = 75
  case interrupted = 130
}

/// An error that a user reads: what is wrong, where, and what to do about it.
public struct SluiceError: Error, Sendable, CustomStringConvertible {
  public var code: ExitCode
  /// What is wrong: "no such file".
  public var what: String
  /// Where it is wrong: a path, a place in a project, a stream and a time. May be empty.
  public var place: String
  /// What the user can do about it. Empty when that is clear from the rest.
  public var advice: String

  public init(_ code: ExitCode, _ what: String, at place: String = "", advice: String = "") {
    self.code = code
    self.what = what
    self.place = place
    self.advice = advice
  }

  /// One line: `PLACE: WHAT; ADVICE`. Control characters of hostile names are shown as escapes.
  public var description: String {
    var line = place.isEmpty ? what : "\(place): \(what)"
    if !advice.isEmpty { line += "; \(advice)" }
    return line.printable
  }
}

extension String {
  /// The text on one line, safe to show on a terminal. Control characters, and characters that change the direction of
  /// writing, are replaced by `\n`, `\t` or `\u{…}`.
  public var printable: String {
    guard unicodeScalars.contains(where: Self.isActive) else { return self }
    var out = ""
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0x0a: out += "\\n"
      case 0x09: out += "\\t"
      case 0x0d: out += "\\r"
      case _ where Self.isActive(scalar): out += "\\u{\(String(scalar.value, radix: 16))}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  private static func isActive(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f..<0xa0, 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
  }
}
