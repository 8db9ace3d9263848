import FrameModel
import SluiceBase

/// Makes the items of one track: its clips one after the other, and the transitions between them.
struct TrackBuilder {
  let timeline: TimelineBuilder
  let track: Project.Track
  let place: String

  private var context: PlanContext { timeline.context }

  /// A clip with its times.
  struct Entry {
    var clip: Project.Clip
    var source: TimelineBuilder.Source
    var times: ClipTimes.Result
    var place: String
    /// Of what is said about its sound.
    var soundPlace: String
    /// With the time in which it plays on under the transition to the next.
    var frames: Range<Int64>
    var entering: Range<Int64>? = nil
    /// The transition into the next clip, which this one is still seen in.
    var leaving: Project.Transition.Kind? = nil
    /// Where these transitions are over, in seconds of the timeline.
    var enteringEnd: Rational? = nil
    var leavingStart: Rational? = nil
    var leavingEnd: Rational? = nil

    var slides: Bool {
      switch (clip.transition?.kind, leaving) {
      case (.slide, _), (.push, _), (_, .push): true
      default: false
      }
    }
  }

  /// And the output frame at which its last clip ends.
  func items() -> (items: [PlanItem], end: Int64) {
    let entries = entries()
    var items: [PlanItem] = []
    var startOfBefore = 0
    for (index, entry) in entries.enumerated() {
      let builder = ClipBuilder(
        timeline: timeline, clip: entry.clip, source: entry.source, times: entry.times, frames: entry.frames,
        place: entry.place, hasTransition: entry.entering != nil || entry.leaving != nil, slides: entry.slides)
      guard var own = context.problems.collect({ () throws(SluiceError) in try builder.items() }) else { continue }
      if let transition = entry.clip.transition, let frames = entry.entering, !frames.isEmpty {
        var tail: [PlanItem] = []
        if index > 0, entries[index - 1].leaving != nil {
          tail = Array(items[startOfBefore...])
          items.removeSubrange(startOfBefore...)
        }
        TransitionBuilder(context: context, surface: timeline.surface, canvas: timeline.project.canvas, frames: frames)
          .join(&tail, &own, transition.kind, place: entry.place)
        items += tail
      }
      startOfBefore = items.count
      items += own
    }
    return (items, entries.map(\.frames.upperBound).max() ?? 0)
  }

  /// Its clips by their start, with the transitions between them.
  func entries() -> [Entry] {
    var entries = resolved()
    for index in entries.indices {
      _ = context.problems.collect { () throws(SluiceError) in try join(&entries, index) }
    }
    return entries
  }

  private func resolved() -> [Entry] {
    var entries: [Entry] = []
    let isSound = track.kind == .audio
    for (index, clip) in track.clips.enumerated() where clip.enabled && (!isSound || clip.isAudible) {
      let place = "\(place).clips[\(index)]"
      let entry = context.problems.collect { () throws(SluiceError) -> Entry in
        let source = try timeline.source(of: clip, place, on: track.kind)
        let times = try timeline.times(clip, source, place)
        if clip.beyond == .cut, times.beyond > .zero {
          context.problems.warn(
            "\(place): its media ends \(TimeValue.seconds(times.beyond)) s before the clip does; it is cut there")
        }
        return Entry(
          clip: clip, source: source, times: times, place: place, soundPlace: isSound ? place : place + ".sound",
          frames: times.frames)
      }
      // Of sound less than a frame may be heard.
      if let entry, !entry.frames.isEmpty || isSound { entries.append(entry) }
    }
    entries.sort { ($0.frames.lowerBound, $0.times.start) < ($1.frames.lowerBound, $1.times.start) }
    return entries
  }

  /// Lets the clip before a transition play on until it is over; checks that nothing else overlaps.
  private func join(_ entries: inout [Entry], _ index: Int) throws(SluiceError) {
    let entry = entries[index]
    if let transition = entry.clip.transition {
      (entries[index].entering, entries[index].enteringEnd) = try frames(of: transition, entry)
    }
    guard index > 0 else { return }
    let before = entries[index - 1].times.frames.upperBound
    let start = entry.frames.lowerBound
    let until = entries[index].entering?.upperBound ?? start
    if before > until {
      throw SluiceError(
        .badInput,
        Overlap.text(
          with: String(entries[index - 1].place.dropFirst(timeline.prefix.count)), endsAt: before, startsAt: start, context.output
        ), at: entry.place,
        advice: Overlap.advice)
    }
    guard before >= start, until > start, let transition = entry.clip.transition else { return }
    if let own = entries[index - 1].entering, start < own.upperBound {
      throw SluiceError(
        .badInput, "starts while the transition into \(entries[index - 1].place) is under way", at: entry.place,
        advice: "make that transition shorter, or the clip longer")
    }
    entries[index - 1].frames = entries[index - 1].frames.lowerBound..<until
    entries[index - 1].leaving = transition.kind
    entries[index - 1].leavingStart = entry.times.start
    entries[index - 1].leavingEnd = entries[index].enteringEnd
  }

  private func frames(of transition: Project.Transition, _ entry: Entry) throws(SluiceError) -> (
    Range<Int64>, end: Rational
  ) {
    let place = entry.place + ".transition.duration"
    let grid = FrameGrid(rate: timeline.project.canvas.rate)
    guard let seconds = grid.seconds(transition.duration), let end = entry.times.start.adding(seconds),
      let frames = timeline.map.frames(entry.times.start, end, context.output)
    else {
      throw SluiceError(.badInput, "this time's fraction is too fine", at: place, advice: "round it to microseconds")
    }
    guard end <= entry.times.end else {
      throw SluiceError(
        .badInput, "is longer than its clip, which is \(TimeValue.seconds(entry.times.end - entry.times.start)) long", at: place,
        advice: "make it shorter")
    }
    return (frames, end)
  }
}
