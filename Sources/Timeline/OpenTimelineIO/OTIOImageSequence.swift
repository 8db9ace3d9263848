import FrameModel
import Plan
import SluiceBase

/// Numbered pictures, as an `ImageSequenceReference` names them. Picture k has the number start_frame + k * frame_step and
/// stands for frame_step frames at `rate`, as in the reference library.
struct OTIOImageSequence {
  private enum Policy: String { case error, hold, black }

  private let context: OTIOContext
  private let canvas: Canvas
  private let folder: String
  private let prefix: String
  private let suffix: String
  private let first: Int64
  private let step: Int64
  private let padding: Int
  private let rate: Rational
  private let policy: Policy

  /// More pictures than this in one clip are not looked for one by one.
  private static let limit: Int64 = 100_000

  /// nil when it is wrong (then the error is noted) or on no disk of this machine.
  init?(_ object: OTIOObject, context: OTIOContext, canvas: Canvas) {
    self.context = context
    self.canvas = canvas
    prefix = object.string("name_prefix") ?? ""
    suffix = object.string("name_suffix") ?? ""
    first = object.integer("start_frame", in: -1_000_000_000...1_000_000_000) ?? 1
    step = object.integer("frame_step", in: 1...1_000_000) ?? 1
    padding = Int(object.integer("frame_zero_padding", in: 0...32) ?? 0)
    guard let written = object.number("rate") else {
      if object["rate"] == nil { object.fail("rate", "is missing") }
      return nil
    }
    guard let exact = OTIONumber.rate(written), exact <= Rational(1000) else {
      object.fail("rate", "must be above 0 and at most 1000, not \(written)")
      return nil
    }
    rate = exact
    let name = object.string("missing_frame_policy") ?? Policy.error.rawValue
    if Policy(rawValue: name) == nil {
      object.fail("missing_frame_policy", "must be \"error\", \"hold\" or \"black\", not \"\(name.prefix(40))\"")
    }
    policy = Policy(rawValue: name) ?? .error
    let base = object.string("target_url_base") ?? ""
    guard case .file(let paths) = OTIOMediaPath(base.isEmpty ? "./" : base, folder: context.folder), let path = paths.first else {
      return nil
    }
    let probe = paths.first { context.isThere($0) } ?? path
    folder = probe.hasSuffix("/") ? probe : probe + "/"
  }

  func path(of picture: Int64) -> String {
    let number = first + picture * step
    let digits = "\(number.magnitude)"
    return folder + prefix + (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, padding - digits.count)) + digits
      + suffix
  }

  /// Pictures a second.
  private var pictureRate: Rational { Rational(reducing: Int128(rate.num), Int128(rate.den) * Int128(step)) ?? rate }

  /// And what to warn of; without media, what is missing.
  func media(available: OTIORange?, used: OTIORange?, check: Bool) -> (OTIOMedia?, String?) {
    let name = prefix + "#" + suffix
    let whole = folder + prefix + "%0\(max(1, padding))d" + suffix
    let isPlain = step == 1 && first >= 0 && !(folder + prefix + suffix).contains("%")
    let plain = OTIOMedia(
      source: .sequence(SequenceKey(pattern: whole, first: first, rate: rate)), name: name,
      text: "the pictures \(whole) from \(first)")
    guard check, let pictures = pictures(available, used) else {
      return isPlain || !check ? (plain, nil) : (nil, "\(whole) has too many pictures for a step of \(step)")
    }
    if pictures.count > Self.limit {
      guard isPlain else { return (nil, "\(whole) has more than \(Self.limit) pictures with a step of \(step)") }
      return context.isThere(path(of: pictures.lowerBound))
        ? (plain, nil) : (nil, "\(path(of: pictures.lowerBound)) is not there")
    }
    let there = pictures.map { context.isThere(path(of: $0)) }
    guard there.contains(true) else { return (nil, "\(path(of: pictures.lowerBound)) and all further pictures are not there") }
    let gone = there.count { !$0 }
    if isPlain, gone == 0 { return (plain, nil) }
    var media = plain
    media.source = .timeline(assembled(pictures, there))
    guard gone > 0, let index = there.firstIndex(of: false) else { return (media, nil) }
    let what = "\(gone) of its \(there.count) pictures are not there, \(path(of: pictures.lowerBound + Int64(index))) the first"
    let instead =
      switch policy {
      case .hold: "the one before is held"
      case .black: "black is shown"
      case .error: "a card that says so is shown"
      }
    return (media, "\(what); \(instead)")
  }

  /// The pictures that the clip may show.
  private func pictures(_ available: OTIORange?, _ used: OTIORange?) -> Range<Int64>? {
    let clock = OTIOClock(rate: canvas.rate)
    guard let span = used ?? available else { return nil }
    let origin = available?.start ?? .zero
    var from = clock.difference(span.start, origin), to = clock.sum(from, span.duration)
    if let available {
      from = min(max(from, .zero), available.duration)
      to = min(max(to, .zero), available.duration)
    }
    let first = max(0, clock.product(max(from, .zero), pictureRate).floor)
    let end = max(first + 1, clock.product(max(to, .zero), pictureRate).ceil)
    return first..<end
  }

  /// A timeline in the sequence's own time, of runs of pictures.
  private func assembled(_ pictures: Range<Int64>, _ there: [Bool]) -> Project {
    var canvas = canvas
    canvas.background = .clear
    var project = Project(canvas: canvas)
    var track = Project.Track()
    let clock = OTIOClock(rate: canvas.rate)
    var sources: [Project.Source: Int] = [:]
    func add(_ source: Project.Source, _ name: String, _ run: Range<Int64>) {
      let index = sources[source] ?? project.sources.count
      if index == project.sources.count {
        sources[source] = index
        project.sources.append(Project.NamedSource("\(index) \(name)", source))
      }
      var clip = Project.Clip(source: index)
      let at = clock.quotient(Rational(run.lowerBound), pictureRate)
      clip.name = name
      clip.at = .seconds(at)
      clip.duration = .seconds(clock.difference(clock.quotient(Rational(run.upperBound), pictureRate), at))
      track.clips.append(clip)
    }
    var last: Int64?
    for (index, isThere) in zip(pictures, there) {
      let run = index..<index + 1
      let shown = isThere ? index : policy == .hold ? last : nil
      if let shown {
        add(.file(path(of: shown)), "\(first + shown * step)", run)
        last = shown
      } else if policy == .black {
        add(.color(.black), "black", run)
      } else {
        add(.timeline(OTIOCard.project("missing:\n" + path(of: index), canvas: canvas)), "card: \(first + index * step)", run)
      }
    }
    project.tracks = [track]
    return project
  }
}
