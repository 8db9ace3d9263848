import FrameModel
import Plan
import SluiceBase

/// Writes gains, fades and effects of sound as JSON. Default values are left out.
enum SoundWriter {
  static func clip(_ sound: Project.ClipSound) -> [JSONMember] {
    var members = common(sound.gain, sound.pan)
    if let fade = sound.fadeIn { members.append(JSONMember("fadeIn", self.fade(fade))) }
    if let fade = sound.fadeOut { members.append(JSONMember("fadeOut", self.fade(fade))) }
    members += effects(sound.effects)
    if let stream = sound.stream { members.append(JSONMember("stream", .number(stream))) }
    if !sound.preservesPitch { members.append(JSONMember("preservesPitch", .bool(false))) }
    if sound.isMuted { members.append(JSONMember("mute", .bool(true))) }
    return members
  }

  static func track(_ sound: Project.TrackSound) -> [JSONMember] {
    var members = common(sound.gain, sound.pan) + effects(sound.effects)
    if sound.isMuted { members.append(JSONMember("mute", .bool(true))) }
    if sound.isSolo { members.append(JSONMember("solo", .bool(true))) }
    return members
  }

  private static func common(_ gain: Animatable, _ pan: Animatable) -> [JSONMember] {
    var members: [JSONMember] = []
    if gain != .zero { members.append(JSONMember("gain", .animatable(gain))) }
    if pan != .zero { members.append(JSONMember("pan", .animatable(pan))) }
    return members
  }

  private static func fade(_ fade: Project.Fade) -> JSONValue {
    guard fade.curve != .linear, let name = SoundPlan.Curve.named.first(where: { $0.curve == fade.curve })?.name else {
      return .time(fade.duration)
    }
    return .object(["duration": .time(fade.duration), "curve": .string(name)])
  }

  private static func effects(_ effects: [SoundPlan.Effect]) -> [JSONMember] {
    effects.isEmpty ? [] : [JSONMember("effects", .array(effects.map(effect)))]
  }

  private static func effect(_ effect: SoundPlan.Effect) -> JSONValue {
    let parameters = effect.parameters.map { JSONMember($0.name, .animatable($0.value)) }
    return switch effect.kind {
    case .biquad(let type): .object(["biquad": .object([JSONMember("type", .string(type.name))] + parameters)])
    case .delay: .object(["delay": .object(parameters)])
    case .compressor: .object(["compressor": .object(parameters)])
    case .limiter: .object(["limiter": .object(parameters)])
    case .avfilter(let chain): .object(["avfilter": .string(chain)])
    }
  }
}
