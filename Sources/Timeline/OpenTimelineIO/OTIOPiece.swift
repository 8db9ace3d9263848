import FrameModel
import Plan
import SluiceBase

/// A clip on its way into a project: with times that transitions may still change.
struct OTIOPiece {
  enum Content {
    /// Before its first picture that one is held.
    case media
    /// Before its start there is nothing.
    case composition
    /// The same at all times.
    case timeless
  }
  var object: OTIOObject
  /// Without its times.
  var clip: Project.Clip
  var content: Content
  /// What is shown, for the note.
  var text: String
  var at = Rational.zero
  var duration: Rational
  /// In the source; below zero where the source has nothing yet.
  var start: Rational
  var speed: Rational
  var transition: Project.Transition?
  /// Opacity that it starts with, and the time until it is all there.
  var fadeIn: (from: Rational, duration: Rational)?
  var fadeOut: Rational?

  /// Starts earlier on the timeline, and in its source.
  mutating func extendHead(by time: Rational, _ clock: OTIOClock) {
    at = clock.difference(at, time)
    duration = clock.sum(duration, time)
    start = clock.difference(start, clock.product(time, speed))
  }

  mutating func extendTail(by time: Rational, _ clock: OTIOClock) { duration = clock.sum(duration, time) }
}

/// The clips and sources of one project while it is built.
final class OTIOProjectBuilder {
  private(set) var project: Project
  let kind: Project.TrackKind
  private let context: OTIOContext
  private var indices: [Project.Source: Int] = [:]
  private var names: Set<String> = []
  private var counts: [String: Int] = [:]
  private var clock: OTIOClock { OTIOClock(rate: project.canvas.rate) }

  /// `kind`: of tracks that items make of their own.
  init(_ project: Project, kind: Project.TrackKind, context: OTIOContext) {
    self.project = project
    self.kind = kind
    self.context = context
  }

  func add(_ track: Project.Track) { project.tracks.append(track) }

  /// Index of a source; the same file is the same source.
  func index(of source: Project.Source, name: String) -> Int {
    var isNested = false
    if case .timeline = source { isNested = true }
    if !isNested, let index = indices[source] { return index }
    let name = name.isEmpty ? "source" : name
    var unique = name
    while !names.insert(unique).inserted {
      counts[name, default: 1] += 1
      unique = "\(name) \(counts[name, default: 1])"
    }
    let index = project.sources.count
    if !isNested { indices[source] = index }
    project.sources.append(Project.NamedSource(unique, source))
    return index
  }

  /// The clip as the model has it; none where nothing of it is left. Says what is shown.
  func finish(_ piece: OTIOPiece, kind: Project.TrackKind) -> Project.Clip? {
    var piece = piece
    if piece.content == .timeless { piece.start = .zero }
    if piece.start < .zero, !mendHead(&piece, kind) { return nil }
    // A clip of a project that plays backwards from 0 starts at the end of its source.
    if piece.speed < .zero, piece.start == .zero { piece.speed = .zero }
    guard piece.duration > .zero else {
      context.note(.ignored, piece.object, "has no length: not shown")
      return nil
    }
    var clip = timed(piece)
    clip.transition = piece.transition
    if kind == .audio {
      var sound = clip.sound
      if let fade = piece.fadeIn, sound?.fadeIn == nil { sound?.fadeIn = .init(.seconds(fade.duration), curve: .equalPower) }
      if let fade = piece.fadeOut, sound?.fadeOut == nil { sound?.fadeOut = .init(.seconds(fade), curve: .equalPower) }
      clip.sound = sound
    } else if piece.fadeIn != nil || piece.fadeOut != nil {
      if clip.opacity.constant == nil { clip = nested([inner(clip)], like: clip) }
      clip.opacity = fading(clip.opacity.constant ?? .one, piece)
    }
    if clip.enabled { context.note(.shown, piece.object, shown(piece)) }
    return clip
  }

  /// A timeline ends where the file says, not where its last picture ends: its background is shown until then.
  func fill(to end: Rational) {
    let last = project.lastPicture(before: end, clock)
    guard last < end else { return }
    var clip = Project.Clip(source: index(of: .color(project.canvas.background), name: "background"))
    clip.at = .seconds(last)
    clip.duration = .seconds(clock.difference(end, last))
    add(Project.Track(name: "background", clips: [clip]))
  }

  private func timed(_ piece: OTIOPiece) -> Project.Clip {
    var clip = piece.clip
    clip.at = .seconds(piece.at)
    clip.in = .seconds(piece.start)
    clip.duration = .seconds(piece.duration)
    clip.speed = piece.speed
    return clip
  }

  /// Of a piece that starts before its source does. false: nothing is left.
  private func mendHead(_ piece: inout OTIOPiece, _ kind: Project.TrackKind) -> Bool {
    guard piece.speed > .zero else {
      piece.start = .zero
      return true
    }
    let hold = min(piece.duration, clock.quotient(-piece.start, piece.speed))
    let isMedia = piece.content == .media && kind == .video
    if isMedia, piece.clip.enabled {
      let what = "its media starts \(DecimalText.text(-piece.start)) s later than it is shown"
      if piece.clip.isAnimated {
        context.note(.warning, piece.object, "\(what); it starts later")
      } else {
        context.note(.warning, piece.object, "\(what); the first picture is held")
        holdHead(&piece, hold)
        return true
      }
    }
    // Nothing for a while: the clip starts later, and so does what brings it in.
    piece.start = .zero
    piece.at = clock.sum(piece.at, hold)
    piece.duration = clock.difference(piece.duration, hold)
    if let transition = piece.transition, case .seconds(let length) = transition.duration {
      let left = clock.difference(length, hold)
      piece.transition = left > .zero ? Project.Transition(transition.kind, duration: .seconds(left)) : nil
    }
    if let fade = piece.fadeIn {
      let left = clock.difference(fade.duration, hold)
      piece.fadeIn = left > .zero ? (fade.from, left) : nil
    }
    return true
  }

  /// A timeline of the first picture, held, and the media.
  private func holdHead(_ piece: inout OTIOPiece, _ hold: Rational) {
    var still = inner(timed(piece))
    still.in = .zero
    still.speed = .zero
    still.duration = .seconds(hold)
    var rest = still
    rest.at = .seconds(hold)
    rest.speed = piece.speed
    let left = clock.difference(piece.duration, hold)
    rest.duration = .seconds(left)
    piece.clip = nested(left > .zero ? [still, rest] : [still], like: timed(piece))
    piece.start = .zero
    piece.speed = .one
  }

  /// The part of a clip that goes inside a timeline of its own.
  private func inner(_ clip: Project.Clip) -> Project.Clip {
    var clip = clip
    clip.at = .zero
    clip.blend = .normal
    clip.transition = nil
    return clip
  }

  /// A clip of a timeline that holds `clips` (all of one source), in the place of `outer`.
  private func nested(_ clips: [Project.Clip], like outer: Project.Clip) -> Project.Clip {
    var canvas = project.canvas
    canvas.background = .clear
    var inside = Project(canvas: canvas)
    inside.sources = [project.sources[outer.source]]
    inside.tracks = [
      Project.Track(
        clips: clips.map { clip in
          var clip = clip
          clip.source = 0
          return clip
        })
    ]
    var clip = Project.Clip(source: index(of: .timeline(inside), name: "nested: " + project.sources[outer.source].name))
    clip.name = outer.name
    clip.at = outer.at
    clip.duration = outer.duration
    clip.blend = outer.blend
    clip.transition = outer.transition
    clip.enabled = outer.enabled
    return clip
  }

  private func fading(_ opacity: Rational, _ piece: OTIOPiece) -> Animatable {
    var keys: [Animatable.Key] = []
    func add(_ time: Rational, _ value: Rational) {
      if let last = keys.last, last.time >= time { return }
      keys.append(Animatable.Key(time: time, value: value))
    }
    if let fade = piece.fadeIn {
      add(.zero, clock.product(opacity, fade.from))
      add(min(fade.duration, piece.duration), opacity)
    }
    if let fade = piece.fadeOut {
      add(max(.zero, clock.difference(piece.duration, fade)), opacity)
      add(piece.duration, .zero)
    }
    return .keys(keys)
  }

  private func shown(_ piece: OTIOPiece) -> String {
    func seconds(_ time: Rational) -> String { "\((time.double * 1000).rounded() / 1000) s" }
    var text = "\(seconds(piece.at)) to \(seconds(piece.at + piece.duration)): \(piece.text)"
    if piece.content != .timeless, piece.start > .zero { text += " from \(seconds(piece.start))" }
    if piece.content != .timeless, piece.speed == .zero {
      text += ", one picture held"
    } else if piece.content != .timeless, piece.speed != .one {
      text += ", at speed \((piece.speed.double * 1e6).rounded() / 1e6)"
    }
    if let transition = piece.transition, case .seconds(let length) = transition.duration {
      text += ", \(transition.kind.verb) in \(seconds(length))"
    }
    if let fade = piece.fadeIn { text += ", fades in during \(seconds(fade.duration))" }
    if let fade = piece.fadeOut { text += ", fades out during \(seconds(fade))" }
    return text
  }
}

extension Project.Transition.Kind {
  /// "dissolves", in a sentence about the clip that comes.
  fileprivate var verb: String {
    switch self {
    case .dissolve: "dissolves"
    case .fade: "fades"
    case .wipe: "is wiped"
    case .slide: "slides"
    case .push: "is pushed"
    }
  }
}

extension Project.Clip {
  /// Whether anything about it changes with the clip's time.
  fileprivate var isAnimated: Bool {
    var values = [rotate, opacity, place.x, place.y]
    values += [place.width, place.height].compactMap { $0 }
    if let crop { values += [crop.x, crop.y, crop.width, crop.height] }
    for case .avfilter(_, let parameters) in effects { values += parameters.map(\.value) }
    return values.contains { $0.constant == nil }
  }
}

extension Project {
  /// Whether a track of sound is in it, or in a timeline within.
  var hasSoundTrack: Bool {
    tracks.contains { $0.kind == .audio && !$0.clips.isEmpty }
      || sources.contains { if case .timeline(let inner) = $0.source { inner.hasSoundTrack } else { false } }
  }

  /// Sound is on tracks of its own: the pictures' own is not heard, but where something is said about it.
  mutating func unlinkSound() {
    for index in sources.indices {
      guard case .timeline(var inner) = sources[index].source else { continue }
      inner.unlinkSound()
      sources[index].source = .timeline(inner)
    }
    for track in tracks.indices where tracks[track].kind == .video {
      for clip in tracks[track].clips.indices where tracks[track].clips[clip].sound == Project.ClipSound() {
        if case .timeline = sources[tracks[track].clips[clip].source].source { continue }
        tracks[track].clips[clip].sound = nil
      }
    }
  }

  /// Where the last picture ends that it shows before `limit`. (At most: of a timeline that plays backwards all counts.)
  fileprivate func lastPicture(before limit: Rational, _ clock: OTIOClock) -> Rational {
    var last = Rational.zero
    for track in tracks where track.kind == .video && track.enabled {
      for clip in track.clips where clip.enabled {
        guard case .seconds(let at) = clip.at, case .seconds(let start) = clip.in, case .seconds(let duration)? = clip.duration
        else { continue }
        if case .color(let color) = sources[clip.source].source, color.alpha == 0 { continue }
        var length = min(duration, clock.difference(limit, at))
        if case .timeline(let inner) = sources[clip.source].source, clip.speed > .zero, length > .zero {
          let end = inner.lastPicture(before: clock.sum(start, clock.product(length, clip.speed)), clock)
          length = min(length, clock.quotient(clock.difference(end, start), clip.speed))
        }
        if length > .zero { last = max(last, clock.sum(at, length)) }
      }
    }
    return last
  }
}
