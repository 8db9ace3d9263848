import FrameModel
import SluiceBase

/// Writes a project as JSON that `ProjectReader` reads back to the same project (`--print-project`). What has its
/// default value is left out; source paths are absolute.
public enum ProjectWriter {
  public static func json(_ project: Project) -> String {
    var members = [JSONMember("canvas", canvas(project))]
    if !project.sources.isEmpty {
      members.append(JSONMember("sources", .object(project.sources.map { JSONMember($0.name, source($0.source)) })))
    }
    members.append(JSONMember("tracks", .array(project.tracks.map { track($0, project) })))
    if project.output != Project.Output() { members.append(JSONMember("output", output(project.output))) }
    return JSONValue.object(members).pretty
  }

  private static func canvas(_ project: Project) -> JSONValue {
    let canvas = project.canvas
    let color =
      switch canvas.color {
      case .bt601: "bt601"
      case .bt2020: "bt2020"
      default: "bt709"
      }
    return .object([
      "width": .number(canvas.width), "height": .number(canvas.height), "fps": .exact(canvas.rate),
      "background": .string(canvas.background.hex), "color": .string(color), "sampleRate": .number(project.sampleRate),
    ])
  }

  private static func source(_ source: Project.Source) -> JSONValue {
    switch source {
    case .file(let path): .string(path)
    case .lavfi(let graph): .object(["lavfi": .string(graph)])
    case .color(let color): .object(["color": .string(color.hex)])
    case .sequence, .title, .subtitles, .timeline, .grid: .null
    }
  }

  private static func track(_ track: Project.Track, _ project: Project) -> JSONValue {
    var members = [JSONMember("kind", .string(track.kind.rawValue))]
    if !track.name.isEmpty { members.append(JSONMember("name", .string(track.name))) }
    if !track.enabled { members.append(JSONMember("enabled", .bool(false))) }
    if track.gain != .zero { members.append(JSONMember("gain", .exact(track.gain))) }
    members.append(JSONMember("clips", .array(track.clips.map { clip($0, project) })))
    return .object(members)
  }

  private static func clip(_ clip: Project.Clip, _ project: Project) -> JSONValue {
    var members = [JSONMember("source", .string(project.sources[clip.source].name)), JSONMember("at", time(clip.at))]
    if clip.in != .zero { members.append(JSONMember("in", time(clip.in))) }
    if let duration = clip.duration { members.append(JSONMember("duration", time(duration))) }
    if let crop = clip.crop {
      members.append(
        JSONMember(
          "crop",
          .object(["x": exact(crop.x), "y": exact(crop.y), "width": exact(crop.width), "height": exact(crop.height)])))
    }
    if clip.place != Project.Place() { members.append(JSONMember("place", place(clip.place))) }
    if clip.opacity != .one { members.append(JSONMember("opacity", exact(clip.opacity))) }
    if !clip.enabled { members.append(JSONMember("enabled", .bool(false))) }
    return .object(members)
  }

  private static func place(_ place: Project.Place) -> JSONValue {
    var members = [JSONMember("x", exact(place.x)), JSONMember("y", exact(place.y))]
    if let width = place.width { members.append(JSONMember("width", exact(width))) }
    if let height = place.height { members.append(JSONMember("height", exact(height))) }
    members.append(JSONMember("fit", .string(place.fit.rawValue)))
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
    if !output.options.isEmpty {
      members.append(JSONMember("options", .object(output.options.map { JSONMember($0.name, .string($0.value)) })))
    }
    return .object(members)
  }

  private static func exact(_ value: Animatable) -> JSONValue { .exact(value.constant ?? .zero) }

  private static func time(_ time: TimeValue) -> JSONValue {
    if case .seconds(let value) = time { .exact(value) } else { .string(time.description) }
  }
}
