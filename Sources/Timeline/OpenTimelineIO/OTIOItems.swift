import FrameModel
import Plan
import SluiceBase

/// What takes up time on a track.
struct OTIOItem {
  var duration: Rational
  /// nil: nothing is shown.
  var piece: OTIOPiece? = nil

  /// Transitions show it. (A gap is shown by fading to it.)
  var isShown: Bool { piece?.clip.enabled ?? false }
}

/// Makes items of objects.
struct OTIOItemReader {
  let context: OTIOContext
  let canvas: Canvas
  private var clock: OTIOClock { OTIOClock(rate: canvas.rate) }
  private var extras: OTIOExtras { OTIOExtras(context: context, canvas: canvas) }

  init(context: OTIOContext, canvas: Canvas) {
    self.context = context
    self.canvas = canvas
  }

  private static let fields = ["source_range", "effects", "enabled"]
  private static let compositionFields = fields + ["children", "kind", "tracks", "global_start_time"]
  private static let clipFields = fields + ["media_reference", "media_references", "active_media_reference_key"]

  /// `handle`: seconds beyond its range that transitions may show.
  func item(_ object: OTIOObject, kind: Project.TrackKind, handle: Rational, into builder: OTIOProjectBuilder) -> OTIOItem {
    switch object.schema {
    case "Clip": return clip(object, kind, handle, builder)
    case "Gap":
      object.noteOthers(Self.fields)
      return OTIOItem(duration: object.range("source_range")?.duration ?? .zero)
    case "Stack", "Track", "Timeline": return composition(object, kind, builder)
    default:
      let duration = object.range("source_range")?.duration ?? .zero
      context.note(
        .ignored, object,
        "the schema \(object.schema.prefix(60)) is not known: nothing is shown for \(DecimalText.text(duration)) s")
      return OTIOItem(duration: duration)
    }
  }

  private func clip(_ object: OTIOObject, _ kind: Project.TrackKind, _ handle: Rational, _ builder: OTIOProjectBuilder)
    -> OTIOItem
  {
    object.noteOthers(Self.clipFields)
    let isEnabled = object.bool("enabled", otherwise: true)
    let speed = self.speed(object)
    let written = object.range("source_range")
    let media = OTIOMediaReader(context: context, canvas: canvas).media(
      of: object, used: written.map { used($0, speed, handle) }, isShown: isEnabled, isSound: kind == .audio)
    guard let range = written ?? availableRange(object) else {
      if object["source_range"] == nil {
        context.errors.add(
          "its length is not known: there is neither a source_range nor an available_range of its media", at: object.offset,
          object.place, advice: "give it a source_range")
      }
      return OTIOItem(duration: .zero)
    }
    var clip = Project.Clip(source: builder.index(of: media.source, name: media.name))
    clip.name = object.name
    clip.enabled = isEnabled
    if let values = object.extras {
      var isPut = false
      if case .timeline = media.source { isPut = true }
      extras.apply(values, of: object, to: &clip, source: isPut ? .color(.clear) : media.source, kind: kind)
      if isPut, clip.crop != nil || !clip.effects.isEmpty {
        context.note(.warning, object, "its crop and effects are left out: what is shown is not its media as it is")
        clip.crop = nil
        clip.effects = []
      }
    }
    if kind == .audio, media.isTimeless { clip.enabled = false }
    if !isEnabled { context.note(.ignored, object, "is disabled: not shown") }
    let start = clock.difference(range.start, media.isTimeless ? range.start : media.start ?? .zero)
    if isEnabled, !media.isTimeless { noteRange(object, media, start, range.duration, speed) }
    return OTIOItem(
      duration: range.duration,
      piece: OTIOPiece(
        object: object, clip: clip, content: media.isTimeless ? .timeless : .media, text: media.text, duration: range.duration,
        start: first(start, range.duration, speed), speed: media.isTimeless ? .one : speed))
  }

  private func composition(_ object: OTIOObject, _ kind: Project.TrackKind, _ builder: OTIOProjectBuilder) -> OTIOItem {
    object.noteOthers(Self.compositionFields)
    var inside = Project(canvas: canvas)
    inside.canvas.background = .clear
    let reader = OTIOTrackReader(context: context, canvas: canvas)
    let nested = OTIOProjectBuilder(inside, kind: kind, context: context)
    let extent: Rational
    var ranged = object
    switch object.schema {
    case "Timeline":
      guard let stack = object.object("tracks"), stack.schema == "Stack" else {
        object.fail("tracks", "must be a Stack")
        return OTIOItem(duration: .zero)
      }
      extent = reader.stack(stack, label: object.path("tracks"), into: nested)
      ranged = stack
    case "Stack": extent = reader.stack(object, label: object.path("children"), into: nested)
    default: extent = reader.trackAlone(object, into: nested)
    }
    let range = self.range(of: ranged, extent: extent)
    let isEnabled = object.bool("enabled", otherwise: true)
    let speed = self.speed(ranged)
    if !isEnabled { context.note(.ignored, object, "is disabled: nothing of it is shown") }
    let hasContent = nested.project.tracks.contains { track in
      track.enabled && track.kind == kind && track.clips.contains(where: \.enabled)
    }
    guard hasContent else {
      if isEnabled { context.note(.ignored, object, "there is nothing in it to be shown") }
      return OTIOItem(duration: range.duration)
    }
    var clip = Project.Clip(
      source: builder.index(of: .timeline(nested.project), name: "nested: " + (object.name.isEmpty ? object.schema : object.name))
    )
    clip.name = object.name
    clip.enabled = isEnabled
    if object.schema != "Timeline", let values = object.extras {
      if object.schema == "Track", kind == .audio {
        context.errors.add("has no meaning on a nested track of sound", at: values.offset, object.path("metadata.sluice"))
      } else {
        extras.apply(values, of: object, to: &clip, source: builder.project.sources[clip.source].source, kind: kind)
      }
    }
    return OTIOItem(
      duration: range.duration,
      piece: OTIOPiece(
        object: object, clip: clip, content: .composition, text: "the \(object.schema) in it", duration: range.duration,
        start: first(range.start, range.duration, speed), speed: speed))
  }

  /// A composition's source_range, in its own time. One that lies outside of all that is in there only has a timecode as its
  /// start, as EDLs give it: it is taken from the start.
  func range(of object: OTIOObject, extent: Rational) -> OTIORange {
    guard var range = object.range("source_range") else { return OTIORange(start: .zero, duration: extent, rate: canvas.rate) }
    if extent > .zero, range.start >= extent || clock.sum(range.start, range.duration) <= .zero {
      context.note(
        .warning, object,
        "its source_range starts at \(DecimalText.text(range.start)) s, outside of what it holds: taken as a timecode, shown from its start"
      )
      range.start = .zero
    }
    return range
  }

  /// Source seconds a second; notes the effects that have no meaning here.
  func speed(_ object: OTIOObject) -> Rational {
    var speed = Rational.one
    var others: [(name: String, count: Int)] = []
    for (index, value) in object.array("effects").enumerated() {
      guard let effect = OTIOObject(value, object.path("effects[\(index)]"), context) else { continue }
      let isEnabled = effect.bool("enabled", otherwise: true)
      switch effect.schema {
      case "LinearTimeWarp" where isEnabled: speed = clock.product(speed, scalar(effect))
      case "FreezeFrame" where isEnabled: speed = .zero
      default:
        let name = [effect.string("effect_name") ?? "", effect.name].first { !$0.isEmpty } ?? effect.schema
        let text = isEnabled ? String(name.prefix(60)) : "\(name.prefix(60)) (disabled)"
        if let known = others.firstIndex(where: { $0.name == text }) {
          others[known].count += 1
        } else {
          others.append((text, 1))
        }
      }
    }
    if !others.isEmpty {
      let names = others.prefix(20).map { $0.count > 1 ? "\($0.name) (\($0.count) times)" : $0.name }.joined(separator: ", ")
      context.note(.ignored, object, "effects without meaning here: " + names + (others.count > 20 ? ", …" : ""))
    }
    return speed
  }

  /// Of a time warp: within a billionth of what is written, which was a quotient of frames once; of what never was one to a
  /// hundred-thousandth.
  private func scalar(_ effect: OTIOObject) -> Rational {
    guard let written = effect.number("time_scalar") else { return .one }
    guard written.magnitude <= 1000 else {
      effect.fail("time_scalar", "must be between -1000 and 1000, not \(written)")
      return .one
    }
    if let exact = OTIONumber.simplest(near: written, tolerance: 1e-9), exact.den <= 100_000 { return exact }
    return Rational(Int64((written * 1e5).rounded()), 100_000)
  }

  /// Where a clip starts in its source. Backwards it shows the same pictures as forwards, the last one first: source_range
  /// starts at the earliest of them.
  private func first(_ start: Rational, _ duration: Rational, _ speed: Rational) -> Rational {
    guard speed < .zero else { return start }
    let rest = max(.zero, clock.difference(duration, clock.quotient(.one, canvas.rate)))
    return clock.sum(start, clock.product(rest, -speed))
  }

  private func used(_ range: OTIORange, _ speed: Rational, _ handle: Rational) -> OTIORange {
    let factor = max(speed, -speed)
    let margin = clock.product(handle, factor)
    let length = clock.sum(clock.product(range.duration, factor), clock.sum(margin, margin))
    return OTIORange(start: clock.difference(range.start, margin), duration: length, rate: range.rate)
  }

  /// Of the active media, without notes: they come where the media is read.
  private func availableRange(_ object: OTIOObject) -> OTIORange? {
    if let media = object["media_reference"] {
      return OTIOObject(media, object.path("media_reference"), context)?.range("available_range")
    }
    let key = object["active_media_reference_key"]?.string ?? "DEFAULT_MEDIA"
    guard let media = object["media_references"]?[key], !media.isNull else { return nil }
    return OTIOObject(media, object.path("media_references.\(key)"), context)?.range("available_range")
  }

  private func noteRange(_ object: OTIOObject, _ media: OTIOMedia, _ start: Rational, _ duration: Rational, _ speed: Rational) {
    let end = clock.sum(start, clock.product(duration, max(speed, -speed)))
    if media.start == nil, start >= Rational(3600), case .file = media.source {
      context.note(
        .warning, object,
        "its media does not say where its time starts (available_range): \(DecimalText.text(start)) s is counted from its first picture"
      )
    }
    if let length = media.length, end > length, end - length > Rational(1, 1000) {
      let beyond = clock.difference(end, length)
      context.note(
        .warning, object,
        "shows \((beyond.double * 1000).rounded() / 1000) s more than its media has (available_range): the last picture is held")
    }
  }
}
