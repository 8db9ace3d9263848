import FrameModel
import Plan

/// What is heard of a track, which may be a track of a nested timeline.
struct SoundLane {
  /// The track's place in the project file, for errors.
  var place: String
  /// Keys count seconds of the output's timeline.
  var sound: Project.TrackSound
  var items: [SoundItem] = []
  /// Second of the output's timeline at which the last clip that is heard ends.
  var end = Rational.zero
}

/// What is heard of a clip. Times are exact seconds of the output's timeline.
struct SoundItem {
  indirect enum Content {
    /// `stream`: number among the file's streams of sound. `length`: the part that loops, if the clip does.
    case media(MediaInfo, key: String, stream: Int, time: TimeMap, length: Rational?)
    case group([SoundLane])
  }

  struct Fade {
    var seconds: Rational
    var curve: SoundPlan.Curve
  }

  var content: Content
  /// The whole clip, heard or not.
  var start: Rational
  var end: Rational
  /// The part that is heard: the clips of the timelines around it end there.
  var limits = SoundSpan()
  var gain = Animatable.zero
  var pan = Animatable.zero
  var effects: [SoundPlan.Effect] = []
  var preservesPitch = true
  var fadeIn: Fade? = nil
  var fadeOut: Fade? = nil
  /// Lengths of the transitions in seconds; nil without one.
  var crossIn: Rational? = nil
  var crossOut: Rational? = nil
  /// Place in the project file, for errors.
  var place: String
}

/// A span of time. An end that is nil is open.
struct SoundSpan {
  var start: Rational? = nil
  var end: Rational? = nil

  func intersection(_ low: Rational, _ high: Rational) -> SoundSpan {
    SoundSpan(start: max(start ?? low, low), end: min(end ?? high, high))
  }
}

extension TimeMap {
  func at(_ time: Rational) -> Rational { offset.plus(speed.times(time)) }
}

extension Animatable {
  /// The gain with all values shifted by a number of decibels.
  func adding(_ shift: Rational) -> Animatable { mapped { $0.plus(shift) } }

  /// The same values over another time, whose speed is not 0: its second x is this one's `map.at(x)`.
  func retimed(by map: TimeMap) -> Animatable {
    guard case .keys(let keys) = self, map != .identity else { return self }
    let times = keys.map { (map.output(of: $0.time) ?? $0.time).planned }
    guard map.speed < .zero else {
      return .keys(zip(keys, times).map { Key(time: $1, value: $0.value, ease: $0.ease) })
    }
    return .keys(Self.mirrored(keys, times))
  }

  private static func mirrored(_ keys: [Key], _ times: [Rational]) -> [Key] {
    let instant = Rational(1, 1_000_000)
    var out: [Key] = []
    for index in keys.indices.reversed() {
      // Backwards, the curve to the next key becomes the curve from it.
      let ease = index + 1 < keys.count ? keys[index + 1].ease : .linear
      if ease == .hold, let from = out.last?.time.plus(instant), from < times[index] {
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
  func retimed(by map: TimeMap) -> SoundPlan.Effect {
    var effect = self
    for index in parameters.indices { effect.parameters[index].value = parameters[index].value.retimed(by: map) }
    return effect
  }
}

extension [SoundPlan.Effect] {
  func retimed(by map: TimeMap) -> [SoundPlan.Effect] { self.map { $0.retimed(by: map) } }
}

extension MediaInfo {
  /// The stream that a clip plays; nil when the file has no such stream.
  func soundStream(of sound: Project.ClipSound?) -> Audio? {
    let index = sound?.stream ?? 0
    return index < audio.count ? audio[index] : nil
  }

  /// The length as a source of sound alone; nil when it is not known.
  func soundLength(of sound: Project.ClipSound?) -> Rational? { soundStream(of: sound)?.end ?? (kind == .image ? nil : duration) }
}
