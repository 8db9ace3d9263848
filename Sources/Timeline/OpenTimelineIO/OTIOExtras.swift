import FrameModel
import SluiceBase

/// `metadata.sluice`: what a project file says and OpenTimelineIO has no field for, with the keys of the project file.
/// The only place that knows the project parser.
struct OTIOExtras {
  let context: OTIOContext
  let canvas: Canvas

  /// Of an item: those keys of a clip that are not about time or source.
  func apply(_ extras: JSONValue, of object: OTIOObject, to clip: inout Project.Clip, kind: Project.TrackKind) {
    let place = object.path("metadata.sluice")
    let taken = refuse(
      ["source", "at", "in", "duration", "speed", "enabled", "transition"], in: extras, place,
      advice: "OpenTimelineIO says it: source_range, effects, enabled, Transition")
    let parsed = parse(taken, place, kind)
    clip.crop = parsed.crop
    clip.place = parsed.place
    clip.rotate = parsed.rotate
    clip.opacity = parsed.opacity
    clip.blend = parsed.blend
    clip.effects = parsed.effects
    if taken.contains(where: { $0.key == "beyond" }) { clip.beyond = parsed.beyond }
  }

  /// Of a Transition: the keys of a clip's "transition", without its duration.
  func transition(_ extras: JSONValue, of object: OTIOObject, duration: Rational) -> Project.Transition? {
    let place = object.path("metadata.sluice")
    var members = refuse(["duration"], in: extras, place, advice: "in_offset and out_offset say it")
    members.append(JSONMember("duration", .exact(duration), offset: extras.offset))
    let value = JSONValue(.object(members), offset: extras.offset)
    return parse([JSONMember("transition", value, offset: extras.offset)], place, .video).transition
  }

  /// Of a track of sound.
  func apply(_ extras: JSONValue, of object: OTIOObject, to track: inout Project.Track) {
    guard onlyKeys(["gain"], in: extras, object.path("metadata.sluice")) else { return }
    let members = [JSONMember("kind", .string("audio")), JSONMember("clips", .array([]))] + (extras.object ?? [])
    let root = JSONValue.object(["tracks": .array([JSONValue(.object(members), offset: extras.offset)])])
    if let parsed = Self.parse(root, context).tracks.first { track.gain = parsed.gain }
  }

  /// Of a timeline: "canvas" and "output". `canvas` is what counts for keys that are not there.
  static func project(_ extras: JSONValue?, of object: OTIOObject, rate: Rational) -> (Project, hasSize: Bool, hasRate: Bool) {
    var members = [JSONMember("tracks", .array([]))]
    if let extras, onlyKeys(["canvas", "output"], in: extras, object.path("metadata.sluice"), object.context) {
      members += extras.object ?? []
    }
    var project = parse(JSONValue(.object(members), offset: extras?.offset ?? 0), object.context)
    let canvas = extras?["canvas"]
    if canvas?["fps"] == nil { project.canvas.rate = rate }
    return (project, canvas?["width"] != nil, canvas?["fps"] != nil)
  }

  private static func parse(_ root: JSONValue, _ context: OTIOContext) -> Project {
    ProjectParser(errors: context.errors, folder: context.folder, files: TimelineFiles(), isNested: false)
      .project(root, "", startingWith: Project(canvas: Canvas(width: 1920, height: 1080))).project
  }

  private func parse(_ members: [JSONMember], _ place: String, _ kind: Project.TrackKind) -> Project.Clip {
    let parser = ClipParser(
      errors: context.errors, folder: context.folder, canvas: canvas, sources: [.init("media", .color(.clear))])
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

  private func onlyKeys(_ keys: [String], in extras: JSONValue, _ place: String) -> Bool {
    Self.onlyKeys(keys, in: extras, place, context)
  }

  private static func onlyKeys(_ keys: [String], in extras: JSONValue, _ place: String, _ context: OTIOContext) -> Bool {
    var isFine = true
    for member in extras.object ?? [] where !keys.contains(member.key) {
      isFine = false
      context.errors.add(
        "unknown key \"\(member.key)\"", at: member.offset, place,
        advice: NearestName.advice(for: member.key, among: keys, what: "keys"))
    }
    return isFine
  }
}
