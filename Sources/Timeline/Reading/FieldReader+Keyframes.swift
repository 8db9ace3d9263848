import FrameModel
import Plan
import SluiceBase

extension FieldReader {
  /// A curve of this many keys is more than any timeline needs.
  static let maximumKeys = 10_000
  static let animationKeys = ["keys"]
  static let keyframeKeys = ["t", "v", "ease"]

  /// A number, or keyframes `{ "keys": [ { "t", "v", "ease" } ] }` whose values are all in `range` (its lower end too,
  /// so that a size can grow from nothing). `rate`: of the canvas, for times in frames.
  func animatable(_ key: String, in range: NumberRange, rate: Rational) -> Animatable? {
    guard let value = value(key) else { return nil }
    guard value.object != nil else { return number(key, in: range).map(Animatable.constant) }
    guard let fields = FieldReader(value, path(key), keys: Self.animationKeys, errors: errors), fields.required("keys") != nil,
      let values = fields.array("keys", atMost: Self.maximumKeys)
    else { return nil }
    if values.isEmpty {
      fields.fail("keys", "must not be empty")
      return nil
    }
    var valueRange = range
    valueRange.excludesLow = false
    var keys: [Animatable.Key] = []
    for (index, value) in values.enumerated() {
      guard let fields = FieldReader(value, "\(fields.path("keys"))[\(index)]", keys: Self.keyframeKeys, errors: errors) else {
        continue
      }
      let time = fields.required("t").flatMap { _ in fields.seconds("t", rate: rate) }
      let number = fields.required("v").flatMap { _ in fields.number("v", in: valueRange) }
      let ease = fields.ease("ease")
      guard let time, let number else { continue }
      if let last = keys.last, last.time >= time {
        fields.fail("t", "must be later than the key before, at \(last.time.clock), not \(time.clock)")
      }
      keys.append(Animatable.Key(time: time, value: number, ease: ease ?? .linear))
    }
    return keys.isEmpty ? nil : .keys(keys)
  }

  /// An array that is not longer than `limit`.
  func array(_ key: String, atMost limit: Int) -> [JSONValue]? {
    guard let value = value(key) else { return nil }
    guard let values = value.array else {
      fail(key, "must be an array, not \(value.kind)")
      return nil
    }
    guard values.count <= limit else {
      fail(key, "there are \(values.count), more than \(limit)")
      return nil
    }
    return values
  }

  /// A time from 0 on, in seconds.
  func seconds(_ key: String, rate: Rational) -> Rational? {
    guard let time = timeFromZero(key) else { return nil }
    guard let seconds = FrameGrid(rate: rate).seconds(time), TimeValue.accepts(seconds) else {
      fail(key, "\(time) is too long")
      return nil
    }
    return seconds
  }

  /// A name, or the control points `[x1, y1, x2, y2]` of a curve.
  private func ease(_ key: String) -> Ease? {
    guard let value = value(key) else { return nil }
    if let name = value.string {
      if let ease = Ease.named.first(where: { $0.name == name })?.ease { return ease }
      fail(
        key, "unknown value \"\(name)\"",
        advice: NearestName.advice(for: name, among: Ease.named.map(\.name), what: "values"))
      return nil
    }
    guard let values = value.array else {
      fail(key, "must be a string or an array, not \(value.kind)")
      return nil
    }
    let numbers = values.compactMap { $0.number.flatMap(Double.init) }
    guard values.count == 4, numbers.count == 4, (0...1).contains(numbers[0]), (0...1).contains(numbers[2]),
      numbers.allSatisfy({ $0.magnitude <= 1000 })
    else {
      fail(key, "must be four numbers [x1, y1, x2, y2], x1 and x2 between 0 and 1")
      return nil
    }
    return .bezier(x1: numbers[0], y1: numbers[1], x2: numbers[2], y2: numbers[3])
  }
}

extension Ease {
  /// By the names that a project file has for them.
  static let named: [(name: String, ease: Ease)] = [
    ("linear", .linear), ("hold", .hold), ("ease-in", .easeIn), ("ease-out", .easeOut), ("ease-in-out", .easeInOut),
  ]
}

extension Double {
  /// The nearest; nil for what is not finite.
  fileprivate init?(_ number: JSONNumber) {
    guard let value = Double(number.text) ?? Rational(number)?.double, value.isFinite else { return nil }
    self = value
  }
}
