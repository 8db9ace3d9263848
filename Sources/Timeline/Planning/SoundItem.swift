import FrameModel

/// What is heard of a track, or of one within a timeline within.
struct SoundLane {
  /// In the project file.
  var place: String
  /// Keys count seconds of the output's timeline.
  var sound: Project.TrackSound
  var items: [SoundItem] = []
  /// Second of the output's timeline at which the last of its clips ends that are heard.
  var end = Rational.zero
}

/// What is heard of a clip. Times are exact seconds of the output's timeline.
struct SoundItem {
  indirect enum Content {
    /// `stream`: among those of the file. `length`: what loops, where it does.
    case media(MediaInfo, key: String, stream: Int, time: TimeMap, length: Rational?)
    case group([SoundLane])
  }

  struct Fade {
    var seconds: Rational
    var curve: SoundPlan.Curve
  }

  var content: Content
  /// Where the clip stands, as long as it is.
  var start: Rational
  var end: Rational
  /// Nothing of it is heard outside: the clips of the timelines around it end there.
  var limits = SoundSpan()
  var gain = Animatable.zero
  var pan = Animatable.zero
  var effects: [SoundPlan.Effect] = []
  var preservesPitch = true
  var fadeIn: Fade? = nil
  var fadeOut: Fade? = nil
  /// Seconds of the transitions; nil: none.
  var crossIn: Rational? = nil
  var crossOut: Rational? = nil
  /// Place in the project file, for errors.
  var place: String
}

/// A span of time; nil: without an end there.
struct SoundSpan {
  var start: Rational? = nil
  var end: Rational? = nil

  func intersection(_ low: Rational, _ high: Rational) -> SoundSpan {
    SoundSpan(start: max(start ?? low, low), end: min(end ?? high, high))
  }
}

extension TimeMap {
  /// nil when it does not fit.
  func at(_ time: Rational) -> Rational? { speed.multiplied(by: time).flatMap(offset.adding) }
}

extension Animatable {
  /// What shifts a constant gain; nil when it does not fit.
  func adding(_ shift: Rational) -> Animatable? {
    switch self {
    case .constant(let value): return value.adding(shift).map(Animatable.constant)
    case .keys(var keys):
      for index in keys.indices {
        guard let sum = keys[index].value.adding(shift) else { return nil }
        keys[index].value = sum
      }
      return .keys(keys)
    }
  }

  /// The same over another time: its own time at second x of that is `map.at(x)`. nil when a time does not fit.
  func retimed(by map: TimeMap) -> Animatable? {
    guard case .keys(let keys) = self, map != .identity else { return self }
    var times: [Rational] = []
    for key in keys {
      guard let time = map.output(of: key.time) else { return nil }
      times.append(time)
    }
    guard map.speed < .zero else {
      return .keys(zip(keys, times).map { Key(time: $1, value: $0.value, ease: $0.ease) })
    }
    return .keys(Self.mirrored(keys, times))
  }

  private static func mirrored(_ keys: [Key], _ times: [Rational]) -> [Key] {
    let instant = Rational(1, 1_000_000)
    var out: [Key] = []
    for index in keys.indices.reversed() {
      // What led to the key behind leads from it now.
      let ease = index + 1 < keys.count ? keys[index + 1].ease : .linear
      if ease == .hold, let from = out.last?.time.adding(instant), from < times[index] {
        out.append(Key(time: from, value: keys[index].value))
      }
      out.append(Key(time: times[index], value: keys[index].value, ease: ease.mirrored))
    }
    return out
  }
}

extension Ease {
  fileprivate var mirrored: Ease {
    switch self {
    case .linear, .hold: .linear
    case .bezier(let x1, let y1, let x2, let y2): .bezier(x1: 1 - x2, y1: 1 - y2, x2: 1 - x1, y2: 1 - y1)
    }
  }
}

extension SoundPlan.Effect {
  func retimed(by map: TimeMap) -> SoundPlan.Effect? {
    var effect = self
    for index in parameters.indices {
      guard let value = parameters[index].value.retimed(by: map) else { return nil }
      effect.parameters[index].value = value
    }
    return effect
  }
}

extension [SoundPlan.Effect] {
  func retimed(by map: TimeMap) -> [SoundPlan.Effect]? {
    var effects: [SoundPlan.Effect] = []
    for effect in self {
      guard let effect = effect.retimed(by: map) else { return nil }
      effects.append(effect)
    }
    return effects
  }
}

extension MediaInfo {
  /// The stream that a clip plays; nil: there is no such one.
  func soundStream(of sound: Project.ClipSound?) -> Audio? {
    let index = sound?.stream ?? 0
    return index < audio.count ? audio[index] : nil
  }

  /// How long it is as a source of sound alone; nil when unknown.
  func soundLength(of sound: Project.ClipSound?) -> Rational? { soundStream(of: sound)?.end ?? (kind == .image ? nil : duration) }
}
