import FrameModel
import SluiceBase

/// One object of an OpenTimelineIO file. A getter returns nil when the field is not there, null, or wrong (then the error
/// is noted).
struct OTIOObject {
  let value: JSONValue
  let place: String
  /// Without its version, by the name it has today.
  let schema: String
  let context: OTIOContext

  /// The newest version of each schema that is known. All older ones differ only in names of fields that are read too.
  private static let versions: [String: Int] = [
    "Clip": 2, "Marker": 2, "Timeline": 1, "Stack": 1, "Track": 1, "Gap": 1, "Transition": 1, "SerializableCollection": 1,
    "LinearTimeWarp": 1, "FreezeFrame": 1, "TimeEffect": 1, "Effect": 1, "ExternalReference": 1,
    "ImageSequenceReference": 1, "GeneratorReference": 1, "MissingReference": 1, "RationalTime": 1, "TimeRange": 1,
  ]
  /// Names that the reference library still reads.
  private static let formerNames = [
    "Sequence": "Track", "Filler": "Gap", "SerializeableCollection": "SerializableCollection",
  ]

  init?(_ value: JSONValue, _ place: String, _ context: OTIOContext) {
    guard value.object != nil else {
      context.errors.add("must be an object, not \(value.kind)", at: value.offset, place)
      return nil
    }
    guard let label = value["OTIO_SCHEMA"] else {
      context.errors.add("\"OTIO_SCHEMA\" is missing", at: value.offset, place)
      return nil
    }
    let parts = (label.string ?? "").split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let version = DecimalText.integer(parts[1]) else {
      context.errors.add(
        "must be a schema's name and version, such as \"Clip.2\"", at: label.offset,
        place.isEmpty ? "OTIO_SCHEMA" : place + ".OTIO_SCHEMA")
      return nil
    }
    self.value = value
    self.place = place
    self.context = context
    schema = Self.formerNames[String(parts[0])] ?? String(parts[0])
    if let newest = Self.versions[schema], version > newest {
      context.note(
        .warning, place, value["name"]?.string ?? "",
        "\(schema).\(version) is newer than \(schema).\(newest), as which it is read")
    }
  }

  var name: String { value["name"]?.string ?? "" }
  var offset: Int { value.offset }
  func path(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

  func fail(_ key: String, _ what: String, advice: @autoclosure () -> String = "") {
    context.errors.add(what, at: value[key]?.offset ?? offset, path(key), advice: advice())
  }

  subscript(_ key: String) -> JSONValue? { value[key].flatMap { $0.isNull ? nil : $0 } }

  func string(_ key: String) -> String? {
    guard let field = self[key] else { return nil }
    guard let text = field.string else {
      fail(key, "must be a string, not \(field.kind)")
      return nil
    }
    return text
  }

  func bool(_ key: String, otherwise: Bool) -> Bool {
    guard let field = self[key] else { return otherwise }
    guard let flag = field.bool else {
      fail(key, "must be true or false, not \(field.kind)")
      return otherwise
    }
    return flag
  }

  func array(_ key: String) -> [JSONValue] {
    guard let field = self[key] else { return [] }
    guard let values = field.array else {
      fail(key, "must be an array, not \(field.kind)")
      return []
    }
    return values
  }

  func object(_ key: String) -> OTIOObject? { self[key].flatMap { OTIOObject($0, path(key), context) } }

  /// A number of moderate size.
  func number(_ key: String) -> Double? {
    guard let field = self[key] else { return nil }
    guard let text = field.number?.text else {
      fail(key, "must be a number, not \(field.kind)")
      return nil
    }
    guard let number = Double(text), number.magnitude < 1e15 else {
      fail(key, "\(text.prefix(40)) is too large or not finite")
      return nil
    }
    return number
  }

  func integer(_ key: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let number = number(key) else { return nil }
    guard let whole = Int64(exactly: number), range.contains(whole) else {
      fail(key, "must be a whole number between \(range.lowerBound) and \(range.upperBound)")
      return nil
    }
    return whole
  }

  /// `metadata.sluice`: the only metadata that is read; what other tools write for themselves is theirs.
  var extras: JSONValue? {
    guard let extras = self["metadata"]?["sluice"], !extras.isNull else { return nil }
    guard extras.object != nil else {
      context.errors.add("must be an object, not \(extras.kind)", at: extras.offset, path("metadata.sluice"))
      return nil
    }
    return extras
  }

  /// Says which fields have no meaning here: all but `known` and those that every object has.
  func noteOthers(_ known: [String]) {
    var others: [String] = []
    for member in value.object ?? [] where !member.value.isNull {
      switch member.key {
      case "OTIO_SCHEMA", "OTIO_REF_ID", "metadata", "name", "markers": break
      case let key where known.contains(key): break
      case "color": others.append("its label colour")
      case let key: others.append("the field \"\(key.prefix(60))\"")
      }
    }
    let markers = self["markers"]?.array?.count ?? 0
    if markers > 0 { others.append(markers == 1 ? "a marker" : "\(markers) markers") }
    if !others.isEmpty { context.note(.ignored, self, "without meaning here: " + others.joined(separator: ", ")) }
  }
}
