import FrameModel
import Plan
import SluiceBase

/// Clips as JSON.
enum ClipWriter {
  static func clip(_ clip: Project.Clip, _ project: Project, on kind: Project.TrackKind) -> JSONValue {
    let usual = Project.Clip(source: 0)
    var members = [JSONMember("source", .string(project.sources[clip.source].name)), JSONMember("at", .time(clip.at))]
    if !clip.name.isEmpty { members.append(JSONMember("name", .string(clip.name))) }
    if clip.in != .zero { members.append(JSONMember("in", .time(clip.in))) }
    if let duration = clip.duration { members.append(JSONMember("duration", .time(duration))) }
    if clip.speed != .one { members.append(JSONMember("speed", .exact(clip.speed))) }
    if clip.beyond != usual.beyond { members.append(JSONMember("beyond", .string(clip.beyond.rawValue))) }
    if let crop = clip.crop {
      members.append(
        JSONMember(
          "crop",
          .object([
            "x": .animatable(crop.x), "y": .animatable(crop.y), "width": .animatable(crop.width),
            "height": .animatable(crop.height),
          ])))
    }
    if clip.place != Project.Place() { members.append(JSONMember("place", place(clip.place))) }
    if clip.rotate != .zero { members.append(JSONMember("rotate", .animatable(clip.rotate))) }
    if clip.opacity != .one { members.append(JSONMember("opacity", .animatable(clip.opacity))) }
    if clip.blend != usual.blend { members.append(JSONMember("blend", .string(clip.blend.rawValue))) }
    if !clip.effects.isEmpty { members.append(JSONMember("effects", .array(clip.effects.map(effect)))) }
    if let transition = clip.transition { members.append(JSONMember("transition", self.transition(transition))) }
    if kind == .audio {
      members += clip.sound.map(SoundWriter.clip) ?? [JSONMember("mute", .bool(true))]
    } else if clip.sound != usual.sound {
      members.append(JSONMember("sound", clip.sound.map { .object(SoundWriter.clip($0)) } ?? .bool(false)))
    }
    if !clip.enabled { members.append(JSONMember("enabled", .bool(false))) }
    return .object(members)
  }

  private static func place(_ place: Project.Place) -> JSONValue {
    var members = [JSONMember("x", .animatable(place.x)), JSONMember("y", .animatable(place.y))]
    if let width = place.width { members.append(JSONMember("width", .animatable(width))) }
    if let height = place.height { members.append(JSONMember("height", .animatable(height))) }
    members.append(JSONMember("fit", .string(place.fit.rawValue)))
    return .object(members)
  }

  private static func effect(_ effect: Project.Effect) -> JSONValue {
    switch effect {
    case .lut(let path): return .object(["lut": .string(path)])
    case .worker(let worker): return worker.json
    case .avfilter(let chain, let parameters):
      var members = [JSONMember("avfilter", .string(chain))]
      if !parameters.isEmpty {
        members.append(JSONMember("parameters", .object(parameters.map { JSONMember($0.name, .animatable($0.value)) })))
      }
      return .object(members)
    }
  }

  private static func transition(_ transition: Project.Transition) -> JSONValue {
    func members(_ kind: EffectParser.TransitionKind, _ more: [JSONMember] = []) -> JSONValue {
      .object([JSONMember("kind", .string(kind.rawValue)), JSONMember("duration", .time(transition.duration))] + more)
    }
    func moving(_ kind: EffectParser.TransitionKind, _ direction: Direction) -> JSONValue {
      members(kind, [JSONMember("direction", .string(direction.rawValue))])
    }
    return switch transition.kind {
    case .dissolve: members(.dissolve)
    case .fade(let color): members(.fade, [JSONMember("color", .string(color.hex))])
    case .wipe(let direction): moving(.wipe, direction)
    case .slide(let direction): moving(.slide, direction)
    case .push(let direction): moving(.push, direction)
    }
  }
}

extension JSONValue {
  static func time(_ time: TimeValue) -> JSONValue {
    if case .seconds(let value) = time { .exact(value) } else { .string(time.description) }
  }

  static func animatable(_ value: Animatable) -> JSONValue {
    switch value {
    case .constant(let number): .exact(number)
    case .keys(let keys): .object(["keys": .array(keys.map(key))])
    }
  }

  private static func key(_ key: Animatable.Key) -> JSONValue {
    var members = [JSONMember("t", .exact(key.time)), JSONMember("v", .exact(key.value))]
    if key.ease != .linear { members.append(JSONMember("ease", ease(key.ease))) }
    return .object(members)
  }

  private static func ease(_ ease: Ease) -> JSONValue {
    if let name = Ease.named.first(where: { $0.ease == ease })?.name { return .string(name) }
    guard case .bezier(let x1, let y1, let x2, let y2) = ease else { return .null }
    return .array([.number(x1), .number(y1), .number(x2), .number(y2)])
  }
}
