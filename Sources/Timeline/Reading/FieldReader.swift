import FrameModel
import Plan
import SluiceBase

/// Reads the members of one object of a project file, checks their types and ranges, and collects all errors. A getter returns
/// nil when the key is missing, or when its value is wrong; a wrong value is noted as an error.
struct FieldReader {
  let place: String
  let offset: Int
  let errors: ErrorCollector
  /// Whether there were unknown keys, which are noted as errors.
  private(set) var hasUnknownKeys = false
  private let members: [String: JSONMember]

  /// Notes unknown keys. nil when `value` is no object.
  init?(_ value: JSONValue, _ place: String, keys: [String], errors: ErrorCollector) {
    self.place = place
    self.errors = errors
    offset = value.offset
    guard let object = value.object else {
      errors.add("must be an object, not \(value.kind)", at: value.offset, place)
      return nil
    }
    for member in object where !keys.contains(member.key) {
      hasUnknownKeys = true
      errors.add(
        "unknown key \"\(member.key)\"", at: member.offset, place,
        advice: NearestName.advice(for: member.key, among: keys, what: "keys"))
    }
    members = Dictionary(object.map { ($0.key, $0) }) { first, _ in first }
  }

  func has(_ key: String) -> Bool { members[key] != nil }
  func value(_ key: String) -> JSONValue? { members[key]?.value }
  func path(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

  func fail(_ key: String, _ what: String, advice: @autoclosure () -> String = "") {
    errors.add(what, at: members[key]?.value.offset ?? offset, path(key), advice: advice())
  }

  func notSupported(_ key: String, _ what: String) {
    errors.notSupported(what, at: members[key]?.offset ?? offset, path(key))
  }

  /// The key's value. Notes an error when the key is missing.
  func required(_ key: String) -> JSONValue? {
    if let value = value(key) { return value }
    errors.add("\"\(key)\" is missing", at: offset, place)
    return nil
  }

  func string(_ key: String) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else {
      fail(key, "must be a string, not \(value.kind)")
      return nil
    }
    return text
  }

  /// A string that is not empty and has no NUL.
  func name(_ key: String) -> String? {
    guard let text = string(key) else { return nil }
    guard !text.isEmpty, !text.utf8.contains(0) else {
      fail(key, text.isEmpty ? "must not be empty" : "must not contain a NUL character")
      return nil
    }
    return text
  }

  func bool(_ key: String) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.bool else {
      fail(key, "must be true or false, not \(value.kind)")
      return nil
    }
    return flag
  }

  func choice<T: RawRepresentable & CaseIterable>(_ key: String, _ type: T.Type) -> T? where T.RawValue == String {
    guard let text = string(key) else { return nil }
    guard let value = T(rawValue: text) else {
      let names = T.allCases.map(\.rawValue)
      fail(key, "unknown value \"\(text)\"", advice: NearestName.advice(for: text, among: names, what: "values"))
      return nil
    }
    return value
  }

  /// An exact number: as JSON has it, or a fraction in a string ("640/3").
  func number(_ key: String) -> Rational? {
    guard let value = value(key) else { return nil }
    switch value.content {
    case .number(let number):
      guard let exact = Rational(number) else {
        fail(key, "\(number.text.prefix(40)) is too large or not finite")
        return nil
      }
      return exact
    case .string(let text):
      if let fraction = DecimalText.fraction(text) { return fraction }
    default: break
    }
    fail(key, "must be a number, not \(value.kind)")
    return nil
  }

  func number(_ key: String, in range: NumberRange) -> Rational? {
    guard let value = number(key) else { return nil }
    if let complaint = range.complaint(about: value) {
      fail(key, complaint)
      return nil
    }
    return value
  }

  func number(_ key: String, in range: ClosedRange<Int64>) -> Rational? { number(key, in: NumberRange(range)) }

  func positive(_ key: String, atMost limit: Int64) -> Rational? { number(key, in: .positive(atMost: limit)) }

  func integer(_ key: String, in range: ClosedRange<Int64>) -> Int? {
    guard let value = number(key, in: range) else { return nil }
    guard value.den == 1 else {
      fail(key, "must be a whole number, not \(DecimalText.text(value))")
      return nil
    }
    return Int(value.num)
  }

  /// Seconds as a number, or a text that `TimeValue.parse` takes.
  func time(_ key: String) -> TimeValue? {
    guard let value = value(key) else { return nil }
    let time: TimeValue?
    switch value.content {
    case .string(let text): time = TimeValue.parse(text)
    case .number(let number): time = number.fraction.flatMap { TimeValue.seconds(rounding: Rational(nearest: $0.num, $0.den)) }
    default:
      fail(key, "must be a time (a number of seconds, or a string), not \(value.kind)")
      return nil
    }
    guard let time else {
      let text = (value.string ?? value.number?.text ?? "").prefix(40)
      fail(
        key, "\"\(text)\" is not a time of at most \(TimeValue.maximumSeconds) seconds",
        advice: "write seconds (12.5), \"HH:MM:SS.mmm\", frames (\"375f\") or a fraction (\"1001/30000\")")
      return nil
    }
    return time
  }

  func timeFromZero(_ key: String) -> TimeValue? {
    guard let time = time(key) else { return nil }
    if time.isNegative {
      fail(key, "must not be negative, not \(time)")
      return nil
    }
    return time
  }

  func duration(_ key: String) -> TimeValue? {
    guard let time = time(key) else { return nil }
    if time.isNegative || time == .zero || time == .frames(0) {
      fail(key, "must be longer than 0, not \(time)")
      return nil
    }
    return time
  }

  /// Frames a second: a number, or a text such as `30000/1001`.
  func rate(_ key: String) -> Rational? {
    guard let value = value(key) else { return nil }
    let rate: Rational?
    switch value.content {
    case .string(let text): rate = Rate.parse(text)
    case .number(let number): rate = Rational(number).flatMap(Rate.accepted)
    default:
      fail(key, "must be a rate (a number or a fraction in a string), not \(value.kind)")
      return nil
    }
    if rate == nil {
      fail(
        key,
        "\"\((value.string ?? value.number?.text ?? "").prefix(40))\" is not a rate above 0 and at most 1000 frames a second",
        advice: "write 25 or \"30000/1001\"")
    }
    return rate
  }

  func color(_ key: String) -> RGBA? {
    guard let text = string(key) else { return nil }
    guard let color = RGBA(hex: text) else {
      fail(key, "\"\(text)\" is not a colour", advice: "write \"#rrggbb\" or \"#rrggbbaa\"")
      return nil
    }
    return color
  }
}
