import FrameModel
import Plan
import SluiceBase

/// `metadata.sluice`: what a project file says and OpenTimelineIO has no field for, with the keys of the project file.
/// The only place that knows the project parser.
struct OTIOExtras {
  let context: OTIOContext
  let canvas: Canvas

  /// Of an item: those keys of a clip that are not about time or source.
  /// `source`: what the clip shows.
  func apply(
    _ extras: JSONValue, of object: OTIOObject, to clip: inout Project.Clip, source: Project.Source, kind: Project.TrackKind
  ) {
    let place = object.path("metadata.sluice")
    let taken = refuse(
      ["source", "at", "in", "duration", "speed", "enabled", "transition"], in: extras, place,
      advice: "OpenTimelineIO says it: source_range, effects, enabled, Transition")
    let parsed = parse(taken, place, kind, source: source)
    clip.crop = parsed.crop
    clip.place = parsed.place
    clip.rotate = parsed.rotate
    clip.opacity = parsed.opacity
    clip.blend = parsed.blend
    clip.effects = parsed.effects
    clip.sound = parsed.sound
    if taken.contains(where: { $0.key == "beyond" }) { clip.beyond = parsed.beyond }
  }

  /// Of a Transition: the keys of a clip's "transition", without its duration.
  func transition(_ extras: JSONValue, of object: OTIOObject, duration: Rational) -> Project.Transition? {
    let place = object.path("metadata.sluice")
    var members = refuse(["duration"], in: extras, place, advice: "in_offset and out_offset say it")
    members.append(JSONMember("duration", .exact(duration), offset: extras.offset))
    let value = JSONValue(.object(members), offset: extras.offset)
    return parse([JSONMember("transition", value, offset: extras.offset)], place, .video, source: .color(.clear)).transition
  }

  /// Of a track of sound.
  func apply(_ extras: JSONValue, of object: OTIOObject, to track: inout Project.Track) {
    guard Self.onlyKeys(SoundParser.trackKeys, in: extras, object) else { return }
    let members = [JSONMember("kind", .string("audio")), JSONMember("clips", .array([]))] + (extras.object ?? [])
    let parser = TrackParser(errors: context.errors, folder: context.folder, canvas: canvas, sources: [])
    var sources: [Project.NamedSource] = []
    let value = JSONValue(.object(members), offset: extras.offset)
    track.sound = parser.track(value, object.path("metadata.sluice"), &sources).sound
  }

  /// Of a timeline: "canvas" and "output"; `start` is what counts for what they do not say.
  static func project(_ extras: JSONValue, of object: OTIOObject, startingWith start: Project, isNested: Bool) -> Project {
    guard onlyKeys(["canvas", "output"], in: extras, object) else { return start }
    let context = object.context
    let parser = ProjectParser(
      errors: context.errors, folder: context.folder, files: TimelineFiles(), isNested: isNested)
    let members = [JSONMember("tracks", .array([]))] + (extras.object ?? [])
    let value = JSONValue(.object(members), offset: extras.offset)
    return parser.project(value, "", startingWith: start).project
  }

  private func parse(_ members: [JSONMember], _ place: String, _ kind: Project.TrackKind, source: Project.Source) -> Project.Clip
  {
    let sources = [Project.NamedSource("media", source)]
    let parser = ClipParser(errors: context.errors, folder: context.folder, canvas: canvas, sources: sources)
    let offset = members.first?.offset ?? 0
    return parser.clip(JSONValue(.object([JSONMember("source", .string("media"))] + members), offset: offset), place, kind)
  }

  /// The other members.
  private func refuse(_ keys: [String], in extras: JSONValue, _ place: String, advice: String) -> [JSONMember] {
    (extras.object ?? []).filter { member in
      guard keys.contains(member.key) else { return true }
      context.errors.add("\"\(member.key)\" has no place here", at: member.offset, place, advice: advice)
      return false
    }
  }

  private static func onlyKeys(_ keys: [String], in extras: JSONValue, _ object: OTIOObject) -> Bool {
    var isFine = true
    for member in extras.object ?? [] where !keys.contains(member.key) {
      isFine = false
      object.context.errors.add(
        "unknown key \"\(member.key)\"", at: member.offset, object.path("metadata.sluice"),
        advice: NearestName.advice(for: member.key, among: keys, what: "keys"))
    }
    return isFine
  }
}
