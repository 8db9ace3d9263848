import CSluice
import FrameModel
import Plan
import SluiceBase
import SystemBase

/// Reads the effects of a clip and the transition into it.
struct EffectParser {
  let errors: ErrorCollector
  let folder: String
  /// Of the canvas.
  let rate: Rational

  static let effectKeys = ["avfilter", "parameters", "lut", "worker", "version", "everyFrame"]
  static let transitionKeys = ["kind", "duration", "color", "direction"]
  static let maximumEffects = 64
  static let maximumParameters = 64
  /// A range far wider than that of any filter's option.
  private static let farthest: Int64 = 1_000_000_000

  func effects(_ fields: FieldReader, _ key: String) -> [Project.Effect] {
    guard let values = fields.array(key, atMost: Self.maximumEffects) else { return [] }
    var effects: [Project.Effect] = []
    for (index, value) in values.enumerated() {
      let place = "\(fields.path(key))[\(index)]"
      guard let effect = effect(value, place) else { continue }
      if effect.worker == nil, effects.last?.worker != nil {
        errors.add(
          "comes after a worker, and workers are the last of a clip's effects", at: value.offset, place,
          advice: "put it before them")
      }
      effects.append(effect)
    }
    return effects
  }

  private func effect(_ value: JSONValue, _ place: String) -> Project.Effect? {
    guard let fields = FieldReader(value, place, keys: Self.effectKeys, errors: errors) else { return nil }
    guard ["avfilter", "lut", "worker"].filter(fields.has).count == 1 else {
      if !fields.hasUnknownKeys {
        errors.add("must have one of \"avfilter\", \"lut\" and \"worker\"", at: value.offset, place)
      }
      return nil
    }
    if fields.has("worker") { return worker(fields).map(Project.Effect.worker) }
    for key in ["version", "everyFrame"] where fields.has(key) { fields.fail(key, "is only for \"worker\"") }
    if fields.has("lut") {
      if fields.has("parameters") { fields.fail("parameters", "are only for \"avfilter\"") }
      guard let name = fields.name("lut") else { return nil }
      let path = Folder.absolute(name, in: folder)
      guard access(path, R_OK) == 0 else {
        fields.fail("lut", "\(path): \(String(cString: strerror(sluice_errno())))", advice: "write the path of a .cube file")
        return nil
      }
      return .lut(path)
    }
    let parameters = fields.value("parameters").map { self.parameters($0, fields) } ?? []
    return fields.name("avfilter").map { .avfilter($0, parameters: parameters) }
  }

  private func parameters(_ value: JSONValue, _ fields: FieldReader) -> [EffectParameter] {
    guard let members = value.object else {
      fields.fail("parameters", "must be an object, not \(value.kind)")
      return []
    }
    guard members.count <= Self.maximumParameters,
      let inner = FieldReader(value, fields.path("parameters"), keys: members.map(\.key), errors: errors)
    else {
      fields.fail("parameters", "there are \(members.count), more than \(Self.maximumParameters)")
      return []
    }
    return members.compactMap { member in
      if member.key.isEmpty || member.key.utf8.contains(0) {
        errors.add("a parameter needs the name of a filter's option", at: member.offset, inner.place)
        return nil
      }
      return inner.animatable(member.key, in: NumberRange(-Self.farthest...Self.farthest), rate: rate)
        .map { EffectParameter(member.key, $0) }
    }
  }

  enum TransitionKind: String, CaseIterable { case dissolve, fade, wipe, slide, push }

  func transition(_ value: JSONValue, _ place: String) -> Project.Transition? {
    guard let fields = FieldReader(value, place, keys: Self.transitionKeys, errors: errors) else { return nil }
    let kind = fields.required("kind").flatMap { _ in fields.choice("kind", TransitionKind.self) }
    let duration = fields.required("duration").flatMap { _ in fields.duration("duration") }
    var color = RGBA.black
    if let given = fields.color("color") {
      if given.alpha == 1 { color = given } else { fields.fail("color", "must be opaque") }
    }
    let direction = fields.choice("direction", Direction.self) ?? .right
    guard let kind else { return nil }
    if kind != .fade, fields.has("color") { fields.fail("color", "is only for \"fade\"") }
    if kind == .dissolve || kind == .fade, fields.has("direction") {
      fields.fail("direction", "is only for \"wipe\", \"slide\" and \"push\"")
    }
    guard let duration else { return nil }
    switch kind {
    case .dissolve: return Project.Transition(.dissolve, duration: duration)
    case .fade: return Project.Transition(.fade(color), duration: duration)
    case .wipe: return Project.Transition(.wipe(direction), duration: duration)
    case .slide: return Project.Transition(.slide(direction), duration: duration)
    case .push: return Project.Transition(.push(direction), duration: duration)
    }
  }
}
