import SluiceBase

/// What JSON Schema says about a value: the keywords that docs/project.schema.json uses, no others.
struct JSONSchema {
  let root: JSONValue

  /// What does not hold, with its place; empty: the value is valid.
  func complaints(about value: JSONValue) -> [String] { complaints(value, root, "") }

  private func complaints(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
    (schema.object ?? []).flatMap { complaints(value, $0.key, $0.value, schema, place) }
  }

  private func complaints(_ value: JSONValue, _ keyword: String, _ rule: JSONValue, _ schema: JSONValue, _ place: String)
    -> [String]
  {
    func holds(_ condition: Bool) -> [String] { condition ? [] : ["\(place): \(keyword) \(rule.line)"] }
    func isValid(_ other: JSONValue) -> Bool { complaints(value, other, place).isEmpty }
    let number = value.number.flatMap { Double($0.text) }, bound = rule.number.flatMap { Double($0.text) }
    switch keyword {
    case "$schema", "$defs", "title", "description", "default": return []
    case "$ref":
      guard let name = rule.string?.split(separator: "/").last, let other = root["$defs"]?[String(name)] else {
        return ["\(place): no \(rule.line)"]
      }
      return complaints(value, other, place)
    case "type": return holds((rule.array ?? [rule]).contains { isType(value, $0.string) })
    case "enum": return holds(rule.array?.contains(value) == true)
    case "const": return holds(rule == value)
    case "not": return holds(!isValid(rule))
    case "oneOf": return holds(rule.array?.filter(isValid).count == 1)
    case "anyOf": return holds(rule.array?.contains(where: isValid) == true)
    case "minimum": return number.map { holds($0 >= bound ?? .infinity) } ?? []
    case "maximum": return number.map { holds($0 <= bound ?? -.infinity) } ?? []
    case "exclusiveMinimum": return number.map { holds($0 > bound ?? .infinity) } ?? []
    case "multipleOf": return number.map { holds($0.remainder(dividingBy: bound ?? 0) == 0) } ?? []
    case "minLength": return value.string.map { holds(Double($0.unicodeScalars.count) >= bound ?? .infinity) } ?? []
    case "maxLength": return value.string.map { holds(Double($0.unicodeScalars.count) <= bound ?? 0) } ?? []
    case "pattern":
      guard let text = value.string, let pattern = try? Regex(rule.string ?? "(") else { return holds(value.string == nil) }
      return holds(text.contains(pattern))
    case "minItems": return value.array.map { holds(Double($0.count) >= bound ?? .infinity) } ?? []
    case "maxItems": return value.array.map { holds(Double($0.count) <= bound ?? 0) } ?? []
    case "maxProperties": return value.object.map { holds(Double($0.count) <= bound ?? 0) } ?? []
    case "items":
      return (value.array ?? []).enumerated().flatMap { complaints($0.element, rule, "\(place)[\($0.offset)]") }
    case "required": return value.object == nil ? [] : holds(rule.array?.allSatisfy { value[$0.string ?? ""] != nil } == true)
    case "dependentRequired":
      return (rule.object ?? []).flatMap { dependent in
        value[dependent.key] == nil ? [] : holds(dependent.value.array?.allSatisfy { value[$0.string ?? ""] != nil } == true)
      }
    case "propertyNames": return (value.object ?? []).flatMap { complaints(.string($0.key), rule, "\(place).\($0.key)") }
    case "properties":
      return (value.object ?? []).flatMap { member in
        rule[member.key].map { complaints(member.value, $0, "\(place).\(member.key)") } ?? []
      }
    case "additionalProperties":
      return (value.object ?? []).filter { schema["properties"]?[$0.key] == nil }.flatMap { member in
        rule.bool == false
          ? ["\(place): unknown key \(member.key)"] : complaints(member.value, rule, "\(place).\(member.key)")
      }
    default: return ["\(place): the keyword \(keyword) is not known here"]
    }
  }

  private func isType(_ value: JSONValue, _ name: String?) -> Bool {
    switch (name, value.content) {
    case ("object", .object), ("array", .array), ("string", .string), ("number", .number), ("boolean", .bool), ("null", .null):
      true
    case ("integer", .number(let number)): number.integer != nil
    default: false
    }
  }
}
