import FrameModel
import Plan
import SluiceBase

/// Turns JSON values into the model. Errors are noted in `errors`; the project is not used when there are any.
struct ProjectParser {
  let errors: ErrorCollector
  /// The folder where relative paths start.
  let folder: String
  let files: TimelineFiles
  let isNested: Bool

  static let maximumTracks = 4096
  static let keys = ["$schema", "canvas", "sources", "tracks", "output"]
  /// Keys of a timeline that is written inside another.
  static let inlineKeys = ["canvas", "sources", "tracks"]
  static let outputKeys = ["codec", "preset", "crf", "pixelFormat", "format", "threads", "options", "effects", "audio"]

  /// `place`: the place of a timeline inside another; empty for the timeline of a file. `start`: the values for what the file does
  /// not say.
  func project(_ root: JSONValue, _ place: String, startingWith start: Project) -> ParsedProject {
    var parsed = ParsedProject(project: start, clips: 0)
    let keys = place.isEmpty ? Self.keys : Self.inlineKeys
    guard let fields = FieldReader(root, place, keys: keys, errors: errors) else { return parsed }
    _ = fields.string("$schema")
    if let value = fields.value("canvas") {
      CanvasParser(errors: errors, isNested: isNested).read(value, fields.path("canvas"), into: &parsed.project)
    }
    var sources = SourceParser.Parsed()
    if let value = fields.value("sources") {
      sources = SourceParser(errors: errors, folder: folder, files: files, project: parsed.project)
        .sources(value, fields.path("sources"))
    }
    parsed.project.sources = sources.sources
    if fields.required("tracks") != nil { readTracks(fields, &parsed.project) }
    if let value = fields.value("output") {
      parsed.project.output = output(value, fields.path("output"), parsed.project.canvas)
    }
    parsed.clips = parsed.project.clipCount(of: sources.clips)
    if parsed.clips > ParsedProject.maximumClips {
      fields.fail(
        "tracks", "hold more than \(ParsedProject.maximumClips) clips, those of timelines within counted",
        advice: "render parts of it to files first")
      return ParsedProject(project: start, clips: 0)
    }
    return parsed
  }

  private func readTracks(_ fields: FieldReader, _ project: inout Project) {
    guard let values = fields.value("tracks")?.array else {
      fields.fail("tracks", "must be an array, not \(fields.value("tracks")?.kind ?? "null")")
      return
    }
    if values.count > Self.maximumTracks {
      fields.fail(
        "tracks", "there are \(values.count), more than \(Self.maximumTracks)",
        advice: "put clips that do not overlap on one track")
      return
    }
    let parser = TrackParser(errors: errors, folder: folder, canvas: project.canvas, sources: project.sources)
    for (index, value) in values.enumerated() {
      project.tracks.append(parser.track(value, "\(fields.path("tracks"))[\(index)]", &project.sources))
    }
  }

  private func output(_ value: JSONValue, _ place: String, _ canvas: Canvas) -> Project.Output {
    var output = Project.Output()
    guard let fields = FieldReader(value, place, keys: Self.outputKeys, errors: errors) else { return output }
    output.codec = fields.name("codec")
    output.preset = fields.name("preset")
    output.crf = fields.number("crf", in: 0...63)
    output.pixelFormat = fields.name("pixelFormat")
    output.format = fields.name("format")
    output.threads = fields.integer("threads", in: 1...64)
    output.effects = EffectParser(errors: errors, folder: folder, rate: canvas.rate).workers(fields, "effects")
    output.options = fields.encoderOptions()
    if let value = fields.value("audio") { output.audio = AudioOutputParser(errors: errors).read(value, fields.path("audio")) }
    return output
  }
}

extension FieldReader {
  /// The `options` object: options of an encoder, in the file's order.
  func encoderOptions() -> [OutputSettings.Option] {
    guard let options = value("options") else { return [] }
    guard let members = options.object else {
      fail("options", "must be an object, not \(options.kind)")
      return []
    }
    return members.compactMap { member in
      if let text = Self.optionText(member.value) { return .init(member.key, text) }
      errors.add(
        "must be a string, a number, true or false, not \(member.value.kind)", at: member.value.offset,
        "\(path("options")).\(member.key)")
      return nil
    }
  }

  private static func optionText(_ value: JSONValue) -> String? {
    switch value.content {
    case .string(let text): text
    case .bool(let flag): flag ? "1" : "0"
    case .number(let number): Rational(number).map(DecimalText.text)
    default: nil
    }
  }
}

extension Project {
  /// The number of clips. Those of nested timelines count as often as they are shown.
  var clipCount: Int {
    var counts = sources.map { if case .timeline(let nested) = $0.source { nested.clipCount } else { 1 } }
    for (index, source) in sources.enumerated() {
      if case .grid(let grid) = source.source { counts[index] = grid.sources.reduce(1) { $0 + counts[$1] } }
    }
    return clipCount(of: counts)
  }

  /// `counts`: of the sources; of one behind them 1.
  func clipCount(of counts: [Int]) -> Int {
    tracks.reduce(1 + counts.reduce(0, +)) { sum, track in
      track.clips.reduce(sum) { $0 + ($1.source < counts.count ? counts[$1.source] : 1) }
    }
  }
}
