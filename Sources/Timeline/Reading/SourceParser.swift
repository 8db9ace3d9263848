import FrameModel
import SluiceBase
import SystemBase

/// Reads the sources of a project.
struct SourceParser {
  let errors: ErrorCollector
  let folder: String
  let files: TimelineFiles
  /// The project whose sources are read. Its canvas is known already.
  let project: Project

  /// The kinds of sources, each with its keys.
  enum Kind: String, CaseIterable {
    case color, lavfi, text, sequence, timeline, grid

    var keys: [String] {
      switch self {
      case .color, .lavfi, .timeline, .grid: [rawValue]
      case .text:
        [rawValue, "font", "size", "color", "align", "verticalAlign", "width", "height", "outline", "outlineColor"]
      case .sequence: [rawValue, "fps", "first"]
      }
    }
  }

  /// A source, and the number of clips that showing it takes.
  struct Parsed {
    var sources: [Project.NamedSource] = []
    var clips: [Int] = []
  }

  func sources(_ value: JSONValue, _ place: String) -> Parsed {
    guard let members = value.object else {
      errors.add("must be an object, not \(value.kind)", at: value.offset, place)
      return Parsed()
    }
    var parsed = Parsed()
    var grids: [(index: Int, fields: FieldReader)] = []
    for (index, member) in members.enumerated() {
      if member.key.isEmpty { errors.add("a source needs a name", at: member.offset, place) }
      var source = Project.Source.color(.clear)
      var clips = 1
      if let fields = kind(member.value, "\(place).\(member.key)", &source) {
        switch fields.kind {
        case .color: if let color = fields.reader.color("color") { source = .color(color) }
        case .lavfi: if let graph = fields.reader.name("lavfi") { source = .lavfi(graph) }
        case .text: if let title = title(fields.reader) { source = .title(title) }
        case .sequence: if let sequence = sequence(fields.reader) { source = .sequence(sequence) }
        case .timeline:
          if let nested = timeline(fields.reader) {
            source = .timeline(nested.project)
            clips = nested.clips
          }
        case .grid: grids.append((index, fields.reader))
        }
      }
      parsed.sources.append(Project.NamedSource(member.key, source))
      parsed.clips.append(clips)
    }
    let gridParser = GridParser(
      errors: errors, canvas: project.canvas, sources: parsed.sources, clips: parsed.clips, grids: Set(grids.map(\.index)))
    for (index, fields) in grids {
      guard let (grid, clips) = gridParser.grid(fields) else { continue }
      parsed.sources[index].source = .grid(grid)
      parsed.clips[index] = clips
    }
    return parsed
  }

  /// The kind of source that the value is. nil for a path, which is put into `source`, and for a value of no kind.
  private func kind(_ value: JSONValue, _ place: String, _ source: inout Project.Source) -> (kind: Kind, reader: FieldReader)? {
    if let path = value.string {
      if path.isEmpty || path.utf8.contains(0) {
        errors.add("is not a path", at: value.offset, place, advice: "write the path of a file")
      } else if let error = NetworkAddress(path)?.refusedAsSource(at: path) {
        errors.add("\(path): \(error.what)", at: value.offset, place, advice: error.advice)
      } else {
        source = .file(Folder.absolute(path, in: folder))
      }
      return nil
    }
    let names = Kind.allCases.map { "\"\($0.rawValue)\"" }
    let list = names.dropLast().joined(separator: ", ")
    guard let object = value.object else {
      let all = "\(list) or \(names.last ?? "")"
      errors.add("must be a path or an object with \(all), not \(value.kind)", at: value.offset, place)
      return nil
    }
    // A title's colour is no source of its own.
    let isTitle = object.contains { $0.key == Kind.text.rawValue }
    let kinds = Kind.allCases.filter { kind in
      object.contains { $0.key == kind.rawValue } && !(kind == .color && isTitle)
    }
    let keys = kinds.count == 1 ? kinds[0].keys : Kind.allCases.flatMap(\.keys)
    guard let reader = FieldReader(value, place, keys: keys, errors: errors) else { return nil }
    guard kinds.count == 1 else {
      if !kinds.isEmpty || !reader.hasUnknownKeys {
        errors.add("must have one of \(list) and \(names.last ?? "")", at: value.offset, place)
      }
      return nil
    }
    return (kinds[0], reader)
  }

  static let largestFont: Int64 = 8192
  static let longestTitle = 65536

  private func title(_ fields: FieldReader) -> Project.Title? {
    let text = fields.name("text")
    if let text, text.utf8.count > Self.longestTitle {
      fields.fail("text", "is longer than \(Self.longestTitle) bytes")
    }
    var title = Project.Title(text: text ?? "")
    if let font = fields.name("font") { title.font = font }
    if let size = fields.positive("size", atMost: Self.largestFont) { title.size = size }
    if let color = fields.color("color") { title.color = color }
    if let align = fields.choice("align", TitleKey.Align.self) { title.align = align }
    if let align = fields.choice("verticalAlign", TitleKey.Vertical.self) { title.vertical = align }
    title.width = fields.integer("width", in: 1...Int64(CanvasLimits.largest))
    title.height = fields.integer("height", in: 1...Int64(CanvasLimits.largest))
    if let outline = fields.number("outline", in: 0...1000) { title.outline = outline }
    if let color = fields.color("outlineColor") { title.outlineColor = color }
    return text == nil ? nil : title
  }

  private func sequence(_ fields: FieldReader) -> SequenceKey? {
    let rate = fields.has("fps") ? fields.rate("fps") : project.canvas.rate
    let first = fields.has("first") ? fields.integer("first", in: 0...Int64(Int32.max)) : 0
    guard let pattern = fields.name("sequence") else { return nil }
    guard Self.isPattern(pattern) else {
      fields.fail("sequence", "needs one %d or %04d where the number is", advice: "write \"img/%04d.png\"")
      return nil
    }
    guard let rate, let first else { return nil }
    return SequenceKey(pattern: Folder.absolute(pattern, in: folder), first: Int64(first), rate: rate)
  }

  /// One `%d` or `%0Nd`, N from 1 to 9, and no other `%`.
  static func isPattern(_ text: String) -> Bool {
    let parts = text.split(separator: "%", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    let rest = Array(parts[1].utf8.prefix(3))
    if rest.first == UInt8(ascii: "d") { return true }
    return rest.count == 3 && rest[0] == UInt8(ascii: "0") && (0x31...0x39).contains(rest[1]) && rest[2] == UInt8(ascii: "d")
  }

  private func timeline(_ fields: FieldReader) -> ParsedProject? {
    guard let value = fields.value("timeline") else { return nil }
    if value.object != nil {
      var inside = Project(canvas: project.canvas)
      inside.canvas.background = .clear
      inside.sampleRate = project.sampleRate
      inside.channels = project.channels
      return ProjectParser(errors: errors, folder: folder, files: files, isNested: true)
        .project(value, fields.path("timeline"), startingWith: inside)
    }
    guard value.string != nil else {
      fields.fail("timeline", "must be the path of a project or a project, not \(value.kind)")
      return nil
    }
    guard let path = fields.name("timeline") else { return nil }
    switch files.nested(Folder.absolute(path, in: folder)) {
    case .project(let nested): return nested
    case .failed(let nested): errors.add(nested, at: value.offset)
    case .failedBefore: break
    case .refused(let what, let advice): fields.fail("timeline", what, advice: advice)
    }
    return nil
  }
}
