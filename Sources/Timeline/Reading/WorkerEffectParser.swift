import FrameModel
import Plan
import SluiceBase

/// Reads effects that a worker applies.
extension EffectParser {
  static let workerKeys = ["worker", "parameters", "version", "everyFrame"]
  static let maximumParameterBytes = 65536

  /// Effects on the whole frame, which must be in workers.
  func workers(_ fields: FieldReader, _ key: String) -> [WorkerEffect] {
    guard let values = fields.array(key, atMost: Self.maximumEffects) else { return [] }
    return values.enumerated().compactMap { index, value in
      let place = "\(fields.path(key))[\(index)]"
      guard let fields = FieldReader(value, place, keys: Self.workerKeys, errors: errors) else { return nil }
      guard fields.has("worker") else {
        if !fields.hasUnknownKeys {
          errors.add(
            "must have a \"worker\": the whole frame is filtered by workers", at: value.offset, place,
            advice: "give filters of libavfilter to the clips")
        }
        return nil
      }
      return worker(fields)
    }
  }

  func worker(_ fields: FieldReader) -> WorkerEffect? {
    guard let name = fields.string("worker") else { return nil }
    guard WorkerEffect.isName(name) else {
      fields.fail(
        "worker", "\"\(name.prefix(80))\" is not a worker's name",
        advice: "write 1 to \(WorkerEffect.maximumNameBytes) letters, digits, - and _")
      return nil
    }
    var effect = WorkerEffect(name)
    if let version = fields.name("version") { effect.version = version }
    if let flag = fields.bool("everyFrame") { effect.everyFrame = flag }
    if let value = fields.value("parameters") {
      guard let strict = Self.strict(value) else {
        fields.fail("parameters", "have a number that JSON cannot hold")
        return nil
      }
      effect.parameters = strict.line
      if effect.parameters.utf8.count > Self.maximumParameterBytes {
        fields.fail("parameters", "are longer than \(Self.maximumParameterBytes) bytes", advice: "name a file in them")
        return nil
      }
    }
    return effect
  }

  /// The same value with numbers as strict JSON has them, because a worker's reader need not know those of JSON5 (`.5`, `0x10`).
  /// nil for NaN and infinity.
  private static func strict(_ value: JSONValue) -> JSONValue? {
    switch value.content {
    case .null, .bool, .string: return value
    case .number(let number):
      if isStrict(number.text) { return value }
      return Rational(number).map { .number(text: DecimalText.text($0)) }
    case .array(let values):
      let strict = values.compactMap(Self.strict)
      return strict.count == values.count ? .array(strict) : nil
    case .object(let members):
      let strict = members.compactMap { member in Self.strict(member.value).map { JSONMember(member.key, $0) } }
      return strict.count == members.count ? .object(strict) : nil
    }
  }

  /// -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
  private static func isStrict(_ text: String) -> Bool {
    var rest = Substring(text)
    func digits() -> Int {
      let count = rest.prefix { $0.isASCII && $0.isNumber }.count
      rest = rest.dropFirst(count)
      return count
    }
    if rest.first == "-" { rest = rest.dropFirst() }
    let startsWithZero = rest.first == "0"
    let whole = digits()
    guard whole == 1 || whole > 1 && !startsWithZero else { return false }
    if rest.first == "." {
      rest = rest.dropFirst()
      guard digits() > 0 else { return false }
    }
    if rest.first == "e" || rest.first == "E" {
      rest = rest.dropFirst()
      if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}

extension WorkerEffect {
  /// As a project file has it.
  var json: JSONValue {
    var members = [JSONMember("worker", .string(name))]
    if parameters != "{}", let value = try? JSONReader.read(parameters) { members.append(JSONMember("parameters", value)) }
    if !version.isEmpty { members.append(JSONMember("version", .string(version))) }
    if everyFrame { members.append(JSONMember("everyFrame", .bool(true))) }
    return .object(members)
  }
}
