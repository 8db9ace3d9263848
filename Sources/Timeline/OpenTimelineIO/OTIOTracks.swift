import FrameModel
import Plan
import SluiceBase

/// Makes tracks of compositions. Children of a Track follow each other; a Transition takes no time of its own.
struct OTIOTrackReader {
  let context: OTIOContext
  let canvas: Canvas
  private var clock: OTIOClock { OTIOClock(rate: canvas.rate) }
  private var items: OTIOItemReader { OTIOItemReader(context: context, canvas: canvas) }

  init(context: OTIOContext, canvas: Canvas) {
    self.context = context
    self.canvas = canvas
  }

  /// The tracks of a Stack, the first at the bottom; its length, without regard to its own source_range.
  /// Child i has the place `label[i]`.
  func stack(_ stack: OTIOObject, label: String, into builder: OTIOProjectBuilder) -> Rational {
    var extent = Rational.zero
    for (index, value) in stack.array("children").enumerated() {
      guard let child = OTIOObject(value, "\(label)[\(index)]", context) else { continue }
      switch child.schema {
      case "Transition":
        context.note(.ignored, child, "a Transition has no meaning in a Stack")
      case "Track" where builder.kind == .audio && kind(of: child) == .video:
        context.note(.ignored, child, "is a track of pictures inside sound")
        extent = max(extent, OTIOLengths(clock: clock).duration(child.value))
      case "Track":
        extent = max(extent, track(child, into: builder))
      default:
        extent = max(extent, single(child, builder.kind, into: builder))
      }
    }
    return extent
  }

  /// A Track that is nested by itself: its source_range and effects are those of the item that it is.
  func trackAlone(_ object: OTIOObject, into builder: OTIOProjectBuilder) -> Rational {
    let content = self.content(object, kind(of: object), into: builder)
    builder.add(
      Project.Track(
        kind: kind(of: object), name: object.name, clips: content.pieces.compactMap { builder.finish($0, kind: kind(of: object)) }
      ))
    return content.extent
  }

  private func kind(of track: OTIOObject) -> Project.TrackKind {
    let kind = track["kind"]?.string ?? "Video"
    return kind == "Audio" ? .audio : .video
  }

  /// A Track of a Stack; its length.
  private func track(_ object: OTIOObject, into builder: OTIOProjectBuilder) -> Rational {
    let kind = self.kind(of: object)
    if let text = object.string("kind"), text != "Video", text != "Audio" {
      context.note(.warning, object, "the kind \"\(text.prefix(40))\" is not known: taken as Video")
    }
    let hasWarp = object.array("effects").contains {
      ($0["OTIO_SCHEMA"]?.string ?? "").hasPrefix("LinearTimeWarp") || ($0["OTIO_SCHEMA"]?.string ?? "").hasPrefix("FreezeFrame")
    }
    if hasWarp || (kind == .video && object.extras != nil) || cuts(object) { return single(object, kind, into: builder) }
    object.noteOthers(["source_range", "effects", "enabled", "children", "kind"])
    _ = items.speed(object)
    let (pieces, extent) = content(object, kind, into: builder)
    let range = items.range(of: object, extent: extent)
    var track = Project.Track(kind: kind, name: object.name)
    track.enabled = object.bool("enabled", otherwise: true)
    if !track.enabled { context.note(.ignored, object, "is disabled: nothing of it is shown") }
    if let values = object.extras { OTIOExtras(context: context, canvas: canvas).apply(values, of: object, to: &track) }
    track.clips = pieces.compactMap { piece in
      var piece = piece
      piece.at = clock.difference(piece.at, range.start)
      return builder.finish(piece, kind: kind)
    }
    builder.add(track)
    return range.duration
  }

  /// Whether the track's source_range takes away part of what is in it.
  private func cuts(_ object: OTIOObject) -> Bool {
    guard let range = object.range("source_range") else { return false }
    let extent = OTIOLengths(clock: clock).extent(of: object)
    let end = clock.sum(range.start, range.duration)
    if range.start >= extent || end <= .zero { return range.duration < extent }
    return range.start > .zero || end < extent
  }

  /// An item with a track to itself; its length.
  private func single(_ object: OTIOObject, _ kind: Project.TrackKind, into builder: OTIOProjectBuilder) -> Rational {
    let item = items.item(object, kind: kind, handle: .zero, into: builder)
    let clip = item.piece.flatMap { builder.finish($0, kind: kind) }
    builder.add(Project.Track(kind: kind, name: object.name, clips: clip.map { [$0] } ?? []))
    return item.duration
  }

  /// The pieces of a track at their places, and its length: that of all items, and of transitions at its two ends.
  private func content(_ track: OTIOObject, _ kind: Project.TrackKind, into builder: OTIOProjectBuilder) -> (
    pieces: [OTIOPiece], extent: Rational
  ) {
    let children = track.array("children").enumerated().compactMap { index, value in
      OTIOObject(value, track.path("children[\(index)]"), context)
    }
    let transitions = children.map { $0.schema == "Transition" ? OTIOTransition($0) : nil }
    var joints = OTIOJoints(context: context, canvas: canvas, kind: kind)
    for (index, child) in children.enumerated() {
      if let transition = transitions[index] {
        joints.append(transition)
        continue
      }
      let before = index > 0 ? transitions[index - 1] : nil
      let after = index + 1 < children.count ? transitions[index + 1] : nil
      let handle = [before, after].compactMap { $0.map { max($0.inOffset, $0.outOffset) } }.max() ?? .zero
      joints.append(items.item(child, kind: kind, handle: handle, into: builder))
    }
    if joints.end > Rational(TimeValue.maximumSeconds) {
      context.errors.add("is longer than \(TimeValue.maximumSeconds) seconds", at: track.offset, track.place)
    }
    return (joints.joined(), joints.extent)
  }
}

/// Lengths of compositions, looked up without making anything and without noting anything.
struct OTIOLengths {
  let clock: OTIOClock
  private let quiet = OTIOContext(errors: ErrorCollector(file: "", bytes: []), folder: "/") { _ in true }

  init(clock: OTIOClock) { self.clock = clock }

  /// Without regard to its own source_range.
  func extent(of composition: OTIOObject) -> Rational { extent(composition.value) }

  private func extent(_ value: JSONValue) -> Rational {
    guard let object = OTIOObject(value, "", quiet) else { return .zero }
    if object.schema == "Timeline" { return object["tracks"].map(duration) ?? .zero }
    let children = object["children"]?.array ?? []
    if object.schema == "Stack" { return children.map(duration).max() ?? .zero }
    var sum = Rational.zero
    for (index, child) in children.enumerated() {
      guard let item = OTIOObject(child, "", quiet), item.schema == "Transition" else {
        sum = clock.sum(sum, duration(child))
        continue
      }
      let ends = (index == 0 ? ["in_offset"] : []) + (index == children.count - 1 ? ["out_offset"] : [])
      for key in ends { sum = clock.sum(sum, item.time(key)?.seconds ?? .zero) }
    }
    return sum
  }

  /// Of an item.
  func duration(_ value: JSONValue) -> Rational {
    guard let object = OTIOObject(value, "", quiet) else { return .zero }
    if let range = object.range("source_range") { return range.duration }
    guard object.schema == "Clip" else { return extent(value) }
    let key = object["active_media_reference_key"]?.string ?? "DEFAULT_MEDIA"
    let media = object["media_reference"] ?? object["media_references"]?[key]
    return media.flatMap { OTIOObject($0, "", quiet)?.range("available_range")?.duration } ?? .zero
  }
}
