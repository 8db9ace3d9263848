import FrameModel
import SluiceBase

/// Finds what is heard of one timeline, and of the timelines within it.
struct SoundBuilder {
  /// Its clips, and where they are in the output.
  let timeline: TimelineBuilder
  /// Seconds of the output outside of which nothing of it is heard.
  let limits: SoundSpan
  /// Whether the clips around it keep their pitch; nil: none of them changes its speed.
  var pitch: Bool? = nil

  private var context: PlanContext { timeline.context }
  private var map: TimeMap { timeline.map }

  /// Of every track that is heard: those that are not, and clips of which nothing is ever heard, are not looked at further.
  func lanes() -> [SoundLane] {
    if map.speed == .zero { return [] }
    let project = timeline.project
    return project.heardTracks.compactMap { index in
      let track = project.tracks[index]
      let place = "\(timeline.prefix)tracks[\(index)]"
      return context.problems.collect { () throws(SluiceError) in try lane(track, place) } ?? nil
    }
  }

  private func lane(_ track: Project.Track, _ place: String) throws(SluiceError) -> SoundLane? {
    var lane = SoundLane(place: place, sound: track.sound)
    lane.sound.gain = try fits(track.sound.gain.retimed(by: map), place + ".gain")
    lane.sound.pan = try fits(track.sound.pan.retimed(by: map), place + ".pan")
    lane.sound.effects = try fits(track.sound.effects.retimed(by: map), place + ".effects")
    for entry in TrackBuilder(timeline: timeline, track: track, place: place).entries() where entry.clip.isAudible {
      context.problems.collect { () throws(SluiceError) in
        let items = try self.items(entry, on: track.kind)
        if items.isEmpty { return }
        lane.items += items
        lane.end = max(lane.end, try span(entry.times.start, entry.end, entry.place).end)
      }
    }
    return lane.items.isEmpty ? nil : lane
  }

  private func items(_ entry: TrackBuilder.Entry, on kind: Project.TrackKind) throws(SluiceError) -> [SoundItem] {
    switch entry.source {
    case .color: return []
    case .picture(let info, let key): return try media(entry, info, key, loop: info.duration)
    case .sound(let info, let key): return try media(entry, info, key, loop: info.soundLength(of: entry.clip.sound))
    case .timeline(let inner, let prefix, _):
      guard kind != .audio || inner.hasSound(media: context.media) else {
        throw SluiceError(.badInput, "nothing is heard of this timeline", at: entry.place + ".source")
      }
      return try group(entry, inner, prefix)
    }
  }

  private func media(_ entry: TrackBuilder.Entry, _ info: MediaInfo, _ key: String, loop: Rational?) throws(SluiceError)
    -> [SoundItem]
  {
    let sound = entry.clip.sound ?? Project.ClipSound()
    guard !info.audio.isEmpty else {
      if sound != Project.ClipSound() { context.problems.warn("\(entry.soundPlace): the source has no sound") }
      return []
    }
    let stream = sound.stream ?? 0
    guard stream < info.audio.count else {
      let count = info.audio.count
      throw SluiceError(
        .badInput, "\(info.path) has \(count == 1 ? "one stream" : "\(count) streams") of sound, not a stream \(stream)",
        at: entry.soundPlace + ".stream", advice: "they are counted from 0")
    }
    guard let time = entry.times.pieces.first?.time, time.speed != .zero else { return [] }
    let loops = entry.clip.beyond == .loop && entry.times.beyond > .zero
    let content = SoundItem.Content.media(info, key: key, stream: stream, time: time, length: loops ? loop : nil)
    return [try item(entry, content, sound)]
  }

  // MARK: timelines within

  private func group(_ entry: TrackBuilder.Entry, _ inner: Project, _ prefix: String) throws(SluiceError) -> [SoundItem] {
    let sound = entry.clip.sound ?? Project.ClipSound()
    if sound.stream != nil {
      throw SluiceError(
        .badInput, "a timeline has no streams of sound to choose from", at: entry.soundPlace + ".stream",
        advice: "remove it")
    }
    var whole = try item(entry, .group([]), sound)
    var lanes: [SoundLane] = []
    for (index, piece) in entry.times.pieces.enumerated() {
      let isLast = index == entry.times.pieces.count - 1
      let span = try span(piece.start, isLast ? max(piece.end, entry.end) : piece.end, entry.place)
      let builder = TimelineBuilder(
        project: inner, context: context, map: piece.time, surface: timeline.surface, within: TimeMap.always, prefix: prefix)
      let keeps = entry.changesSpeed || pitch != nil ? whole.preservesPitch : nil
      for lane in SoundBuilder(timeline: builder, limits: limits.intersection(span.start, span.end), pitch: keeps).lanes() {
        // Of a turn before.
        if let known = lanes.firstIndex(where: { $0.place == lane.place && $0.sound == lane.sound }) {
          lanes[known].items += lane.items
        } else {
          lanes.append(lane)
        }
      }
    }
    if lanes.isEmpty { return [] }
    if let inlined = inline(lanes, whole) { return inlined }
    whole.content = .group(lanes)
    return [whole]
  }

  /// The clips within as clips of this timeline, where nothing but a constant gain is done to all of them together.
  private func inline(_ lanes: [SoundLane], _ whole: SoundItem) -> [SoundItem]? {
    guard let gain = whole.gain.constant, whole.pan == .zero, whole.effects.isEmpty, whole.fadeIn == nil, whole.fadeOut == nil,
      whole.crossIn == nil, whole.crossOut == nil
    else { return nil }
    var items: [SoundItem] = []
    for lane in lanes {
      guard let own = lane.sound.gain.constant, lane.sound.pan == .zero, lane.sound.effects.isEmpty, let shift = gain.adding(own)
      else { return nil }
      for var item in lane.items {
        guard let sum = item.gain.adding(shift) else { return nil }
        item.gain = sum
        items.append(item)
      }
    }
    return items
  }

  // MARK: parts

  private func item(_ entry: TrackBuilder.Entry, _ content: SoundItem.Content, _ sound: Project.ClipSound) throws(SluiceError)
    -> SoundItem
  {
    let place = entry.place
    let span = try span(entry.times.start, entry.end, place)
    var item = SoundItem(content: content, start: span.start, end: span.end, limits: limits, place: place)
    let length = try fits(entry.end.subtracting(entry.times.start), place)
    // Seconds of the clip at second x from where it stands in the output.
    let keys = TimeMap(offset: map.speed > .zero ? .zero : length, speed: map.speed)
    let named = entry.soundPlace
    item.gain = try fits(sound.gain.retimed(by: keys), named + ".gain")
    item.pan = try fits(sound.pan.retimed(by: keys), named + ".pan")
    item.effects = try fits(sound.effects.retimed(by: keys), named + ".effects")
    item.preservesPitch = try keepsPitch(sound, entry)
    let ends = (
      try fade(sound.fadeIn, of: entry, named + ".fadeIn"), try fade(sound.fadeOut, of: entry, named + ".fadeOut"),
      try cross(entry.enteringEnd, from: entry.times.start, place), try cross(entry.end, from: entry.leavingStart, place)
    )
    if map.speed > .zero {
      (item.fadeIn, item.fadeOut, item.crossIn, item.crossOut) = ends
    } else {
      (item.fadeOut, item.fadeIn, item.crossOut, item.crossIn) = ends
    }
    return item
  }

  /// By the clip whose speed changes: this one, or one around it.
  private func keepsPitch(_ sound: Project.ClipSound, _ entry: TrackBuilder.Entry) throws(SluiceError) -> Bool {
    guard let pitch else { return sound.preservesPitch }
    guard entry.changesSpeed else { return pitch }
    guard pitch == sound.preservesPitch else {
      throw SluiceError(
        .badInput,
        pitch
          ? "does not keep its pitch, and the clip with its timeline, which changes the speed too, does"
          : "keeps its pitch, and the clip with its timeline, which changes the speed too, does not",
        at: entry.soundPlace, advice: "set \"preservesPitch\" alike for both")
    }
    return pitch
  }

  private func fade(_ fade: Project.Fade?, of entry: TrackBuilder.Entry, _ place: String) throws(SluiceError) -> SoundItem.Fade? {
    guard let fade else { return nil }
    let seconds = try fits(FrameGrid(rate: timeline.project.canvas.rate).seconds(fade.duration), place)
    let length = try fits(entry.times.end.subtracting(entry.times.start), place)
    guard seconds <= length else {
      throw SluiceError(
        .badInput, "is longer than its clip, which is \(TimeValue.seconds(length)) long", at: place, advice: "make it shorter")
    }
    return SoundItem.Fade(seconds: try fits(seconds.divided(by: map.speed.magnitude), place), curve: fade.curve)
  }

  private func cross(_ end: Rational?, from start: Rational?, _ place: String) throws(SluiceError) -> Rational? {
    guard let start, let end, end > start else { return nil }
    return try fits(end.subtracting(start)?.divided(by: map.speed.magnitude), place)
  }

  /// Output seconds of a span of this timeline.
  private func span(_ start: Rational, _ end: Rational, _ place: String) throws(SluiceError) -> (start: Rational, end: Rational) {
    let a = try fits(map.output(of: start), place), b = try fits(map.output(of: end), place)
    return (min(a, b), max(a, b))
  }

  private func fits<T>(_ value: T?, _ place: String) throws(SluiceError) -> T {
    guard let value else {
      throw SluiceError(
        .badInput, "its times have fractions too fine to be added exactly", at: place, advice: "round them to microseconds")
    }
    return value
  }
}

extension TrackBuilder.Entry {
  /// Where its sound ends, in seconds of the timeline: it plays on under the transition into the next clip.
  fileprivate var end: Rational { max(times.end, leavingEnd ?? times.end) }
  fileprivate var changesSpeed: Bool { clip.speed.magnitude != .one }
}

extension Rational {
  fileprivate var magnitude: Rational { self < .zero ? -self : self }
}
