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
    /// Its place in messages about its sound.
    var soundPlace: String
    /// Its frames, the transition to the next clip included.
    var frames: Range<Int64>
    var entering: Range<Int64>? = nil
    /// The frames of the transition to the next clip, in which this one is still seen.
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

  /// The items, and the output frame at which the last clip ends.
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

  /// The clips in order of their starts, with the transitions between them.
  func entries() -> [Entry] {
    var entries = resolved()
    close(&entries)
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
        let clip = timeline.project.isComputed ? clip : clip.settled(on: FrameGrid(rate: timeline.project.canvas.rate))
        let source = try timeline.source(of: clip, place, on: track.kind)
        let times = try timeline.times(clip, source, place, on: track.kind)
        if clip.beyond == .cut, times.beyond > .zero {
          context.problems.warn(
            "\(place): its media ends \(times.beyond.clock) before the clip does; it is cut there")
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

  /// Lets each clip end where the next one starts, where that is what their times mean.
  private func close(_ entries: inout [Entry]) {
    guard !timeline.project.isComputed else { return }
    let tolerance = track.kind == .audio ? FrameGrid.tolerance : FrameGrid(rate: timeline.project.canvas.rate).reach
    // Backwards the later one comes first.
    let order = entries.indices.sorted { (entries[$0].times.start, $0) < (entries[$1].times.start, $1) }
    for (index, following) in zip(order, order.dropFirst()) {
      let next = entries[following].times.span
      guard entries[index].times.start < next.start, entries[index].times.span.touches(next, within: tolerance) else { continue }
      entries[index].times.end(at: next.start, timeline.map, context.output)
      entries[index].frames = entries[index].times.frames
    }
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
    if before > until, exactly(entries[index - 1], overlaps: entry) {
      throw SluiceError(
        .badInput,
        Overlap.text(
          with: String(entries[index - 1].place.dropFirst(timeline.prefix.count)), endsAt: before, startsAt: start, context.output
        ), at: entry.place,
        advice: entry.times.start == .zero ? Overlap.adviceAtZero : Overlap.advice)
    }
    guard before >= start, until > start, let transition = entry.clip.transition else { return }
    if let own = entries[index - 1].entering, start < own.upperBound, exactly(entry, startsWithin: entries[index - 1]) {
      throw SluiceError(
        .badInput, "starts while the transition into \(entries[index - 1].place) is under way", at: entry.place,
        advice: "make that transition shorter, or the clip longer")
    }
    entries[index - 1].frames = entries[index - 1].frames.lowerBound..<until
    entries[index - 1].leaving = transition.kind
    entries[index - 1].leavingStart = entry.times.start
    entries[index - 1].leavingEnd = entries[index].enteringEnd
  }

  /// Whether it is so of the times just as they are written, too: what keeps to the rules in either way keeps to them.
  private func exactly(_ before: Entry, overlaps entry: Entry) -> Bool {
    exactFrames(before, before.times.span.written.end).upperBound > exactFrames(entry, exactTransitionEnd(entry)).upperBound
  }

  private func exactly(_ entry: Entry, startsWithin before: Entry) -> Bool {
    exactFrames(before, exactTransitionEnd(before)).upperBound > exactFrames(entry, entry.times.span.written.end).lowerBound
  }

  private func exactFrames(_ entry: Entry, _ end: Rational) -> Range<Int64> {
    let start = entry.times.span.written.start
    guard end > start else {
      let first = timeline.map.frames(start, start.plus(.one), context.output)?.lowerBound ?? 0
      return first..<first
    }
    return timeline.map.frames(start, end, context.output) ?? entry.frames
  }

  private func exactTransitionEnd(_ entry: Entry) -> Rational {
    let start = entry.times.span.written.start
    guard let transition = entry.clip.transition,
      let seconds = FrameGrid(rate: timeline.project.canvas.rate).seconds(transition.duration)
    else { return start }
    return start.plus(seconds)
  }

  private func frames(of transition: Project.Transition, _ entry: Entry) throws(SluiceError) -> (
    Range<Int64>, end: Rational
  ) {
    let place = entry.place + ".transition.duration"
    let grid = FrameGrid(rate: timeline.project.canvas.rate)
    let times = entry.times
    guard let span = ClipSpan(at: .seconds(times.start), duration: transition.duration, grid, onFrames: track.kind != .audio)
    else { throw SluiceError(.badInput, "is too long", at: place, advice: "make it shorter") }
    guard span.end.minus(times.end) < FrameGrid.tolerance else {
      throw SluiceError(
        .badInput, "is longer than its clip, which is \(times.end.minus(times.start).clock) long", at: place,
        advice: "make it shorter")
    }
    let end = min(span.end, times.end)
    guard let frames = timeline.map.frames(times.start, end, context.output) else {
      throw SluiceError(.badInput, "ends too far away", at: place, advice: "make it shorter")
    }
    return (frames, end)
  }
}
