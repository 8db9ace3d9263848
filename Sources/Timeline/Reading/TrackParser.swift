import FrameModel
import Plan
import SluiceBase
import SystemBase

/// Reads tracks.
struct TrackParser {
  private let errors: ErrorCollector
  private let folder: String
  private let clips: ClipParser
  private let sound: SoundParser

  static let keys = ["kind", "name", "enabled", "clips", "sound"]
  static let audioKeys = ["kind", "name", "enabled", "clips"] + SoundParser.trackKeys
  static let subtitleKeys = ["kind", "name", "enabled", "file", "font", "size", "color", "at"]

  init(errors: ErrorCollector, folder: String, canvas: Canvas, sources: [Project.NamedSource]) {
    self.errors = errors
    self.folder = folder
    sound = SoundParser(errors: errors, rate: canvas.rate)
    clips = ClipParser(errors: errors, folder: folder, canvas: canvas, sources: sources)
  }

  /// The file of a track of subtitles is added to the end of `sources`.
  func track(_ value: JSONValue, _ place: String, _ sources: inout [Project.NamedSource]) -> Project.Track {
    var track = Project.Track()
    let kind = value["kind"]?.string.flatMap(Project.TrackKind.init) ?? .video
    let isSubtitles = kind == .subtitles
    // Keys of a track of sound are recognised on a track of pictures, to tell that they belong into its `sound` object.
    let keys =
      switch kind {
      case .subtitles: Self.subtitleKeys
      case .audio: Self.audioKeys
      case .video: Self.keys + SoundParser.trackKeys
      }
    guard let fields = FieldReader(value, place, keys: keys, errors: errors) else { return track }
    if let kind = fields.choice("kind", Project.TrackKind.self) { track.kind = kind }
    if let name = fields.string("name") { track.name = name }
    if let enabled = fields.bool("enabled") { track.enabled = enabled }
    if isSubtitles {
      track.clips = [subtitles(fields, &sources)]
      return track
    }
    if track.kind == .audio {
      track.sound = sound.track(fields)
    } else {
      for key in SoundParser.trackKeys where fields.has(key) {
        fields.fail(key, "is only for tracks of kind \"audio\"", advice: "put it into the track's \"sound\"")
      }
      track.sound = sound.linkedTrack(fields)
    }
    guard let value = fields.required("clips") else { return track }
    guard let values = value.array else {
      fields.fail("clips", "must be an array, not \(value.kind)")
      return track
    }
    track.clips = values.enumerated().map { clips.clip($1, "\(place).clips[\($0)]", track.kind) }
    clips.checkTrack(track.clips, values, place)
    return track
  }

  /// One clip that shows the whole file. `at` shifts it; when it is negative the clip starts inside the file.
  private func subtitles(_ fields: FieldReader, _ sources: inout [Project.NamedSource]) -> Project.Clip {
    let path = fields.required("file").flatMap { _ in fields.name("file") }
    if let path, let error = NetworkAddress(path)?.refusedAsSource(at: path) {
      fields.fail("file", "\(path): \(error.what)", advice: error.advice)
    }
    var subtitles = Project.Subtitles(path: Folder.absolute(path ?? "", in: folder))
    subtitles.font = fields.name("font")
    subtitles.size = fields.positive("size", atMost: SourceParser.largestFont)
    subtitles.color = fields.color("color")
    var clip = Project.Clip(source: sources.count)
    if let at = fields.time("at") {
      if at.isNegative { clip.in = -at } else { clip.at = at }
    }
    sources.append(Project.NamedSource("subtitles:\(sources.count)", .subtitles(subtitles)))
    return clip
  }
}

extension TimeValue {
  static prefix func - (time: TimeValue) -> TimeValue {
    switch time {
    case .seconds(let seconds): .seconds(-seconds)
    case .frames(let count): .frames(-count)
    }
  }
}
