import FrameModel
import Plan
import SluiceBase

/// What a clip shows, found from its media references.
struct OTIOMedia {
  var source: Project.Source
  /// Name of the source in the project.
  var name: String
  /// What a note says of it.
  var text: String
  /// The media's own time of its first picture; nil: it counts from 0.
  var start: Rational? = nil
  /// As `available_range` says; nil when it says nothing, or of a still picture.
  var length: Rational? = nil
  /// The same picture whatever the time: colours, cards, generators.
  var isTimeless = false
}

/// Chooses among a clip's media references and turns one into a source.
struct OTIOMediaReader {
  let context: OTIOContext
  let canvas: Canvas

  /// `used`: what of the media's own time the clip may show, for pictures in files of their own; nil when it says nothing.
  /// `isShown` false: nothing is checked, the clip is disabled.
  func media(of clip: OTIOObject, used: OTIORange?, isShown: Bool, isSound: Bool) -> OTIOMedia {
    let (references, active) = references(of: clip)
    guard let first = references.first(where: { $0.key == active }) ?? references.first(where: { _ in active == nil }) else {
      return missing(clip, "it has no media reference" + (active.map { " \"\($0)\"" } ?? ""), isShown)
    }
    guard let object = OTIOObject(first.value, first.place, context) else { return missing(clip, "its media", false) }
    switch media(object, clip, used, isShown) {
    case .found(let media): return media
    case .unknown(let what):
      guard isShown else { return missing(clip, what, false) }
      for other in references where other.place != first.place && other.value["OTIO_SCHEMA"]?.string != nil {
        guard let object = OTIOObject(other.value, other.place, context), object.schema.hasSuffix("Reference"),
          object.schema != "GeneratorReference", case .found(let media) = media(object, clip, used, isShown)
        else { continue }
        context.note(.warning, clip, "\(what); its other media reference \"\(other.key)\" is taken: \(media.text)")
        return media
      }
      if isSound {
        context.note(.warning, clip, "missing: \(what); it is silent")
        return OTIOMedia(source: .color(.clear), name: "silence", text: "silence", isTimeless: true)
      }
      return missing(clip, what, true)
    }
  }

  private enum Answer {
    case found(OTIOMedia)
    /// Says what is missing.
    case unknown(String)
  }

  private struct Reference {
    var key: String
    var value: JSONValue
    var place: String
  }

  /// All of a clip, and the key of the one to take. (Clip.1 has one, without a key.)
  private func references(of clip: OTIOObject) -> ([Reference], String?) {
    if let one = clip["media_reference"] { return ([Reference(key: "", value: one, place: clip.path("media_reference"))], nil) }
    guard let field = clip["media_references"] else { return ([], nil) }
    guard let members = field.object else {
      clip.fail("media_references", "must be an object, not \(field.kind)")
      return ([], nil)
    }
    let references = members.filter { !$0.value.isNull }.map {
      Reference(key: $0.key, value: $0.value, place: clip.path("media_references.\($0.key)"))
    }
    return (references, clip.string("active_media_reference_key") ?? "DEFAULT_MEDIA")
  }

  private func media(_ object: OTIOObject, _ clip: OTIOObject, _ used: OTIORange?, _ isShown: Bool) -> Answer {
    object.noteOthers([
      "available_range", "available_image_bounds", "target_url", "target_url_base", "name_prefix", "name_suffix",
      "start_frame", "frame_step", "rate", "frame_zero_padding", "missing_frame_policy", "generator_kind", "parameters",
    ])
    let available = object.range("available_range")
    func timed(_ media: OTIOMedia) -> Answer {
      var media = media
      media.start = available?.start
      if let available, available.duration > Rational(1, 2), available.duration * available.rate > .one {
        media.length = available.duration
      }
      return .found(media)
    }
    switch object.schema {
    case "ExternalReference":
      guard let target = object.string("target_url"), !target.isEmpty else {
        return .unknown("its media reference has no target_url")
      }
      switch OTIOMediaPath(target, folder: context.folder) {
      case .elsewhere(let url): return .unknown("\(url) is no file of this machine")
      case .file(let paths):
        guard let path = paths.first(where: { !isShown || context.isThere($0) }) else {
          return .unknown("\(paths.first ?? target) is not there")
        }
        return timed(OTIOMedia(source: .file(path), name: fileName(path), text: path))
      }
    case "ImageSequenceReference":
      guard let sequence = OTIOImageSequence(object, context: context, canvas: canvas) else {
        return .unknown("its image sequence cannot be read")
      }
      let (media, what) = sequence.media(available: available, used: used, check: isShown)
      guard let media else { return .unknown(what ?? "its image sequence cannot be read") }
      if let what { context.note(.warning, clip, what) }
      return timed(media)
    case "GeneratorReference":
      return .found(OTIOGenerator(context: context, canvas: canvas).media(object, clip: clip, isShown: isShown))
    case "MissingReference":
      return .unknown("its media reference says that the media is missing" + (object.name.isEmpty ? "" : ": \(object.name)"))
    default: return .unknown("its media reference has the unknown schema \(object.schema.prefix(60))")
    }
  }

  private func missing(_ clip: OTIOObject, _ what: String, _ isShown: Bool) -> OTIOMedia {
    guard isShown else { return OTIOMedia(source: .color(.clear), name: "nothing", text: "nothing", isTimeless: true) }
    context.note(.warning, clip, "missing: \(what); a card that says so is shown")
    let title = clip.name.isEmpty ? what : "\(clip.name)\n\(what)"
    return OTIOMedia(
      source: .timeline(OTIOCard.project(title, canvas: canvas)), name: "card: " + (clip.name.isEmpty ? what : clip.name),
      text: "a card that says that its media is missing", isTimeless: true)
  }

  private func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// A card in the place of a picture that is not there.
enum OTIOCard {
  /// Longer than any clip.
  private static let duration = TimeValue.seconds(Rational(TimeValue.maximumSeconds))

  /// `background` clear: what lies below stays visible.
  static func project(
    _ text: String, canvas: Canvas, background: RGBA = RGBA(red: 0.125, green: 0.125, blue: 0.15)
  ) -> Project {
    var canvas = canvas
    canvas.background = .clear
    var project = Project(canvas: canvas)
    var title = Project.Title(
      text: String(text.prefix(400)).split(separator: "\n").map { String($0).printable }.joined(separator: "\n"))
    title.size = Rational(Int64(max(8, canvas.height / 27)))
    title.color = RGBA(red: 0.85, green: 0.85, blue: 0.85)
    var sources = [Project.NamedSource("text", .title(title))]
    if background.alpha > 0 { sources.insert(Project.NamedSource("card", .color(background)), at: 0) }
    project.sources = sources
    project.tracks = sources.indices.map { index in
      var clip = Project.Clip(source: index)
      clip.duration = duration
      return Project.Track(clips: [clip])
    }
    return project
  }
}
