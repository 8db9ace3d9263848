import FrameModel
import Plan
import SluiceBase

/// Reads gains, fades and effects of the sound of clips and tracks.
struct SoundParser {
  let errors: ErrorCollector
  /// Of the canvas.
  let rate: Rational

  static let clipKeys = ["gain", "pan", "fadeIn", "fadeOut", "effects", "stream", "preservesPitch", "mute"]
  static let trackKeys = ["gain", "pan", "effects", "mute", "solo"]
  static let fadeKeys = ["duration", "curve"]
  static let effectKeys = ["biquad", "delay", "compressor", "limiter", "avfilter"]
  /// Decibels.
  static let gain = NumberRange(-120...40)
  private static let pan = NumberRange(-1...1)

  /// From a clip's own keys, or from those of its `sound` object.
  func clip(_ fields: FieldReader) -> Project.ClipSound {
    var sound = Project.ClipSound()
    if let gain = fields.animatable("gain", in: Self.gain, rate: rate) { sound.gain = gain }
    if let pan = fields.animatable("pan", in: Self.pan, rate: rate) { sound.pan = pan }
    sound.fadeIn = fade(fields, "fadeIn")
    sound.fadeOut = fade(fields, "fadeOut")
    sound.effects = effects(fields)
    sound.stream = fields.integer("stream", in: 0...Int64(SoundLimits.streams))
    if let keeps = fields.bool("preservesPitch") { sound.preservesPitch = keeps }
    if let mute = fields.bool("mute") { sound.isMuted = mute }
    return sound
  }

  func track(_ fields: FieldReader) -> Project.TrackSound {
    var sound = Project.TrackSound()
    if let gain = fields.animatable("gain", in: Self.gain, rate: rate) { sound.gain = gain }
    if let pan = fields.animatable("pan", in: Self.pan, rate: rate) { sound.pan = pan }
    sound.effects = effects(fields)
    if let mute = fields.bool("mute") { sound.isMuted = mute }
    if let solo = fields.bool("solo") { sound.isSolo = solo }
    return sound
  }

  /// The `sound` of a clip with pictures: `false`, or an object.
  func linked(_ outer: FieldReader) -> Project.ClipSound? {
    guard let value = outer.value("sound") else { return Project.ClipSound() }
    if let flag = value.bool { return flag ? Project.ClipSound() : nil }
    return FieldReader(value, outer.path("sound"), keys: Self.clipKeys, errors: errors).map(clip) ?? Project.ClipSound()
  }

  /// The `sound` of a track with pictures.
  func linkedTrack(_ outer: FieldReader) -> Project.TrackSound {
    var sound = Project.TrackSound()
    guard let value = outer.value("sound") else { return sound }
    if let flag = value.bool {
      sound.isMuted = !flag
      return sound
    }
    return FieldReader(value, outer.path("sound"), keys: Self.trackKeys, errors: errors).map(track) ?? sound
  }

  /// A fade: a time, or an object with a time and a curve.
  private func fade(_ fields: FieldReader, _ key: String) -> Project.Fade? {
    guard let value = fields.value(key) else { return nil }
    guard value.object != nil else { return fields.duration(key).map { Project.Fade($0) } }
    guard let inner = FieldReader(value, fields.path(key), keys: Self.fadeKeys, errors: errors) else { return nil }
    let duration = inner.required("duration").flatMap { _ in inner.duration("duration") }
    var curve = SoundPlan.Curve.linear
    if let name = inner.string("curve") {
      let names = SoundPlan.Curve.named.map(\.name)
      if let index = names.firstIndex(of: name) {
        curve = SoundPlan.Curve.named[index].curve
      } else {
        inner.fail(
          "curve", "unknown value \"\(name)\"", advice: NearestName.advice(for: name, among: names, what: "values"))
      }
    }
    return duration.map { Project.Fade($0, curve: curve) }
  }

  private func effects(_ fields: FieldReader) -> [SoundPlan.Effect] {
    guard let values = fields.array("effects", atMost: EffectParser.maximumEffects) else { return [] }
    return values.enumerated().compactMap { index, value in effect(value, "\(fields.path("effects"))[\(index)]") }
  }

  private func effect(_ value: JSONValue, _ place: String) -> SoundPlan.Effect? {
    guard let fields = FieldReader(value, place, keys: Self.effectKeys, errors: errors) else { return nil }
    let given = Self.effectKeys.filter(fields.has)
    guard given.count == 1, let key = given.first, let inside = fields.value(key) else {
      if !fields.hasUnknownKeys {
        errors.add(
          "must have one of " + Self.effectKeys.map { "\"\($0)\"" }.joined(separator: ", "), at: value.offset, place)
      }
      return nil
    }
    if key == "avfilter" { return fields.name(key).map { SoundPlan.Effect(.avfilter($0)) } }
    let parameters = SoundParameter.of(key)
    let keys = (key == "biquad" ? ["type"] : []) + parameters.map(\.name)
    guard let inner = FieldReader(inside, fields.path(key), keys: keys, errors: errors) else { return nil }
    var effect: SoundPlan.Effect
    switch key {
    case "biquad":
      guard inner.required("type") != nil, let type = biquad(inner) else { return nil }
      effect = SoundPlan.Effect(.biquad(type))
    case "delay": effect = SoundPlan.Effect(.delay)
    case "compressor": effect = SoundPlan.Effect(.compressor)
    default: effect = SoundPlan.Effect(.limiter)
    }
    for parameter in parameters {
      guard let value = inner.animatable(parameter.name, in: parameter.range, rate: rate) else { continue }
      effect.parameters.append(EffectParameter(parameter.name, value))
    }
    return effect
  }

  private func biquad(_ fields: FieldReader) -> SoundPlan.Biquad? {
    guard let name = fields.string("type") else { return nil }
    let names = SoundPlan.Biquad.allCases.map(\.name)
    if let type = SoundPlan.Biquad.allCases.first(where: { $0.name == name }) { return type }
    fields.fail("type", "unknown value \"\(name)\"", advice: NearestName.advice(for: name, among: names, what: "values"))
    return nil
  }
}

/// A number of an effect on sound: Web Audio's name, unit and range.
struct SoundParameter {
  let name: String
  let range: NumberRange

  private init(_ name: String, _ range: ClosedRange<Int64>) {
    self.name = name
    self.range = NumberRange(range)
  }

  static func of(_ effect: String) -> [SoundParameter] {
    switch effect {
    case "biquad":
      [
        SoundParameter("frequency", 0...192_000), SoundParameter("Q", -1000...1000), SoundParameter("gain", -120...40),
        SoundParameter("detune", -153_600...153_600),
      ]
    case "delay": [SoundParameter("delayTime", 0...180), SoundParameter("feedback", -1...1), SoundParameter("mix", 0...1)]
    case "compressor":
      [
        SoundParameter("threshold", -100...0), SoundParameter("knee", 0...40), SoundParameter("ratio", 1...20),
        SoundParameter("attack", 0...1), SoundParameter("release", 0...1),
      ]
    case "limiter": [SoundParameter("ceiling", -100...0), SoundParameter("release", 0...10)]
    default: []
    }
  }
}

extension SoundPlan.Biquad {
  /// Web Audio's.
  var name: String { "\(self)" }
}
