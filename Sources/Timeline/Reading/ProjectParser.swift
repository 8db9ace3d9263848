import FrameModel
import SluiceBase

/// From JSON values to the model. What is wrong is noted in `errors`; the project returned then is not used.
struct ProjectParser {
  let errors: ErrorCollector
  /// Where relative paths start.
  let folder: String

  static let maximumTracks = 4096

  func project(_ root: JSONValue) -> Project {
    var project = Project(canvas: Canvas(width: 1920, height: 1080))
    guard let fields = FieldReader(root, "", keys: ["$schema", "canvas", "sources", "tracks", "output"], errors: errors) else {
      return project
    }
    _ = fields.string("$schema")
    if let value = fields.value("canvas") { readCanvas(value, &project) }
    if let value = fields.value("sources") { project.sources = sources(value) }
    if let value = fields.required("tracks") {
      if let tracks = value.array, tracks.count > Self.maximumTracks {
        fields.fail(
          "tracks", "there are \(tracks.count), more than \(Self.maximumTracks)",
          advice: "put clips that do not overlap on one track")
      } else if let tracks = value.array {
        let parser = ClipParser(errors: errors, canvas: project.canvas, sources: project.sources.map(\.name))
        project.tracks = tracks.enumerated().map { track($1, "tracks[\($0)]", parser) }
      } else {
        fields.fail("tracks", "must be an array, not \(value.kind)")
      }
    }
    if let value = fields.value("output") { project.output = output(value) }
    return project
  }

  private enum ColorName: String, CaseIterable { case bt601, bt709, bt2020 }

  private func readCanvas(_ value: JSONValue, _ project: inout Project) {
    let keys = ["width", "height", "fps", "background", "color", "sampleRate"]
    guard let fields = FieldReader(value, "canvas", keys: keys, errors: errors) else { return }
    if let width = side(fields, "width") { project.canvas.width = width }
    if let height = side(fields, "height") { project.canvas.height = height }
    if fields.has("width") != fields.has("height") {
      errors.add(
        "has only one of \"width\" and \"height\"", at: value.offset, "canvas", advice: "give both, or none for 1920x1080")
    }
    if let rate = fields.rate("fps") { project.canvas.rate = rate }
    if let color = fields.color("background") {
      if color.alpha == 1 { project.canvas.background = color } else { fields.fail("background", "must be opaque") }
    }
    switch fields.choice("color", ColorName.self) {
    case .bt601: project.canvas.color = .bt601
    case .bt2020: project.canvas.color = .bt2020
    case .bt709, nil: break
    }
    if let rate = fields.integer("sampleRate", in: 8000...384_000) { project.sampleRate = rate }
  }

  /// Even, because every second column and row of a 4:2:0 picture has chroma.
  private func side(_ fields: FieldReader, _ key: String) -> Int? {
    guard let side = fields.integer(key, in: Int64(CanvasLimits.smallest)...Int64(CanvasLimits.largest)) else { return nil }
    guard side % 2 == 0 else {
      fields.fail(key, "must be even for 4:2:0 video, not \(side)", advice: "take \(side - 1) or \(side + 1)")
      return nil
    }
    return side
  }

  private func sources(_ value: JSONValue) -> [Project.NamedSource] {
    guard let members = value.object else {
      errors.add("must be an object, not \(value.kind)", at: value.offset, "sources")
      return []
    }
    return members.map { member in
      let place = "sources.\(member.key)"
      if member.key.isEmpty { errors.add("a source needs a name", at: member.offset, "sources") }
      return Project.NamedSource(member.key, source(member.value, place) ?? .color(.clear))
    }
  }

  private func source(_ value: JSONValue, _ place: String) -> Project.Source? {
    if let path = value.string {
      guard !path.isEmpty, !path.utf8.contains(0) else {
        errors.add("is not a path", at: value.offset, place, advice: "write the path of a file")
        return nil
      }
      return .file(Folder.absolute(path, in: folder))
    }
    guard value.object != nil else {
      errors.add("must be a path or an object with \"color\" or \"lavfi\", not \(value.kind)", at: value.offset, place)
      return nil
    }
    guard let fields = FieldReader(value, place, keys: ["color", "lavfi"], errors: errors) else { return nil }
    guard fields.has("color") != fields.has("lavfi") else {
      errors.add("must have one of \"color\" and \"lavfi\"", at: value.offset, place)
      return nil
    }
    return fields.has("color") ? fields.color("color").map(Project.Source.color) : fields.name("lavfi").map(Project.Source.lavfi)
  }

  private func track(_ value: JSONValue, _ place: String, _ parser: ClipParser) -> Project.Track {
    var track = Project.Track()
    let keys = ["kind", "name", "enabled", "gain", "clips"]
    guard let fields = FieldReader(value, place, keys: keys, errors: errors) else { return track }
    if let kind = fields.choice("kind", Project.TrackKind.self) { track.kind = kind }
    if let name = fields.string("name") { track.name = name }
    if let enabled = fields.bool("enabled") { track.enabled = enabled }
    if let gain = fields.number("gain", in: -120...60) {
      if track.kind == .audio { track.gain = gain } else { fields.fail("gain", "is only for tracks of kind \"audio\"") }
    }
    guard let value = fields.required("clips") else { return track }
    guard let values = value.array else {
      fields.fail("clips", "must be an array, not \(value.kind)")
      return track
    }
    track.clips = values.enumerated().map { parser.clip($1, "\(place).clips[\($0)]", track.kind) }
    parser.checkOverlaps(track.clips, values, place)
    return track
  }

  private func output(_ value: JSONValue) -> Project.Output {
    var output = Project.Output()
    let keys = ["codec", "preset", "crf", "pixelFormat", "format", "threads", "options"]
    guard let fields = FieldReader(value, "output", keys: keys, errors: errors) else { return output }
    output.codec = fields.name("codec")
    output.preset = fields.name("preset")
    output.crf = fields.number("crf", in: 0...63)
    output.pixelFormat = fields.name("pixelFormat")
    output.format = fields.name("format")
    output.threads = fields.integer("threads", in: 1...64)
    guard let options = fields.value("options") else { return output }
    guard let members = options.object else {
      fields.fail("options", "must be an object, not \(options.kind)")
      return output
    }
    for member in members {
      if let text = optionText(member.value) {
        output.options.append(.init(member.key, text))
      } else {
        errors.add(
          "must be a string, a number, true or false, not \(member.value.kind)", at: member.value.offset,
          "output.options.\(member.key)")
      }
    }
    return output
  }

  private func optionText(_ value: JSONValue) -> String? {
    switch value.content {
    case .string(let text): text
    case .bool(let flag): flag ? "1" : "0"
    case .number(let number): Rational(number).map(DecimalText.text)
    default: nil
    }
  }
}

/// Sizes that a canvas may have.
public enum CanvasLimits {
  public static let smallest = 16
  public static let largest = 16384
}
