import FrameModel
import Plan
import SluiceBase

/// Finds what is heard of one timeline and of the timelines nested in it.
struct SoundBuilder {
  /// The timeline, and how its time maps to the output's.
  let timeline: TimelineBuilder
  /// Seconds of the output outside of which the timeline is not heard.
  let limits: SoundSpan
  /// Whether the clips around it keep their pitch; nil: none of them changes its speed.
  var pitch: Bool? = nil

  private var context: PlanContext { timeline.context }
  private var map: TimeMap { timeline.map }

  /// What is heard of every track. Tracks and clips that are not heard are left out.
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
    lane.sound.gain = track.sound.gain.retimed(by: map)
    lane.sound.pan = track.sound.pan.retimed(by: map)
    lane.sound.effects = track.sound.effects.retimed(by: map)
    for entry in TrackBuilder(timeline: timeline, track: track, place: place).entries() where entry.clip.isAudible {
      context.problems.collect { () throws(SluiceError) in
        let items = try self.items(entry, on: track.kind)
        if items.isEmpty { return }
        lane.items += items
        lane.end = max(lane.end, span(entry.times.start, entry.end).end)
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
      let span = span(piece.start, isLast ? max(piece.end, entry.end) : piece.end)
      let builder = TimelineBuilder(
        project: inner, context: context, map: piece.time, surface: timeline.surface, within: TimeMap.always, prefix: prefix)
      let keeps = entry.changesSpeed || pitch != nil ? whole.preservesPitch : nil
      for lane in SoundBuilder(timeline: builder, limits: limits.intersection(span.start, span.end), pitch: keeps).lanes() {
        // It belongs to an earlier repetition.
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

  /// The nested clips as clips of this timeline. Possible when a constant gain is all that is done to them together.
  private func inline(_ lanes: [SoundLane], _ whole: SoundItem) -> [SoundItem]? {
    guard let gain = whole.gain.constant, whole.pan == .zero, whole.effects.isEmpty, whole.fadeIn == nil, whole.fadeOut == nil,
      whole.crossIn == nil, whole.crossOut == nil
    else { return nil }
    var items: [SoundItem] = []
    for lane in lanes {
      guard let own = lane.sound.gain.constant, lane.sound.pan == .zero, lane.sound.effects.isEmpty else { return nil }
      for var item in lane.items {
        item.gain = item.gain.adding(gain.plus(own))
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
    let span = span(entry.times.start, entry.end)
    var item = SoundItem(content: content, start: span.start, end: span.end, limits: limits, place: place)
    let length = entry.end.minus(entry.times.start)
    // Seconds of the clip at x seconds after its start in the output.
    let keys = TimeMap(offset: map.speed > .zero ? .zero : length, speed: map.speed)
    let named = entry.soundPlace
    item.gain = sound.gain.retimed(by: keys)
    item.pan = sound.pan.retimed(by: keys)
    item.effects = sound.effects.retimed(by: keys)
    item.preservesPitch = try keepsPitch(sound, entry)
    let ends = (
      try fade(sound.fadeIn, of: entry, named + ".fadeIn"), try fade(sound.fadeOut, of: entry, named + ".fadeOut"),
      cross(entry.enteringEnd, from: entry.times.start), cross(entry.end, from: entry.leavingStart)
    )
    if map.speed > .zero {
      (item.fadeIn, item.fadeOut, item.crossIn, item.crossOut) = ends
    } else {
      (item.fadeOut, item.fadeIn, item.crossOut, item.crossIn) = ends
    }
    return item
  }

  /// Whether the pitch is kept, as the clip whose speed is not 1 says: this one, or one around it.
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
    let seconds = FrameGrid(rate: timeline.project.canvas.rate).seconds(fade.duration)
    let length = entry.times.end.minus(entry.times.start)
    guard let seconds, seconds.minus(length) < FrameGrid.tolerance else {
      throw SluiceError(
        .badInput, "is longer than its clip, which is \(length.clock) long", at: place, advice: "make it shorter")
    }
    return min(seconds, length).over(map.speed.magnitude).map { SoundItem.Fade(seconds: $0, curve: fade.curve) }
  }

  private func cross(_ end: Rational?, from start: Rational?) -> Rational? {
    guard let start, let end, end > start else { return nil }
    return end.minus(start).over(map.speed.magnitude)
  }

  /// A span of this timeline in output seconds. The timeline's speed is not 0.
  private func span(_ start: Rational, _ end: Rational) -> (start: Rational, end: Rational) {
    let a = map.output(of: start) ?? start, b = map.output(of: end) ?? end
    return (min(a, b), max(a, b))
  }
}

extension TrackBuilder.Entry {
  /// The second of the timeline at which the clip's sound ends. It plays on during the transition to the next clip.
  fileprivate var end: Rational { max(times.end, leavingEnd ?? times.end) }
  fileprivate var changesSpeed: Bool { clip.speed.magnitude != .one }
}
