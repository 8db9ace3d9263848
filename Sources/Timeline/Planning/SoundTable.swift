import FrameModel
import SluiceBase

/// Lays what is heard on the sample frames of an output.
struct SoundTable {
  /// Second of the timeline at sample frame 0.
  let base: Rational
  private(set) var plan = SoundPlan()
  private var clips: [SoundPlan.Clip] = []

  init(_ project: Project, base: Rational, frames: Int64) {
    self.base = base
    plan.sampleRate = project.sampleRate
    plan.channels = project.channels.count
    plan.frames = frames
    plan.start = base
    plan.loudness = project.output.audio?.loudness?.double
  }

  /// `source` gives what is opened its number in the plan.
  mutating func add(_ lanes: [SoundLane], source: (_ key: String, MediaInfo) -> Int) throws(SluiceError) {
    try add(lanes, into: nil, source)
    let order = clips.indices.sorted { (clips[$0].first, $0) < (clips[$1].first, $1) }
    var index = [Int](repeating: 0, count: clips.count)
    for (new, old) in order.enumerated() { index[old] = new }
    plan.clips = order.map { clips[$0] }
    for track in plan.tracks.indices { plan.tracks[track].into = plan.tracks[track].into.map { index[$0] } }
  }

  /// A track of which nothing is heard here is left out, and a group without tracks.
  private mutating func add(_ lanes: [SoundLane], into group: Int?, _ source: (String, MediaInfo) -> Int) throws(SluiceError) {
    for lane in lanes {
      let before = (tracks: plan.tracks.count, clips: clips.count)
      var track = SoundPlan.Track()
      track.gain = lane.sound.gain
      track.pan = lane.sound.pan
      track.effects = lane.sound.effects
      track.into = group
      plan.tracks.append(track)
      for item in lane.items { try add(item, on: before.tracks, source) }
      if clips.count == before.clips { plan.tracks.removeLast() }
    }
  }

  private mutating func add(_ item: SoundItem, on track: Int, _ source: (String, MediaInfo) -> Int) throws(SluiceError) {
    let start = try frame(item.start, item.place), end = try frame(item.end, item.place)
    var first = max(start, 0), last = min(end, plan.frames)
    if let limit = item.limits.start { first = max(first, try frame(limit, item.place)) }
    if let limit = item.limits.end { last = min(last, try frame(limit, item.place)) }
    guard first < last else { return }
    var clip = SoundPlan.Clip(source: 0, track: track, first: first, end: last)
    clip.head = first - start
    clip.tail = end - last
    clip.gain = item.gain
    clip.pan = item.pan
    clip.effects = item.effects
    clip.preservesPitch = item.preservesPitch
    if let fade = item.fadeIn { clip.fadeIn = .init(frames: try frames(fade.seconds, item.place), curve: fade.curve) }
    if let fade = item.fadeOut { clip.fadeOut = .init(frames: try frames(fade.seconds, item.place), curve: fade.curve) }
    if let cross = item.crossIn { clip.crossIn = .init(frames: try frames(cross, item.place), curve: .equalPower) }
    if let cross = item.crossOut { clip.crossOut = .init(frames: try frames(cross, item.place), curve: .equalPower) }
    switch item.content {
    case .media(let info, let key, let stream, let time, let length):
      let audio = info.audio[stream]
      clip.speed = time.speed
      clip.stream = stream
      clip.zero = info.soundZero
      clip.length = length ?? info.duration ?? audio.end
      clip.loops = length != nil
      clip.start = try position(time, item, clip)
      guard isHeard(clip, audio) else { return }
      guard
        SoundLimits.playable(
          start: clip.start, speed: clip.speed, sampleRate: Int64(plan.sampleRate), frames: clip.end - clip.first)
      else { throw tooFine(item.place) }
      clip.source = source(key, info)
      clips.append(clip)
    case .group(let lanes):
      clip.isGroup = true
      let index = clips.count
      clips.append(clip)
      try add(lanes, into: index, source)
      // None of its tracks is heard.
      if clips.count == index + 1 { clips.removeLast() }
    }
  }

  /// Source second at the first frame that is heard: as if the clip began on the sample frame.
  private func position(_ time: TimeMap, _ item: SoundItem, _ clip: SoundPlan.Clip) throws(SluiceError) -> Rational {
    let seconds = Rational(reducing: Int128(clip.head), Int128(plan.sampleRate))
    guard var start = time.at(item.start), let way = seconds?.multiplied(by: time.speed), let sum = start.adding(way) else {
      throw tooFine(item.place)
    }
    start = sum
    guard clip.loops, let length = clip.length, let turns = start.divided(by: length) else { return start }
    // Into the first turn: 0 ..< length, and backwards 0 <.. length.
    let whole = clip.speed > .zero ? turns.floor : turns.ceil - 1
    guard let past = length.multiplied(by: Rational(whole)), let rest = start.subtracting(past) else { throw tooFine(item.place) }
    return rest
  }

  /// Whether some of its media plays in it.
  private func isHeard(_ clip: SoundPlan.Clip, _ audio: MediaInfo.Audio) -> Bool {
    if clip.loops { return true }
    let way = Rational(reducing: Int128(clip.end - clip.first), Int128(plan.sampleRate))?.multiplied(by: clip.speed)
    guard let way, let end = clip.start.adding(way) else { return true }
    let low = min(clip.start, end), high = max(clip.start, end)
    return high > max(audio.start, .zero) && audio.end.map { low < $0 } ?? true
  }

  private func frame(_ time: Rational, _ place: String) throws(SluiceError) -> Int64 {
    guard let frame = SampleGrid(rate: plan.sampleRate).frame(time, from: base) else { throw tooFine(place) }
    return frame
  }

  private func frames(_ seconds: Rational, _ place: String) throws(SluiceError) -> Int64 {
    guard let frames = SampleGrid(rate: plan.sampleRate).frame(seconds, from: .zero) else { throw tooFine(place) }
    return frames
  }

  private func tooFine(_ place: String) -> SluiceError {
    SluiceError(
      .badInput, "the times of its sound have fractions too fine to be added exactly", at: place,
      advice: "round them to microseconds")
  }
}

/// Sample frames and the times at which they stand.
struct SampleGrid {
  let rate: Int

  /// The nearest to a time, the later of two; nil when it does not fit.
  func frame(_ time: Rational, from base: Rational) -> Int64? {
    let den = Int128(time.den) * Int128(base.den)
    let behind = (Int128(time.num) * Int128(base.den)).subtractingReportingOverflow(Int128(base.num) * Int128(time.den))
    let scaled = behind.partialValue.multipliedReportingOverflow(by: 2 * Int128(rate))
    let sum = scaled.partialValue.addingReportingOverflow(den)
    let half = den.multipliedReportingOverflow(by: 2)
    guard !behind.overflow, !scaled.overflow, !sum.overflow, !half.overflow else { return nil }
    let quotient = sum.partialValue / half.partialValue
    let frame = sum.partialValue % half.partialValue < 0 ? quotient - 1 : quotient
    return Int64(exactly: frame).flatMap { $0.magnitude <= UInt64(SoundLimits.frames.upperBound) ? $0 : nil }
  }
}
