import FrameModel
import Plan
import SluiceBase

/// Makes the project of a whole file.
struct OTIORoot {
  let context: OTIOContext
  /// Inside another timeline.
  let isNested: Bool

  /// nil when an error was noted that leaves nothing.
  func project(_ value: JSONValue) -> Project? {
    guard let object = OTIOObject(value, "", context) else { return nil }
    switch object.schema {
    case "Timeline", "Stack", "Track", "Clip": return timeline(object)
    case "SerializableCollection":
      let children = object.array("children").enumerated().compactMap { OTIOObject($1, "children[\($0)]", context) }
      let timelines = children.filter { $0.schema == "Timeline" }
      guard timelines.count == 1, let only = timelines.first else {
        let names = timelines.prefix(10).map { "\"\($0.name)\"" }.joined(separator: ", ")
        context.errors.add(
          timelines.isEmpty ? "holds no timeline" : "holds \(timelines.count) timelines: \(names)", at: object.offset, "children",
          advice: "write one timeline to a file of its own")
        return nil
      }
      for other in children where other.place != only.place {
        context.note(.ignored, other, "is a \(other.schema.prefix(60)) beside the timeline")
      }
      return timeline(only)
    default:
      context.errors.add("is a \(object.schema.prefix(60)), not a timeline", at: object.offset, "OTIO_SCHEMA")
      return nil
    }
  }

  private func timeline(_ object: OTIOObject) -> Project? {
    let isTimeline = object.schema == "Timeline"
    guard let root = isTimeline ? object.object("tracks") : object, !isTimeline || root.schema == "Stack" else {
      if object["tracks"] == nil || object["tracks"]?.object != nil { object.fail("tracks", "must be a Stack") }
      return nil
    }
    let extras = isTimeline ? object.extras : nil
    let start = isTimeline ? object.time("global_start_time") : nil
    let rate = OTIORates(root).rate(preferring: start?.rate)
    var defaults = Project(canvas: Canvas(width: 1920, height: 1080, rate: rate ?? Rational(24)))
    if isNested { defaults.canvas.background = .clear }
    let project = extras.map { OTIOExtras.project($0, of: object, startingWith: defaults, isNested: isNested) } ?? defaults
    let canvas = project.canvas
    let given = extras?["canvas"]
    if isTimeline { object.noteOthers(["tracks", "global_start_time"]) }
    if let start, start.seconds != .zero {
      context.note(
        .ignored, object, "global_start_time \(DecimalText.text(start.seconds)) s is a label: the output starts at 0")
    }

    let builder = OTIOProjectBuilder(project, kind: .video, context: context)
    let reader = OTIOTrackReader(context: context, canvas: canvas)
    let extent: Rational
    if root.schema == "Stack", Self.isPlain(root) {
      root.noteOthers(["children", "source_range", "effects", "enabled"])
      _ = OTIOItemReader(context: context, canvas: canvas).speed(root)
      extent = reader.stack(root, label: isTimeline ? object.path("tracks") : "children", into: builder)
    } else {
      let item = OTIOItemReader(context: context, canvas: canvas).item(root, kind: .video, handle: .zero, into: builder)
      builder.add(Project.Track(clips: item.piece.flatMap { builder.finish($0, kind: .video) }.map { [$0] } ?? []))
      extent = item.duration
    }
    guard let frames = FrameGrid(rate: canvas.rate).firstFrame(from: .seconds(extent)), frames > 0 else {
      context.errors.add("the timeline is empty: it has no length", at: root.offset, root.place)
      return nil
    }
    builder.fill(to: extent)
    let rateText = "\(DecimalText.text(canvas.rate)) frames a second"
    let why = [
      given?["width"] != nil ? nil : "the size is the default",
      given?["fps"] != nil ? nil : rate == nil ? "the rate is the default" : "the rate is that of its clips",
    ].compactMap { $0 }
    context.note(
      .shown, "", object.name,
      "\(frames) frames of \(canvas.width)x\(canvas.height) at \(rateText)"
        + (why.isEmpty ? "" : " (" + why.joined(separator: ", ") + "; metadata.sluice.canvas sets it)"))
    var built = builder.project
    if built.hasSoundTrack { built.unlinkSound() }
    return built
  }

  /// Nothing about it but its children.
  private static func isPlain(_ stack: OTIOObject) -> Bool {
    let warps = stack["effects"]?.array?.contains { value in
      let schema = value["OTIO_SCHEMA"]?.string ?? ""
      return schema.hasPrefix("LinearTimeWarp") || schema.hasPrefix("FreezeFrame")
    }
    return stack["source_range"] == nil && warps != true && stack.value["metadata"]?["sluice"] == nil
      && stack["enabled"]?.bool != false
  }
}

/// The rates that a timeline is written in.
struct OTIORates {
  /// Seconds of the children of video tracks, by rate.
  private var seconds: [Rational: Double] = [:]

  init(_ root: OTIOObject) {
    let quiet = OTIOContext(errors: ErrorCollector(file: "", bytes: []), folder: "/") { _ in true }
    guard let root = OTIOObject(root.value, "", quiet) else { return }
    collect(root, quiet, depth: 0)
  }

  /// `start`'s when the video is written in it too, else the one that most of its time is written in (the higher of two
  /// equals); nil when there is none between 1 and 1000.
  func rate(preferring start: Rational?) -> Rational? {
    if let start, seconds[start] != nil { return start }
    return seconds.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
  }

  private mutating func collect(_ object: OTIOObject, _ quiet: OTIOContext, depth: Int) {
    let children = object["children"]?.array ?? []
    if children.isEmpty || object.schema == "Clip" { count(object) }
    for value in children where value["kind"]?.string != "Audio" {
      guard let child = OTIOObject(value, "", quiet) else { continue }
      if depth < 1, child["children"] != nil { collect(child, quiet, depth: depth + 1) } else { count(child) }
    }
  }

  private mutating func count(_ object: OTIOObject) {
    let key = object["active_media_reference_key"]?.string ?? "DEFAULT_MEDIA"
    let media = object["media_reference"] ?? object["media_references"]?[key]
    let available = media.flatMap { OTIOObject($0, "", object.context)?.range("available_range") }
    guard let range = object.range("source_range") ?? available, range.rate >= .one, range.rate <= Rational(1000) else { return }
    seconds[range.rate, default: 0] += range.duration.double
  }
}
