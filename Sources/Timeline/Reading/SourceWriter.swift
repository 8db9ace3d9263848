import FrameModel
import SluiceBase

/// Sources as JSON.
enum SourceWriter {
  static func source(_ source: Project.Source, _ project: Project) -> JSONValue {
    switch source {
    case .file(let path): .string(path)
    case .lavfi(let graph): .object(["lavfi": .string(graph)])
    case .color(let color): .object(["color": .string(color.hex)])
    case .sequence(let sequence):
      .object([
        "sequence": .string(sequence.pattern), "fps": .exact(sequence.rate), "first": .number(sequence.first),
      ])
    case .title(let title): .object(self.title(title))
    // In the file it is a track.
    case .subtitles(let subtitles): .object(["file": .string(subtitles.path)])
    case .timeline(let nested):
      .object(["timeline": nested.path.isEmpty ? .object(ProjectWriter.timeline(nested)) : .string(nested.path)])
    case .grid(let grid): .object(["grid": .object(self.grid(grid, project))])
    }
  }

  private static func title(_ title: Project.Title) -> [JSONMember] {
    let usual = Project.Title(text: "")
    var members = [JSONMember("text", .string(title.text))]
    if title.font != usual.font { members.append(JSONMember("font", .string(title.font))) }
    if title.size != usual.size { members.append(JSONMember("size", .exact(title.size))) }
    if title.color != usual.color { members.append(JSONMember("color", .string(title.color.hex))) }
    if title.align != usual.align { members.append(JSONMember("align", .string(title.align.rawValue))) }
    if title.vertical != usual.vertical { members.append(JSONMember("verticalAlign", .string(title.vertical.rawValue))) }
    if let width = title.width { members.append(JSONMember("width", .number(width))) }
    if let height = title.height { members.append(JSONMember("height", .number(height))) }
    if title.outline != usual.outline { members.append(JSONMember("outline", .exact(title.outline))) }
    if title.outlineColor != usual.outlineColor { members.append(JSONMember("outlineColor", .string(title.outlineColor.hex))) }
    return members
  }

  /// Those of the track that shows them.
  static func subtitles(_ clip: Project.Clip, _ project: Project) -> [JSONMember] {
    guard case .subtitles(let subtitles) = project.sources[clip.source].source else { return [] }
    var members = [JSONMember("file", .string(subtitles.path))]
    if let font = subtitles.font { members.append(JSONMember("font", .string(font))) }
    if let size = subtitles.size { members.append(JSONMember("size", .exact(size))) }
    if let color = subtitles.color { members.append(JSONMember("color", .string(color.hex))) }
    if clip.in != .zero {
      members.append(JSONMember("at", .time(-clip.in)))
    } else if clip.at != .zero {
      members.append(JSONMember("at", .time(clip.at)))
    }
    return members
  }

  private static func grid(_ grid: Project.Grid, _ project: Project) -> [JSONMember] {
    let usual = Project.Grid(sources: [])
    var members = [JSONMember("sources", .array(grid.sources.map { .string(project.sources[$0].name) }))]
    if let width = grid.width { members.append(JSONMember("width", .number(width))) }
    if let height = grid.height { members.append(JSONMember("height", .number(height))) }
    if let columns = grid.columns { members.append(JSONMember("columns", .number(columns))) }
    if let visible = grid.visible { members.append(JSONMember("visible", .number(visible))) }
    if grid.gap != usual.gap { members.append(JSONMember("gap", .number(grid.gap))) }
    if grid.padding != usual.padding { members.append(JSONMember("padding", .number(grid.padding))) }
    if grid.background != usual.background { members.append(JSONMember("background", .string(grid.background.hex))) }
    if grid.fit != usual.fit { members.append(JSONMember("fit", .string(grid.fit.rawValue))) }
    if grid.order != usual.order { members.append(JSONMember("order", .string(grid.order.rawValue))) }
    if let labels = grid.labels {
      members.append(
        JSONMember(
          "labels",
          .object([
            "font": .string(labels.font), "size": .exact(labels.size), "color": .string(labels.color.hex),
          ])))
    }
    if let scroll = grid.scroll {
      members.append(
        JSONMember("scroll", .object(["direction": .string(scroll.direction.rawValue), "speed": .exact(scroll.speed)])))
    }
    if let reveal = grid.reveal {
      members.append(
        JSONMember("reveal", .object(["interval": .exact(reveal.interval), "duration": .exact(reveal.duration)])))
    }
    if grid.beyond != usual.beyond { members.append(JSONMember("beyond", .string(grid.beyond.rawValue))) }
    return members
  }
}
