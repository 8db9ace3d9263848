import FrameModel
import SluiceBase

/// Writes a project as JSON that `ProjectReader` reads back to the same project (`--print-project`). Default values are left out,
/// and paths are absolute. A nested timeline that was read from a file of its own is written as that file's path, any other in
/// place.
public enum ProjectWriter {
  public static func json(_ project: Project) -> String {
    var members = timeline(project)
    if project.output != Project.Output() { members.append(JSONMember("output", output(project.output))) }
    return JSONValue.object(members).pretty
  }

  /// The members that a timeline inside another has too.
  static func timeline(_ project: Project) -> [JSONMember] {
    var members = [JSONMember("canvas", canvas(project))]
    // Sources that are subtitles are written with their tracks.
    let sources = project.sources.filter { if case .subtitles = $0.source { false } else { true } }
    if !sources.isEmpty {
      members.append(JSONMember("sources", .object(sources.map { JSONMember($0.name, SourceWriter.source($0.source, project)) })))
    }
    members.append(JSONMember("tracks", .array(project.tracks.map { track($0, project) })))
    return members
  }

  private static func canvas(_ project: Project) -> JSONValue {
    let canvas = project.canvas
    return .object([
      "width": .number(canvas.width), "height": .number(canvas.height), "fps": .exact(canvas.rate),
      "background": .string(canvas.background.hex), "color": .string(CanvasColor(canvas.color).rawValue),
      "range": .string((canvas.color.fullRange ? CanvasRange.full : .limited).rawValue),
      "depth": .number(canvas.format.depth > 8 ? 10 : 8), "sampleRate": .number(project.sampleRate),
      "channels": .string(project.channels.rawValue),
    ])
  }

  private static func track(_ track: Project.Track, _ project: Project) -> JSONValue {
    var members = [JSONMember("kind", .string(track.kind.rawValue))]
    if !track.name.isEmpty { members.append(JSONMember("name", .string(track.name))) }
    if !track.enabled { members.append(JSONMember("enabled", .bool(false))) }
    if track.kind == .audio {
      members += SoundWriter.track(track.sound)
    } else if track.sound != Project.TrackSound() {
      members.append(JSONMember("sound", .object(SoundWriter.track(track.sound))))
    }
    if track.kind == .subtitles, let clip = track.clips.first {
      members += SourceWriter.subtitles(clip, project)
    } else {
      members.append(JSONMember("clips", .array(track.clips.map { ClipWriter.clip($0, project, on: track.kind) })))
    }
    return .object(members)
  }

  private static func output(_ output: Project.Output) -> JSONValue {
    var members: [JSONMember] = []
    func add(_ key: String, _ text: String?) {
      if let text { members.append(JSONMember(key, .string(text))) }
    }
    add("codec", output.codec)
    add("preset", output.preset)
    if let crf = output.crf { members.append(JSONMember("crf", .exact(crf))) }
    add("pixelFormat", output.pixelFormat)
    add("format", output.format)
    if let threads = output.threads { members.append(JSONMember("threads", .number(threads))) }
    if !output.options.isEmpty { members.append(JSONMember("options", options(output.options))) }
    if !output.effects.isEmpty { members.append(JSONMember("effects", .array(output.effects.map(\.json)))) }
    if let audio = output.audio { members.append(JSONMember("audio", self.audio(audio))) }
    return .object(members)
  }

  private static func audio(_ audio: Project.AudioOutput) -> JSONValue {
    var members: [JSONMember] = []
    if let codec = audio.codec { members.append(JSONMember("codec", .string(codec))) }
    if let rate = audio.bitRate { members.append(JSONMember("bitrate", .number(rate))) }
    if !audio.options.isEmpty { members.append(JSONMember("options", options(audio.options))) }
    if let loudness = audio.loudness { members.append(JSONMember("loudness", .exact(loudness))) }
    return .object(members)
  }

  private static func options(_ options: [OutputSettings.Option]) -> JSONValue {
    .object(options.map { JSONMember($0.name, .string($0.value)) })
  }
}
